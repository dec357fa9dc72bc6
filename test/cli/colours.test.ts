import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTerminal } from '../../src/cli/terminal.ts';

const names = ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'TERM', 'CI'] as const;
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));

beforeEach(() => {
  for (const name of names) delete process.env[name];
  process.env['TERM'] = 'xterm-256color';
});
afterEach(() => {
  for (const name of names) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
});

function paintedOn(stdout: PassThrough): string {
  const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() };
  return createTerminal(streams, false).paint('good', 'x');
}

/** A stream that says what a terminal says. */
function terminalStream(): PassThrough {
  const { getColorDepth, hasColors } = WriteStream.prototype;
  return Object.assign(new PassThrough(), { isTTY: true, getColorDepth, hasColors });
}

describe('colours', () => {
  it('are written to a terminal', () => {
    expect(paintedOn(terminalStream())).toBe('\u001b[32mx\u001b[39m');
  });

  it('are not written to a file or a pipe', () => {
    expect(paintedOn(new PassThrough())).toBe('x');
  });

  it('are not written where NO_COLOR is set', () => {
    process.env['NO_COLOR'] = '1';
    expect(paintedOn(terminalStream())).toBe('x');
  });
});
