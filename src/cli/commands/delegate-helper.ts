/** `weft delegate run`: a helper that lives as long as one command, with a key and a grant of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type Command, Option } from 'commander';
import type { ExitCode } from '../../api/error-table.ts';
import { processEnvironment } from '../../config/read-env.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { openAgentClient } from '../agent-client.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import type { ControlClient } from '../control-client.ts';
import { addExamples } from '../help.ts';
import { parseDuration, relativeTime } from '../words.ts';

interface RunOptions {
  readonly rights: readonly string[];
  readonly for: string;
  readonly keys?: string;
}

const passedSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Adds it. */
export function addHelperCommand(delegate: Command, run: Runner): void {
  const command = delegate
    .command('run')
    .description(
      'run a program as a helper: it finds a new key in HELPER_KEY (the seed, hexadecimal) and its grant in HELPER_GRANT, and the grant is revoked when it ends',
    )
    .argument('<agent>', 'agent id')
    .argument('<program...>', 'the program and its arguments, after --')
    .addOption(
      new Option('--rights <right...>', 'what the helper may do')
        .choices(['sub', 'revoke', 'facts'])
        .default(['facts']),
    )
    .option('--for <duration>', 'how long at most', '5m')
    .option('--keys <file>', 'grant with the keys in this file; the daemon only passes the result on');
  addExamples(command, [
    ['weft delegate run nanda:bq4k… --rights facts --for 5m -- node helper.js', 'five minutes at most'],
  ]).action(
    run<[string, string[]], RunOptions>((context, [agent, program], options) =>
      runHelper(context, agent, program, options),
    ),
  );
}

async function runHelper(
  context: Context,
  agent: string,
  [program, ...given]: readonly string[],
  options: RunOptions,
): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const client = await openAgentClient(context, options.keys);
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}`;
  const wish = { rights: [...options.rights], expiresInSeconds: parseDuration(options.for) };
  const answer = await client.call('POST', `${path}/grants`, wish);
  const { seed } = answer['key'] as { readonly seed: string };
  const hash = String(answer['hash']);
  terminal.note(
    terminal.paint('quiet', `a helper until ${relativeTime(String(answer['expiresAt']), nowMs())}: ${hash}`),
  );
  const child = spawn(program!, given, {
    stdio: 'inherit',
    env: { ...processEnvironment(), HELPER_KEY: seed, HELPER_GRANT: String(answer['grant']) },
  });
  try {
    return await endOf(child, program!);
  } finally {
    await drop(context, client, `${path}/revoke-delegation`, hash);
  }
}

/** The exit code of the program; 128 and the number of the signal that ended it. */
function endOf(child: ChildProcess, program: string): Promise<ExitCode> {
  // The helper is told of each signal; this process stays to take the grant back.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of passedSignals) process.on(signal, pass);
  return new Promise<ExitCode>((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new CliError('failed', `cannot run ${program}: ${error.message}`, 'check the name of the program'),
      ),
    );
    child.once('exit', (code, signal) => {
      resolve((signal === null ? code : 128 + (constants.signals[signal] ?? 0)) as ExitCode);
    });
  }).finally(() => {
    for (const signal of passedSignals) process.off(signal, pass);
  });
}

async function drop(
  context: Context,
  client: Pick<ControlClient, 'call'>,
  path: string,
  hash: string,
): Promise<void> {
  const { terminal } = context;
  const { publish } = (await client.call('POST', path, { hash, reason: 'cessationOfOperation' })) as {
    readonly publish: { readonly status: string };
  };
  terminal.note(terminal.paint('quiet', `the helper’s grant is revoked (${publish.status})`));
}
