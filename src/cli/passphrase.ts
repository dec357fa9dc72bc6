/** The passphrase of key files: from a file, from the terminal, or none on the owner's explicit word. */
import { readFileSync } from 'node:fs';
import { CliError } from './cli-error.ts';
import { askSecret } from './question.ts';
import type { Terminal } from './terminal.ts';

const passphraseLengthMax = 1024;

export interface PassphraseWish {
  /** What it opens, for the question: `the keystore`. */
  readonly of: string;
  /** Null: ask. */
  readonly file: string | null;
  /** A new one is asked for twice. */
  readonly isNew: boolean;
}

/** @throws CliError `no-passphrase` where nobody can be asked. */
export async function obtainPassphrase(terminal: Terminal, wish: PassphraseWish): Promise<string> {
  if (wish.file !== null) return passphraseOfFile(wish.file);
  if (!terminal.interactive) {
    throw new CliError(
      'no-passphrase',
      `the passphrase of ${wish.of} is needed, and nobody can be asked for it here`,
      'put it in a file and name that file in WEFT_PASSPHRASE_FILE',
    );
  }
  const passphrase = await askSecret(
    terminal,
    `${wish.isNew ? 'New passphrase' : 'Passphrase'} of ${wish.of}: `,
  );
  if (passphrase === '')
    throw new CliError(
      'no-passphrase',
      'the passphrase is empty',
      'type one, or give --no-passphrase for a new data folder',
    );
  if (wish.isNew && (await askSecret(terminal, 'Once more: ')) !== passphrase) {
    throw new CliError('no-passphrase', 'the two passphrases differ', 'nothing was made; try again');
  }
  return passphrase;
}

/** The first line of a file. @throws CliError `no-passphrase` */
function passphraseOfFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(
      'no-passphrase',
      `cannot read the passphrase file: ${(error as Error).message}`,
      'check WEFT_PASSPHRASE_FILE',
      {
        cause: error,
      },
    );
  }
  const passphrase = text.split(/\r?\n/, 1)[0]!;
  if (passphrase !== '' && passphrase.length <= passphraseLengthMax) return passphrase;
  throw new CliError(
    'no-passphrase',
    `the first line of ${file} is empty or too long`,
    `write the passphrase there, at most ${passphraseLengthMax} characters`,
  );
}
