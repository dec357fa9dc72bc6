/** `npm run sim`: see `--help`, and docs/simulation.md for scenarios, measures and invariants. */
import { endWithReader } from '../src/cli/reader.ts';
import { runSimulation } from './lib/command.ts';

endWithReader(process.stdout);
process.exitCode = await runSimulation(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  columns: process.stderr.columns ?? 100,
});
