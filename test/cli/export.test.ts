/** `weft export` and `weft import`, on real daemons and on data folders without one. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../../demo/lib/daemon.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { archiveOf, bundlesIn, bundlesOf } from '../archive/samples.ts';
import { createTestDaemons, type TestDaemons, testSettings } from '../helpers/daemons.ts';
import { bornAgent, bundleOf, ended, rotated } from '../helpers/test-agent.ts';
import { type CommandResult, runCommand } from './run-command.ts';

/** More than a thousand records, each with its signatures. */
const timeout = 180_000;
const many = 1_100;
const nowSeconds = Math.floor(Date.now() / 1000);
const longAgo = nowSeconds - 30 * 86_400;
let daemons: TestDaemons;
let daemon: Daemon;
let bundles: readonly Uint8Array[];
let whole: Buffer;

beforeAll(async () => {
  daemons = createTestDaemons();
  process.env['WEFT_PASSPHRASE_FILE'] = join(daemons.directory, 'passphrase');
  bundles = bundlesOf(many, 'kept', nowSeconds);
  whole = await archiveOf(bundles, nowSeconds);
  daemon = daemons.create('origin');
}, timeout);
afterAll(() => daemons.close());

const place = (name: string): string => join(daemons.directory, name);

function file(name: string, content: Uint8Array): string {
  writeFileSync(place(name), content);
  return place(name);
}

/** A data folder on which no daemon runs. */
async function newFolder(name: string): Promise<string> {
  const settings = testSettings.flatMap((setting) => ['--set', setting]);
  const made = await runCommand(['init', '--data', place(name), ...settings]);
  expect(made.code, made.stderr).toBe(0);
  return place(name);
}

/** What was taken, with the exit code. */
async function importInto(folder: string, archive: string): Promise<Record<string, unknown>> {
  const result = await runCommand(['import', archive, '--data', folder, '--json']);
  return { ...result.json(), code: result.code };
}

function exportFrom(folder: string, archive: string, ...options: string[]): Promise<CommandResult> {
  return runCommand(['export', archive, '--data', folder, '--json', ...options]);
}

const hexOf = (list: readonly Uint8Array[]): string[] =>
  list.map((one) => Buffer.from(one).toString('hex')).sort();

describe('a thousand records', { timeout }, () => {
  it('go into a running daemon, out of it, out of its folder, into a new one, and are served there', async () => {
    await daemon.start();
    const given = file('given.archive', whole);
    const first = await importInto(daemon.dataDirectory, given);
    expect(first).toMatchObject({ into: 'daemon', imported: many, known: 0, refused: 0, code: 0 });
    const again = await importInto(daemon.dataDirectory, given);
    expect(again).toMatchObject({ into: 'daemon', imported: 0, known: many, refused: 0, code: 0 });

    const live = await exportFrom(daemon.dataDirectory, place('live.archive'));
    expect(live.json()).toMatchObject({ from: 'daemon', bundles: many });
    expect(statSync(place('live.archive')).mode & 0o777).toBe(0o600);
    expect((await exportFrom(daemon.dataDirectory, place('live.archive'))).code).toBe(2);
    expect((await exportFrom(daemon.dataDirectory, place('live.archive'), '--force')).code).toBe(0);
    await daemon.stop();
    const offline = await exportFrom(daemon.dataDirectory, place('offline.archive'));
    expect(offline.json()).toMatchObject({ from: 'folder', bundles: many });
    for (const name of ['live.archive', 'offline.archive'])
      expect(hexOf(await bundlesIn(readFileSync(place(name))))).toEqual(hexOf(bundles));

    const second = daemons.create('second');
    await newFolder('second');
    const taken = await importInto(second.dataDirectory, place('offline.archive'));
    expect(taken).toMatchObject({ into: 'folder', imported: many, known: 0, refused: 0, code: 0 });
    const known = await importInto(second.dataDirectory, place('live.archive'));
    expect(known).toMatchObject({ imported: 0, known: many, refused: 0, code: 0 });
    await second.start();
    const id = formatAgentId(bornAgent('kept 700', nowSeconds).agentId);
    const found = await runCommand(['resolve', id, '--data', second.dataDirectory, '--json']);
    expect(found.json()).toMatchObject({ status: 'ok', agentId: id });
    await second.stop();
  });
});

