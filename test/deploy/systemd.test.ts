/** The unit of systemd: read by systemd itself, which also says how much the service could do to its machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { answers, settingsOf, textOf } from './deploy-files.ts';

const text = textOf('systemd/weft.service');
/** Of 10; a service without any setting has 9.6. */
const exposureMax = 1.5;
const whyNot = answers('systemd-analyze', '--version') ? '' : ' (not run: systemd-analyze is not installed)';
let folder: string;
let unit: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-systemd-'));
  unit = join(folder, 'weft.service');
  // Verification looks for the program, which is not installed here.
  writeFileSync(unit, text.replace('/usr/local/bin/weft', process.execPath));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every value of a key, in order. */
function valuesOf(key: string): string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((match) => match[1]!);
}

describe.runIf(whyNot === '')(`the unit, as systemd reads it${whyNot}`, () => {
  it('has nothing that systemd does not know or cannot use', () => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('is not read so kindly that a mistake would pass', () => {
    const wrong = join(folder, 'wrong.service');
    writeFileSync(
      wrong,
      text.replace('/usr/local/bin/weft', process.execPath).replace('RestartSec=5', 'RestartSecs=5'),
    );
    const { stderr } = spawnSync('systemd-analyze', ['verify', wrong], { encoding: 'utf8' });
    expect(stderr).toContain('RestartSecs');
  });

  it(`exposes its machine by ${exposureMax} of 10 at most`, () => {
    const argv = ['security', '--offline=true', '--no-pager', unit];
    const printed = execFileSync('systemd-analyze', argv, { encoding: 'utf8' });
    const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(printed)![1]);
    console.info(`systemd-analyze security: ${exposure}`);
    expect(exposure).toBeLessThanOrEqual(exposureMax);
  });
});

describe('the unit', () => {
  it('starts a command of weft with settings of weft', () => {
    const [program, command, ...rest] = valuesOf('ExecStart')[0]!.split(' ');
    expect([program, rest]).toEqual(['/usr/local/bin/weft', []]);
    expect(createProgram(process, () => {}).commands.map((one) => one.name())).toContain(command);
    const variables = Object.fromEntries(
      valuesOf('Environment').map((one) => one.split('=') as [string, string]),
    );
    expect(settingsOf(variables)).toMatchObject({
      dataDirectory: `/var/lib/${valuesOf('StateDirectory')[0]}`,
      keystore: { passphraseFile: expect.stringContaining('passphrase') },
    });
    expect(valuesOf('LoadCredential')[0]).toMatch(/^passphrase:\//);
  });

  it('stops as weft wants to be stopped, and leaves exit codes alone that time does not heal', () => {
    expect(valuesOf('KillSignal')).toEqual(['SIGTERM']);
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(30);
    expect(valuesOf('Restart')).toEqual(['on-failure']);
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2 5']);
  });

  it('says in its header how far it was checked', () => {
    expect(text).toMatch(/^# Checked: [\s\S]*?Not checked:/m);
  });
});
