/** The commands of `weft`, put together. */
import { Command } from 'commander';
import type { ExitCode } from '../api/error-table.ts';
import { packageVersion } from '../config/package-root.ts';
import { addAnnounceCommand } from './commands/announce.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDelegateCommand } from './commands/delegate.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEndpointCommand } from './commands/endpoint.ts';
import { addEventsCommand } from './commands/events.ts';
import { addExportCommand } from './commands/export.ts';
import { addFactsCommand } from './commands/facts.ts';
import { addImportCommand } from './commands/import.ts';
import { addInitCommand } from './commands/init.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addKeyEventCommands } from './commands/key-event-commands.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addMcpCommand } from './commands/mcp.ts';
import { addNameCommand } from './commands/name.ts';
import { addNodeCommands } from './commands/node-commands.ts';
import { addRecordCommands } from './commands/record-commands.ts';
import { addResolveCommand } from './commands/resolve.ts';
import { addRoutingCommand } from './commands/routing.ts';
import { addSearchCommand } from './commands/search.ts';
import { addStartCommand } from './commands/start.ts';
import { addTrustCommand } from './commands/trust.ts';
import { addWatchCommand } from './commands/watch.ts';
import { createRunner } from './context.ts';
import { addExamples } from './help.ts';
import type { Streams } from './terminal.ts';

const exitCodeWords = `
Exit codes:
  0 done  1 failed  2 wrong usage or settings  3 no daemon reached
  4 not found  5 refused as invalid  6 found, but not usable (revoked, forked, expired, rekeyed, rolled back)`;

/** All commands. @param onExit hears of the exit code of the command that ran. */
export function createProgram(streams: Streams, onExit: (code: ExitCode) => void): Command {
  const program = new Command('weft')
    .description('The peer-to-peer index for the Internet of AI agents.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .option('--data <folder>', 'data folder of the node (default: ~/.weft)')
    .option('--config <file>', 'settings as JSON (default: config.json in the data folder)')
    .option('--api <url>', 'control API to call (default: the one in the data folder)')
    .option('--token-file <file>', 'token for --api')
    .option('--json', 'print one JSON object, errors included')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    })
    .exitOverride();
  addExamples(program, [
    ['weft start', 'run a node; the first one begins a network'],
    ['weft start --bootstrap /ip4/192.0.2.7/tcp/4801/p2p/12D3…', 'join that network'],
    ['weft register --primary-facts https://a.example/facts.json', 'put an agent on the index'],
    ['weft resolve nanda:bq4k…', 'find it from anywhere'],
  ]).addHelpText('after', exitCodeWords);
  const run = createRunner(streams, onExit);
  addInitCommand(program, run);
  addStartCommand(program, run);
  addNodeCommands(program, run);
  addRecordCommands(program, run);
  addResolveCommand(program, run);
  addEndpointCommand(program, run);
  addSearchCommand(program, run);
  addAnnounceCommand(program, run);
  addNameCommand(program, run);
  addKeyEventCommands(program, run);
  addDelegateCommand(program, run);
  addWatchCommand(program, run);
  addEventsCommand(program, run);
  addAuditCommand(program, run);
  addFactsCommand(program, run);
  addRoutingCommand(program, run);
  addTrustCommand(program, run);
  addKeyCommands(program, run);
  addInspectCommand(program, run);
  addMcpCommand(program, run);
  addDoctorCommand(program, run);
  addExportCommand(program, run);
  addImportCommand(program, run);
  addCompletionCommand(program, run);
  return program;
}
