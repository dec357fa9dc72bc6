/** The executable from the source, so that tests of processes need no build: `node run-weft.ts start ...`. */
import { main } from '../../src/cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
