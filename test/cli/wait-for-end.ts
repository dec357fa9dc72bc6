/** A process that is asked to end and never does, for the test of signals. */
import { waitForEnd } from '../../src/cli/signals.ts';

setInterval(() => {}, 1000);
const ended = waitForEnd();
process.stdout.write('running\n');
await ended;
process.stdout.write('asked\n');
