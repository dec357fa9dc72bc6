/** Grants as texts, in files and on stdin, and files that only their owner reads. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { formatGrant, parseGrant } from '../core/identity/delegation-grant.ts';
import { CliError } from './cli-error.ts';
import type { Terminal } from './terminal.ts';

/** Longer than any grant with its line end. */
const lengthMax = 4096;

/** The grant that an argument stands for: its text, a file, or `-` for stdin. @throws CliError, ProtocolError */
export async function readGrantText(terminal: Terminal, given: string): Promise<string> {
  if (given.startsWith('weft-grant:')) return formatGrant(parseGrant(given));
  if (given === '-') return formatGrant(parseGrant(await readStdin(terminal)));
  if (!existsSync(given))
    throw new CliError(
      'unreadable',
      `${given} is neither a grant nor a file`,
      'a grant begins with weft-grant:',
    );
  return formatGrant(parseGrant(readFileSync(given, 'utf8').slice(0, lengthMax)));
}

/** Mode 0600, on the disk when it returns. @throws CliError `unreadable` */
export function writeSecretFile(file: string, text: string): void {
  try {
    const descriptor = openSync(file, 'w', 0o600);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError('unreadable', `cannot write ${file}: ${code}`, 'name another file', { cause: error });
  }
}

async function readStdin(terminal: Terminal): Promise<string> {
  let text = '';
  for await (const chunk of terminal.stdin) {
    text += String(chunk);
    if (text.length > lengthMax) break;
  }
  return text;
}
