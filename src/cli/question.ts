/** Questions on the terminal, asked on stderr so that stdout stays the result. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from './cli-error.ts';
import type { Terminal } from './terminal.ts';

/** True for "y" or "yes". */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  const answer = await ask(terminal, `${question} [yes/no] `, terminal.stderr);
  return /^y(es)?$/i.test(answer.trim());
}

/** An answer that does not show while it is typed. */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  terminal.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await ask(terminal, '', silent);
  } finally {
    terminal.stderr.write('\n');
  }
}

/** @throws CliError `failed` when the input ends, or at Ctrl-C. */
async function ask(terminal: Terminal, question: string, output: Writable): Promise<string> {
  const reader = createInterface({ input: terminal.stdin, output, terminal: true });
  const giveUp = new AbortController();
  reader.once('SIGINT', () => giveUp.abort());
  reader.once('close', () => giveUp.abort());
  try {
    return await reader.question(question, { signal: giveUp.signal });
  } catch (error) {
    if (!giveUp.signal.aborted) throw error;
    throw new CliError('failed', 'there was no answer', 'nothing was done; try again', { cause: error });
  } finally {
    reader.close();
  }
}