describe('an archive', { timeout }, () => {
  it('goes from one program to another, through pipes', async () => {
    const [from, into] = [await newFolder('piped-from'), await newFolder('piped-into')];
    const few = bundlesOf(30, 'piped', nowSeconds);
    await importInto(from, file('few.archive', await archiveOf(few)));
    const weft = `"${process.execPath}" "${fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url))}"`;
    const line = `${weft} export - --data "${from}" | ${weft} import - --data "${into}" --json`;
    const printed = execFileSync('sh', ['-c', line], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(JSON.parse(printed)).toMatchObject({ into: 'folder', imported: few.length });
    expect((await runCommand(['export', '-', '--data', from, '--json'])).code).toBe(2);
    for (const wrong of [join(place('no-such-folder'), 'a'), '/dev/full/a', into]) {
      const failed = await exportFrom(from, wrong, '--force');
      expect(failed.json(), wrong).toMatchObject({ error: { code: 'failed', exitCode: 1 } });
      expect(existsSync(`${wrong}.partial`)).toBe(false);
    }
  });

  it('brings records back to a network, through a daemon that lets in only so many at a time', async () => {
    const network = createTestDaemons();
    try {
      process.env['WEFT_PASSPHRASE_FILE'] = join(network.directory, 'passphrase');
      const limits = ['api.requestsPerSecond=50', 'api.requestsBurst=50'];
      const [first, second] = (await network.startNetwork(2, limits)) as [Daemon, Daemon];
      const some = bundlesOf(120, 'brought back', nowSeconds);
      const taken = await importInto(first.dataDirectory, file('some.archive', await archiveOf(some)));
      expect(taken).toMatchObject({ into: 'daemon', imported: some.length, refused: 0, code: 0 });
      // The copies beyond the first go out together, a moment later.
      let bundles = 0;
      while (bundles < some.length) {
        const exported = await exportFrom(second.dataDirectory, place('second.archive'), '--force');
        bundles = exported.json()['bundles'] as number;
      }
      expect(hexOf(await bundlesIn(readFileSync(place('second.archive'))))).toEqual(hexOf(some));
    } finally {
      process.env['WEFT_PASSPHRASE_FILE'] = join(daemons.directory, 'passphrase');
      await network.close();
    }
  });
});

describe('an import', { timeout }, () => {
  it('takes what is there of a cut or bent file, says what is wrong, and goes on where it was', async () => {
    const folder = await newFolder('mended');
    const half = file('half.archive', whole.subarray(0, whole.length / 2));
    const cut = await importInto(folder, half);
    expect(cut).toMatchObject({ error: { code: 'truncated', exitCode: 5 }, refused: 0, code: 5 });
    const before = cut['imported'] as number;
    expect(before).toBeGreaterThan(400);
    const bent = Uint8Array.from(whole);
    bent[whole.length - 200]! ^= 1;
    const damaged = await importInto(folder, file('bent.archive', bent));
    expect(damaged).toMatchObject({ error: { code: 'damaged-archive' }, known: before, refused: 1, code: 5 });
    const words = await runCommand(['import', half, '--data', folder]);
    expect(words.stdout).toMatch(/^0 agents imported into the data folder, \d+ known already, 0 refused/);
    expect(words.stderr).toMatch(
      /^weft: it ends after \d+ bundles, before its end mark\n {2}.*import it again/,
    );
    const rest = await importInto(folder, file('whole.archive', whole));
    expect(rest).toMatchObject({ imported: 1, known: many - 1, refused: 0, code: 0 });
  });

  it('checks every signature, and lets nobody put in what a stranger could not', async () => {
    const folder = await newFolder('wary');
    const [sound, forged, other] = bundlesOf(3, 'forged', nowSeconds) as [Uint8Array, Uint8Array, Uint8Array];
    const bent = Uint8Array.from(forged);
    bent[bent.length - 10]! ^= 1;
    const ahead = bundleOf(bornAgent('ahead', nowSeconds + 3_600));
    const noise = Buffer.from('no bundle at all');
    const hostile = await archiveOf([bent, sound, noise, ahead, new Uint8Array(0), other]);
    const taken = await importInto(folder, file('hostile.archive', hostile));
    expect(taken).toMatchObject({ imported: 2, known: 0, refused: 4, code: 5 });
    const reasons = taken['refusals'] as Record<string, number>;
    expect(reasons['from-the-future']).toBe(1);
    expect(Object.values(reasons).reduce((sum, count) => sum + count)).toBe(4);
    await exportFrom(folder, place('wary.archive'));
    expect(hexOf(await bundlesIn(readFileSync(place('wary.archive'))))).toEqual(hexOf([sound, other]));
  });

  it('keeps key logs and ends of agents whose records are over, and an older archive undoes nothing', async () => {
    const born = bornAgent('old', longAgo);
    const turned = rotated(born, longAgo + 60);
    const dead = ended(bornAgent('dead', longAgo), longAgo + 60);
    const old = await archiveOf([bornAgent('forgotten', longAgo), turned, dead].map(bundleOf), longAgo);
    for (const into of ['folder', 'daemon'] as const) {
      const target = into === 'folder' ? await newFolder('aged') : daemon.dataDirectory;
      if (into === 'daemon') await daemon.start();
      const taken = await importInto(target, file('old.archive', old));
      expect(taken, into).toMatchObject({ into, imported: 2, withoutRecord: 1, refused: 1, code: 0 });
      expect(taken['refusals']).toEqual({ expired: 1 });
      const older = await importInto(target, file('older.archive', await archiveOf([bundleOf(born)])));
      expect(older, into).toMatchObject({ imported: 0, code: 0 });
      await exportFrom(target, place(`aged-${into}.archive`));
      const kept = await bundlesIn(readFileSync(place(`aged-${into}.archive`)));
      expect(hexOf(kept)).toContain(Buffer.from(bundleOf(dead)).toString('hex'));
    }
    await daemon.stop();
  });

  it('refuses what is no archive, a folder that is no node, and one that is in use', async () => {
    const foreign = await importInto(await newFolder('empty'), file('foreign', Buffer.from('{"a":1}')));
    expect(foreign).toMatchObject({ error: { code: 'not-an-archive', exitCode: 5 }, code: 5 });
    const given = file('given.archive', whole);
    expect(await importInto(place('nothing'), given)).toMatchObject({
      error: { code: 'not-initialised' },
      code: 2,
    });
    expect(await importInto(place('empty'), place('missing'))).toMatchObject({
      error: { code: 'unreadable' },
      code: 5,
    });
    const nothing = await exportFrom(place('empty'), place('empty.archive'));
    expect(nothing.json()).toMatchObject({ error: { code: 'not-initialised' } });
    await daemon.start();
    // As after a crash of something else: the daemon runs, and its address is gone.
    rmSync(join(daemon.dataDirectory, 'api.json'));
    const locked = await exportFrom(daemon.dataDirectory, place('locked.archive'));
    expect(locked.json()).toMatchObject({ error: { code: 'locked' } });
    await daemon.stop();
  });
});
