/** Proof files and checkpoints on the disk, and the one rule by which this process checks signatures. */
import { writeFile } from 'node:fs/promises';
import { type ProofFile, proofFileCharactersMax, proofJson } from '../../audit/proof/proof-file.ts';
import { isAdmissiblePublicKey, type SignatureCheck, verifyAdmitted } from '../../core/ed25519.ts';
import { CliError } from '../cli-error.ts';
import { readInput } from '../read-input.ts';
import type { Terminal } from '../terminal.ts';

/** The protocol's rule, in this process. */
export function holds(check: SignatureCheck): boolean {
  return isAdmissiblePublicKey(check.publicKey) && verifyAdmitted(check);
}

/** @param file `-` or undefined: stdin. @throws CliError `unreadable` */
export async function readText(terminal: Terminal, file: string | undefined): Promise<string> {
  const bytes = await readInput(terminal, file, proofFileCharactersMax);
  return bounded(Buffer.from(bytes).toString('utf8'));
}

/** A text to a file, or to stdout. With `--json` stdout has one object, so a text is given in one. */
export async function writeText(
  terminal: Terminal,
  text: string,
  json: object,
  out: string | undefined,
): Promise<void> {
  if (out === undefined) {
    terminal.give(json);
    if (!terminal.json) terminal.stdout.write(text);
    return;
  }
  await writeFile(out, text).catch((error: NodeJS.ErrnoException) => {
    throw new CliError('failed', `cannot write ${out}: ${error.message}`, 'check the folder and the disk', {
      cause: error,
    });
  });
}

export function proofText(file: ProofFile): string {
  return `${JSON.stringify(proofJson(file), null, 1)}\n`;
}

function bounded(text: string): string {
  if (text.length <= proofFileCharactersMax) return text;
  throw new CliError(
    'unreadable',
    `over ${proofFileCharactersMax} characters: no proof is that large`,
    'give one file of weft audit',
  );
}
