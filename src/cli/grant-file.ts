/** Grants as texts, in files and on stdin, and files that only their owner reads. */
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { formatGrant, parseGrant } from '../core/identity/delegation-grant.ts';
import { CliError } from './cli-error.ts';
import { readInput } from './read-input.ts';
import type { Terminal } from './terminal.ts';

/** Longer than any grant with its line end. */
const lengthMax = 4096;

/** The grant that an argument stands for: its text, a file, or `-` for stdin. @throws CliError, ProtocolError */
export async function readGrantText(terminal: Terminal, given: string): Promise<string> {
  if (given.startsWith('weft-grant:')) return formatGrant(parseGrant(given));
  if (given !== '-' && !existsSync(given))
    throw new CliError(
      'unreadable',
      `${given} is neither a grant nor a file`,
      'a grant begins with weft-grant:',
    );
  const bytes = await readInput(terminal, given, lengthMax);
  return formatGrant(parseGrant(Buffer.from(bytes).toString('utf8').slice(0, lengthMax)));
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
