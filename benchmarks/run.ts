/** `npm run bench`: see `--help`, and docs/benchmarks.md for what is measured and how. */
import { endWithReader } from '../src/cli/reader.ts';
import { runBench } from './lib/bench.ts';
import { apiSuite } from './suites/api.ts';
import { lightSuite } from './suites/light.ts';
import { overlaySuite } from './suites/overlay.ts';
import { trustSuite } from './suites/trust.ts';

endWithReader(process.stdout);
process.exitCode = await runBench(process.argv.slice(2), [overlaySuite, lightSuite, apiSuite, trustSuite], {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
});
