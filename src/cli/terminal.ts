/** Where a command writes: people get words and, on a terminal, colours; `--json` gets one object. */
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters, styleText } from 'node:util';

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

export interface Terminal extends Streams {
  /** True when `--json` was given. */
  readonly json: boolean;
  /** True when a question can be asked. */
  readonly interactive: boolean;
  /** A line on stdout for people; nothing with `--json`. */
  say(line?: string): void;
  /** A line on stderr for people: notes that are no part of the result. */
  note(line: string): void;
  /** One object on stdout with `--json`; nothing for people. */
  give(object: object): void;
  /** Coloured when stdout is a terminal that takes it, and NO_COLOR is not set. */
  paint(style: Style, text: string): string;
}

export type Style = 'good' | 'bad' | 'warning' | 'quiet' | 'strong' | 'accent';

const formats = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  quiet: 'dim',
  strong: 'bold',
  accent: 'cyan',
} as const satisfies Readonly<Record<Style, string>>;

/** A terminal over these streams. */
export function createTerminal(streams: Streams, json: boolean): Terminal {
  const { stdin, stdout, stderr } = streams;
  const isInteractive = stdin.isTTY === true && stderr.isTTY === true && !json;
  return {
    ...streams,
    json,
    interactive: isInteractive,
    say(line = '') {
      if (!json) stdout.write(`${line}\n`);
    },
    note(line) {
      if (!json) stderr.write(`${line}\n`);
    },
    give(object) {
      if (json) stdout.write(`${JSON.stringify(object)}\n`);
    },
    paint: (style, text) => styleText(formats[style], text, { stream: stdout, validateStream: true }),
  };
}

/** Rows with their columns below one another, two spaces between; colours do not count. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell + ' '.repeat(widths[index]! - visibleLength(cell)),
    );
    return (indent + cells.join('  ')).trimEnd();
  });
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
