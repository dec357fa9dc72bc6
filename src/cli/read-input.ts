/** What a command reads: a file, or stdin. */
import { readFile } from 'node:fs/promises';
import { CliError } from './cli-error.ts';
import type { Terminal } from './terminal.ts';

/**
 * The bytes of a file; of stdin when it is `-` or left out, which is read until there is more than `bytesMax`: what is
 * refused is refused for its size, by who asked.
 * @throws CliError `unreadable`
 */
export async function readInput(
  terminal: Terminal,
  file: string | undefined,
  bytesMax: number,
  hint = 'check the name',
): Promise<Uint8Array> {
  try {
    if (file !== undefined && file !== '-') return await readFile(file);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of terminal.stdin) {
      chunks.push(Buffer.from(chunk as Uint8Array | string));
      length += chunks.at(-1)!.length;
      if (length > bytesMax) break;
    }
    return Buffer.concat(chunks);
  } catch (error) {
    const { message } = error as Error;
    throw new CliError('unreadable', `cannot read ${file ?? 'stdin'}: ${message}`, hint, { cause: error });
  }
}
