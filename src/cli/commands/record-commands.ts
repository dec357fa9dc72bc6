/** `weft register` and `weft update`: what a record says. */
import { type Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
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
  addPublishOptions(addRecordOptions(update));
  addExamples(update, [
    ['weft update nanda:bq4k… --adaptive-resolver https://r.example/a', 'one field'],
    ['weft update nanda:bq4k… --clear private-facts --ttl 5m', 'empty one, change another'],
  ]).action(
    run<[string], RecordOptions>((context, [agent], options) => updateAgent(context, agent, options)),
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
  if (code !== exitCodes.ok) return code;
  if (options.keys === undefined) {
    terminal.say(
      terminal.paint(
        'quiet',
        '  the daemon holds its keys and signs it anew in time; `weft keys export` takes the rotation and recovery keys offline',
      ),
    );
  } else {
    terminal.say(
      `  its keys are in ${options.keys}: keep that file. ${terminal.paint('warning', `The record dies at ${result.expiresAt} unless you run \`weft update\` before`)}`,
    );
  }
  return code;
}

async function updateAgent(context: Context, agent: string, options: RecordOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const record = recordOf(options);
  if (Object.keys(record).length === 0) {
    throw new CliError(
      'usage',
      'nothing to change',
      'name at least one field, such as --primary-facts; see `weft update --help`',
    );
  }
  const client = await openAgentClient(context, options.keys);
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}`;
  const answer = await client.call('PATCH', path, { ...record, ...publishingOf(options) });
  terminal.give(answer);
  return renderResult(terminal, answer as unknown as AgentResultJson, 'updated', nowMs());
}
