/** The command line: runs one command and says how it ended. */
import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from '../api/error-table.ts';
import { complaintOf } from './cli-error.ts';
import { createProgram } from './program.ts';
import { endWithReader } from './reader.ts';
import { createTerminal, type Streams, type Terminal } from './terminal.ts';
import { dataWords } from './words.ts';

/** Runs a command line (without node and script) and returns the exit code of the process. Never rejects. */
export async function main(argv: readonly string[], streams: Streams = process): Promise<number> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = createProgram(streams, (code) => {
    exitCode = code;
  });
  endWithReader(streams.stdout);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    const json = argv.includes('--json');
    if (!(error instanceof CommanderError)) return complain(createTerminal(streams, json), error);
    if (error.exitCode === 0) return exitCodes.ok;
    const message = error.message.replace(/^error: /, '');
    createTerminal(streams, json).give({ error: { code: 'usage', message, exitCode: exitCodes.usage } });
    return exitCodes.usage;
  }
}

function complain(terminal: Terminal, error: unknown): ExitCode {
  const { exitCode, ...complaint } = complaintOf(error);
  terminal.give({ error: { ...complaint, exitCode } });
  terminal.note(`weft: ${complaint.message}`);
  if (complaint.data !== undefined) terminal.note(`  ${dataWords(complaint.data)}`);
  terminal.note(`  ${complaint.hint}`);
  return exitCode;
}
