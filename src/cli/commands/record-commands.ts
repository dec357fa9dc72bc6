/** `weft register` and `weft update`: what a record says. */
import { type Command, Option } from 'commander';
import type { ExitCode } from '../../api/error-table.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { openAgentClient } from '../agent-client.ts';
import {
  addPublishOptions,
  addRecordOptions,
  propertyByField,
  publishingOf,
  type RecordOptions,
  recordOf,
} from '../agent-options.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { type AgentResultJson, renderResult } from '../render-agent.ts';
import type { Terminal } from '../terminal.ts';

interface UpdateOptions extends RecordOptions {
  readonly renew?: boolean;
}

/** Adds them. */
export function addRecordCommands(program: Command, run: Runner): void {
  const register = program
    .command('register')
    .description('create an agent and publish its record; the daemon holds its keys unless --keys is given')
    .option('--ephemeral', 'an agent without rotation and recovery keys: it cannot outlive its signing key');
  addPublishOptions(addRecordOptions(register));
  addExamples(register, [
    [
      'weft register --primary-facts https://a.example/facts.json',
      'the daemon keeps the keys and the record alive',
    ],
    [
      'weft register --primary-facts https://a.example/f --keys agent.keys',
      'you keep the keys; it prints when the record dies',
    ],
  ]).action(
    run<[], RecordOptions & { ephemeral?: boolean }>((context, _given, options) =>
      registerAgent(context, options),
    ),
  );

  const update = program
    .command('update')
    .description('change fields of an agent’s record; other writers’ changes are merged')
    .argument('<agent>', 'agent id')
    .addOption(new Option('--clear <field...>', 'fields to empty').choices(Object.keys(propertyByField)));
  update.option('--renew', 'sign the whole record anew, so that its validity begins again');
  addPublishOptions(addRecordOptions(update));
  addExamples(update, [
    ['weft update nanda:bq4k… --adaptive-resolver https://r.example/a', 'one field'],
    ['weft update nanda:bq4k… --clear private-facts --ttl 5m', 'empty one, change another'],
    ['weft update nanda:bq4k… --renew --keys agent.keys', 'keep a record alive whose keys you hold'],
  ]).action(
    run<[string], UpdateOptions>((context, [agent], options) => updateAgent(context, agent, options)),
  );
}

async function registerAgent(
  context: Context,
  options: RecordOptions & { ephemeral?: boolean },
): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const body = {
    ...recordOf(options),
    ...publishingOf(options),
    ...(options.ephemeral && { ephemeral: true }),
  };
  const client = await openAgentClient(context, options.keys);
  const answer = await client.call('POST', '/v1/agents', body);
  terminal.give(answer);
  const result = answer as unknown as AgentResultJson;
  const code = renderResult(terminal, result, 'registered', nowMs());
  if (options.keys !== undefined) sayWhenItDies(terminal, result, options.keys);
  else {
    const words =
      'the daemon holds its keys and signs it anew in time; `weft keys export` takes the recovery key offline';
    terminal.say(terminal.paint('quiet', `  ${words}`));
  }
  return code;
}

async function updateAgent(context: Context, agent: string, options: UpdateOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const record = recordOf(options);
  const changes = Object.keys(record).length > 0;
  if (!changes && !options.renew) {
    const hint = 'name at least one field, such as --primary-facts, or --renew; see `weft update --help`';
    throw new CliError('usage', 'nothing to change', hint);
  }
  const client = await openAgentClient(context, options.keys);
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}`;
  const publishing = publishingOf(options);
  const updated = changes ? await client.call('PATCH', path, { ...record, ...publishing }) : null;
  const renewed = options.renew ? await client.call('POST', `${path}/refence`, publishing) : null;
  const answer = (renewed ?? updated)!;
  terminal.give(answer);
  const result = answer as unknown as AgentResultJson;
  const code = renderResult(terminal, result, changes ? 'updated' : 'renewed', nowMs());
  if (options.keys !== undefined) sayWhenItDies(terminal, result, options.keys);
  return code;
}

/** Nobody but the holder of the keys can keep this record alive. */
function sayWhenItDies(terminal: Terminal, result: AgentResultJson, keyFile: string): void {
  const { agentId, expiresAt } = result;
  terminal.say(`  its keys are in ${keyFile} and nowhere else`);
  const warning = `the record dies at ${expiresAt} unless you renew it before:`;
  terminal.say(`  ${terminal.paint('warning', warning)} weft update ${agentId} --renew --keys ${keyFile}`);
}
