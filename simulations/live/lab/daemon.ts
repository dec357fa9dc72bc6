/** The daemon from its source, so that a live run needs no build and has the code of the model beside it. */
import { main } from '../../../src/cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
