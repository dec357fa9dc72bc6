/** `weft delegate`: lets another key write for an agent. */
import { type Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { fieldBits, rightBits } from '../../core/identity/delegation.ts';
import { openAgentClient } from '../agent-client.ts';
import { addPublishOptions, type PublishOptions, parseCount, publishingOf } from '../agent-options.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { type AgentResultJson, renderResult } from '../render-agent.ts';
import { parseDuration } from '../words.ts';

interface DelegateOptions extends PublishOptions {
  readonly to: string;
  readonly rights: readonly string[];
  readonly fields: readonly string[];
  readonly slot?: string;
  readonly expires: string;
}

/** Adds it. */
export function addDelegateCommand(program: Command, run: Runner): void {
  const command = program
    .command('delegate')
    .description('grant rights over an agent’s record to another key')
    .argument('<agent>', 'agent id')
    .requiredOption(
      '--to <key>',
      'public key of the delegate, 64 hexadecimal digits: `weft keys create-delegate` on its node',
    )
    .addOption(
      new Option('--rights <right...>', 'what it may do').choices(Object.keys(rightBits)).default(['op']),
    )
    .addOption(
      new Option('--fields <field...>', 'which fields it may change')
        .choices(Object.keys(fieldBits))
        .default(Object.keys(fieldBits)),
    )
    .option('--slot <1..7>', 'its place among the writers; the lowest free one when left out')
    .option('--expires <duration>', 'when the grant ends, at most 30d', '7d');
  addExamples(addPublishOptions(command), [
    ['weft delegate nanda:bq4k… --to 8f3a… --fields adaptive ttl', 'may change two fields for 7 days'],
    ['weft delegate nanda:bq4k… --to 8f3a… --rights op publish', 'may also sign whole records'],
  ]).action(run<[string], DelegateOptions>((context, [agent], options) => delegate(context, agent, options)));
}

async function delegate(context: Context, agent: string, options: DelegateOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const { to, rights, fields, slot, expires } = options;
  if (!/^[0-9a-f]{64}$/.test(to)) {
    throw new CliError(
      'usage',
      `--to: "${to}" is not a public key`,
      'make one with `weft keys create-delegate` on the delegate’s node',
    );
  }
  const body = {
    audience: to,
    rights,
    fields,
    expiresInSeconds: parseDuration(expires),
    ...(slot !== undefined && { slot: parseCount(slot, 1, 7, '--slot') }),
    ...publishingOf(options),
  };
  const client = await openAgentClient(context, options.keys);
  const answer = await client.call('POST', `/v1/agents/${formatAgentId(parseAgentId(agent))}/delegate`, body);
  terminal.give(answer);
  const code = renderResult(terminal, answer as unknown as AgentResultJson, 'delegated for', nowMs());
  if (code === exitCodes.ok) {
    const place = answer['slot'] === 0 ? 'a grant without a slot' : `slot ${String(answer['slot'])}`;
    terminal.say(`  ${place}; token ${String(answer['delegation'])}`);
  }
  return code;
}
