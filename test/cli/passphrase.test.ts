import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { obtainPassphrase } from '../../src/cli/passphrase.ts';
import { confirm } from '../../src/cli/question.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-passphrase-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Streams that claim to be a terminal, on which these answers are typed one after the other. */
function typedAt(...answers: string[]) {
  const tty = () => Object.assign(new PassThrough(), { isTTY: true as const });
  const [stdin, stdout, stderr] = [tty(), tty(), tty()];
  let shown = '';
  stderr.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    shown += text;
    // The next answer is typed once there is a question.
    if (/[:\]] $/.test(text)) setImmediate(() => stdin.write(`${answers.shift() ?? ''}\n`));
  });
  return { terminal: createTerminal({ stdin, stdout, stderr }, false), shown: () => shown };
}

const wish = { of: 'this node’s keys', file: null, isNew: true };

describe('the passphrase', () => {
  it('is asked for twice when it is new, and never shown', async () => {
    const { terminal, shown } = typedAt('open sesame', 'open sesame');
    expect(await obtainPassphrase(terminal, wish)).toBe('open sesame');
    expect(shown()).toBe('New passphrase of this node’s keys: \nOnce more: \n');
  });

  it('is asked for once when it opens what is there', async () => {
    const { terminal } = typedAt('open sesame');
    expect(await obtainPassphrase(terminal, { ...wish, isNew: false })).toBe('open sesame');
  });

  it('is refused when it is empty, or typed differently the second time', async () => {
    await expect(obtainPassphrase(typedAt('').terminal, wish)).rejects.toThrow(/empty/);
    await expect(obtainPassphrase(typedAt('one', 'two').terminal, wish)).rejects.toThrow(/differ/);
  });

  it('is the first line of the file, where one is named', async () => {
    const { terminal, shown } = typedAt();
    const file = join(folder, 'passphrase');
    for (const text of ['open sesame\n', 'open sesame', 'open sesame\r\nignored\n']) {
      writeFileSync(file, text);
      expect(await obtainPassphrase(terminal, { ...wish, file })).toBe('open sesame');
    }
    expect(shown()).toBe('');
    for (const text of ['', '\nsecond', 'x'.repeat(2000)]) {
      writeFileSync(file, text);
      await expect(obtainPassphrase(terminal, { ...wish, file })).rejects.toThrow(/empty or too long/);
    }
    await expect(obtainPassphrase(terminal, { ...wish, file: join(folder, 'none') })).rejects.toThrow(
      /cannot read/,
    );
  });

  it('is given up at Ctrl-C, and where the input ends', async () => {
    const interrupted = typedAt('\u0003');
    await expect(obtainPassphrase(interrupted.terminal, wish)).rejects.toThrow(/no answer/);
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
    const stderr = Object.assign(new PassThrough(), { isTTY: true as const });
    const asked = obtainPassphrase(createTerminal({ stdin, stdout: new PassThrough(), stderr }, false), wish);
    stdin.end();
    await expect(asked).rejects.toThrow(/no answer/);
  });

  it('is not waited for where nobody can type it', async () => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    await expect(obtainPassphrase(createTerminal(streams, false), wish)).rejects.toMatchObject({
      code: 'no-passphrase',
      hint: expect.stringContaining('WEFT_PASSPHRASE_FILE'),
    });
  });
});

describe('a question', () => {
  it('takes yes for yes, and everything else for no', async () => {
    for (const [answer, expected] of [
      ['yes', true],
      ['Y', true],
      ['no', false],
      ['', false],
      ['yess', false],
    ] as const) {
      expect(await confirm(typedAt(answer).terminal, 'End it?'), answer).toBe(expected);
    }
  });
});
