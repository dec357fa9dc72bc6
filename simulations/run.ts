/** `npm run sim`: see `--help`, and docs/simulation.md for scenarios, measures and invariants. */
import { runSimulation } from './lib/command.ts';

process.exitCode = await runSimulation(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  columns: process.stderr.columns ?? 100,
});
