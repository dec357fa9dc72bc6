import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/cli/archive/progress.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

function terminalWith(options: { readonly isTTY: boolean; readonly json: boolean }) {
  const stderr = Object.assign(new PassThrough(), { isTTY: options.isTTY });
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr };
  return { terminal: createTerminal(streams, options.json), written: () => String(stderr.read() ?? '') };
}

describe('progress', () => {
  it('is one line on a terminal, written over and taken away', () => {
    const { terminal, written } = terminalWith({ isTTY: true, json: false });
    const progress = createProgress(terminal);
    progress.show(() => 'one');
    progress.show(() => 'too soon after the first');
    progress.end();
    expect(written()).toBe('\r\u001b[Kone\r\u001b[K');
  });

  it.each([
    { isTTY: false, json: false },
    { isTTY: true, json: true },
  ])('is nothing where nobody watches: %o', (options) => {
    const { terminal, written } = terminalWith(options);
    const progress = createProgress(terminal);
    progress.show(() => 'one');
    progress.end();
    expect(written()).toBe('');
  });
});
