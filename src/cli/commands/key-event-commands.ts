/** `weft rotate`, `weft recover` and `weft revoke`: what happens to an agent's keys, and its end. */
import type { Command } from 'commander';
import type { ExitCode } from '../../api/error-table.ts';
import type { JsonObject } from '../../api/views.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { openAgentClient, readSeed } from '../agent-client.ts';
import {
  addPublishOptions,
  addReasonOption,
  type PublishOptions,
  parseCount,
  publishingOf,
} from '../agent-options.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { confirm } from '../question.ts';
import { type AgentResultJson, renderResult } from '../render-agent.ts';

interface RevokeOptions extends PublishOptions {
  readonly delegate?: string;
  readonly reason: string;
  readonly yes?: boolean;
}

/** Adds them. */
export function addKeyEventCommands(program: Command, run: Runner): void {
  const rotate = program
    .command('rotate')
    .description('replace an agent’s signing key; everything that the old one signed is void at once')
    .argument('<agent>', 'agent id');
  addExamples(addPublishOptions(rotate), [
    ['weft rotate nanda:bq4k…', 'the daemon makes the new keys and signs the record with them'],
    ['weft rotate nanda:bq4k… --keys agent.keys', 'with keys in your own file'],
  ]).action(
    run<[string], PublishOptions>((context, [agent], options) => act(context, agent, 'rotate', options)),
  );

  const recover = program
    .command('recover')
    .description(
      'take an agent back with its recovery key: after theft, a fork, or a stolen rotation key’s tombstone',
    )
    .argument('<agent>', 'agent id')
    .option('--recovery-keys <file>', 'exported keys that hold the recovery key, when the daemon does not');
  addExamples(addPublishOptions(recover), [
    ['weft recover nanda:bq4k…', 'with the recovery key in the daemon’s keystore'],
    ['weft recover nanda:bq4k… --recovery-keys offline.keys', 'with one that was exported'],
  ]).action(
    run<[string], PublishOptions & { recoveryKeys?: string }>((context, [agent], options) =>
      recoverAgent(context, agent, options),
    ),
  );

  const revoke = program
    .command('revoke')
    .description('end an agent for good, or take back what was granted to a delegate')
    .argument('<agent>', 'agent id')
    .option('--delegate <slot>', 'revoke this delegate only: its slot (1 to 7) or the hash of its grant')
    .option('--yes', 'do not ask');
  addExamples(addPublishOptions(addReasonOption(revoke)), [
    ['weft revoke nanda:bq4k… --delegate 2 --reason keyCompromise', 'the delegate in slot 2'],
    ['weft revoke nanda:bq4k… --reason cessationOfOperation', 'the agent; only its recovery key undoes that'],
  ]).action(
    run<[string], RevokeOptions>((context, [agent], options) => revokeAgent(context, agent, options)),
  );
}

async function recoverAgent(
  context: Context,
  agent: string,
  options: PublishOptions & { recoveryKeys?: string },
): Promise<ExitCode> {
  const seed =
    options.recoveryKeys === undefined
      ? {}
      : { recoverySeed: await readSeed(context, options.recoveryKeys, parseAgentId(agent), 'recovery') };
  return act(context, agent, 'recover', options, seed);
}

async function revokeAgent(context: Context, agent: string, options: RevokeOptions): Promise<ExitCode> {
  const { delegate, reason } = options;
  if (delegate !== undefined) {
    const which = /^[0-9a-f]{64}$/.test(delegate)
      ? { hash: delegate }
      : { slot: parseCount(delegate, 1, 7, '--delegate') };
    return act(context, agent, 'revoke-delegation', options, { ...which, reason });
  }
  const question = `End ${agent} for good? Nobody can use it afterwards.`;
  if (!options.yes && context.terminal.interactive && !(await confirm(context.terminal, question))) {
    throw new CliError('failed', 'nothing was revoked', 'answer "yes", or give --yes');
  }
  return act(context, agent, 'revoke', options, { reason });
}

type Act = 'rotate' | 'recover' | 'revoke' | 'revoke-delegation';
const pastByAct: Readonly<Record<Act, string>> = {
  rotate: 'rotated',
  recover: 'recovered',
  revoke: 'revoked',
  'revoke-delegation': 'revoked a delegate of',
};

async function act(
  context: Context,
  agent: string,
  name: Act,
  options: PublishOptions,
  body: JsonObject = {},
): Promise<ExitCode> {
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}/${name}`;
  const client = await openAgentClient(context, options.keys);
  const answer = await client.call('POST', path, { ...body, ...publishingOf(options) });
  context.terminal.give(answer);
  return renderResult(
    context.terminal,
    answer as unknown as AgentResultJson,
    pastByAct[name],
    context.nowMs(),
  );
}
