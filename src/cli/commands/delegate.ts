/** `weft delegate`: rights over an agent for other keys, granted, shown, checked and taken back. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { exitCodes } from '../../api/error-table.ts';
import type { JsonObject } from '../../api/views.ts';
import { bytesToHex } from '../../core/bytes.ts';
import { createSigner } from '../../core/ed25519.ts';
import { type AgentId, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { fieldBits, rightBits } from '../../core/identity/delegation.ts';
import { keyBytes } from '../../core/limits.ts';
import { keyFilePassphrase, openAgentClient } from '../agent-client.ts';
import { addPublishOptions, type PublishOptions, parseCount, publishingOf } from '../agent-options.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { readGrantText, writeSecretFile } from '../grant-file.ts';
import { addExamples } from '../help.ts';
import { type AgentResultJson, renderResult } from '../render-agent.ts';
import { parseDuration, relativeTime } from '../words.ts';
import { addGrantCommands } from './delegate-grants.ts';
import { addHelperCommand } from './delegate-helper.ts';

interface CreateOptions extends PublishOptions {
  readonly to?: string;
  readonly newKey?: string;
  readonly rights: readonly string[];
  readonly fields: readonly string[];
  readonly slot?: string;
  readonly expires?: string;
  readonly for?: string;
  readonly under?: string;
  readonly out?: string;
}

const expiresDefault = '7d';

/** Adds it and what is below it. */
export function addDelegateCommand(program: Command, run: Runner): void {
  const delegate = program
    .command('delegate')
    .description('grant rights over an agent to another key, see who has some, take them back');
  addCreateCommand(delegate, run);
  addGrantCommands(delegate, run);
  addHelperCommand(delegate, run);
}

function addCreateCommand(delegate: Command, run: Runner): void {
  const command = delegate
    .command('create', { isDefault: true })
    .description('grant rights over an agent’s record, or on its behalf, to another key')
    .argument('<agent>', 'agent id')
    .option(
      '--to <key>',
      'public key of the delegate, 64 hexadecimal digits: `weft keys create-delegate` on its node',
    )
    .option('--new-key <file>', 'make a key for the delegate, in this file, which then acts with --keys')
    .addOption(
      new Option(
        '--rights <right...>',
        'what it may do: op and publish change the record; sub grants on; revoke takes back credentials; facts signs AgentFacts',
      )
        .choices(Object.keys(rightBits))
        .default(['op']),
    )
    .addOption(
      new Option('--fields <field...>', 'with op: which fields it may change')
        .choices(Object.keys(fieldBits))
        .default(Object.keys(fieldBits)),
    )
    .option(
      '--slot <1..7>',
      'with op or publish: its place among the writers; the lowest free one when left out',
    )
    .option('--expires <duration>', `when the grant ends, at most 30d (default: ${expiresDefault})`)
    .option('--for <duration>', 'the same, for helpers that live minutes')
    .option('--under <grant>', 'grant below this one, which the delegate key here holds: its text or a file')
    .option('--out <file>', 'write the grant there; stdout when left out');
  addExamples(addPublishOptions(command), [
    ['weft delegate create nanda:bq4k… --to 8f3a… --fields adaptive ttl', 'may change two fields for 7 days'],
    ['weft delegate create nanda:bq4k… --to 8f3a… --rights op publish', 'may also sign whole records'],
    [
      'weft delegate create nanda:bq4k… --to 8f3a… --rights sub facts --for 1h',
      'may sign facts, and let others',
    ],
    [
      'weft delegate create nanda:bq4k… --new-key helper.keys --rights facts --for 5m',
      'with a key of its own',
    ],
  ]).action(run<[string], CreateOptions>((context, [agent], options) => create(context, agent, options)));
}

async function create(context: Context, agent: string, options: CreateOptions) {
  if (options.to !== undefined) assertKey(options.to);
  const agentId = parseAgentId(agent);
  const takesSlot = options.rights.some((right) => right === 'op' || right === 'publish');
  if ((options.to === undefined) === (options.newKey === undefined))
    throw new CliError('usage', 'whom to grant to is not said', 'give one of --to and --new-key');
  if (takesSlot && options.under !== undefined)
    throw new CliError('usage', '--under grants no "op" and "publish"', 'only the controller grants those');
  const made = options.newKey === undefined ? null : await makeKey(context, agentId, options.newKey);
  const audience = made?.publicKey ?? options.to!;
  const client = await openAgentClient(context, options.keys);
  const path = `/v1/agents/${formatAgentId(agentId)}`;
  const expiresInSeconds = parseDuration(options.for ?? options.expires ?? expiresDefault);
  if (takesSlot) {
    const { rights, fields, slot } = options;
    const place = slot === undefined ? {} : { slot: parseCount(slot, 1, 7, '--slot') };
    const wish = { audience, rights: [...rights], fields: [...fields], expiresInSeconds, ...place };
    const answer = await client.call('POST', `${path}/delegate`, { ...wish, ...publishingOf(options) });
    return sayDelegated(context, answer);
  }
  const under =
    options.under === undefined ? {} : { under: await readGrantText(context.terminal, options.under) };
  const { acknowledgements: _none, ...timing } = publishingOf(options);
  const wish = { audience, rights: [...options.rights], expiresInSeconds, ...under, ...timing };
  const answer = await client.call('POST', `${path}/grants`, wish);
  if (made !== null) {
    const own = await openAgentClient(context, options.newKey);
    await own.call('PUT', `${path}/grants`, { grant: answer['grant'] ?? '' });
  }
  return giveGrant(context, answer, options.out);
}

function sayDelegated(context: Context, answer: JsonObject) {
  const { terminal, nowMs } = context;
  terminal.give(answer);
  const code = renderResult(terminal, answer as unknown as AgentResultJson, 'delegated for', nowMs());
  if (code === exitCodes.ok)
    terminal.say(`  slot ${String(answer['slot'])}; token ${String(answer['delegation'])}`);
  return code;
}

/** The grant to pass on: alone on stdout, so that it can be piped; what it says goes to stderr. */
async function giveGrant({ terminal, nowMs }: Context, answer: JsonObject, out: string | undefined) {
  const text = String(answer['grant']);
  if (out !== undefined) writeSecretFile(out, `${text}\n`);
  terminal.give(answer);
  if (out === undefined) terminal.say(text);
  else terminal.say(`  written to ${out}`);
  const rights = (answer['rights'] as readonly string[]).join(', ');
  const ends = relativeTime(String(answer['expiresAt']), nowMs());
  terminal.note(
    terminal.paint(
      'quiet',
      `${rights}; depth ${String(answer['depth'])} of 3; ends ${ends}; ${String(answer['hash'])}`,
    ),
  );
  return undefined;
}

/** A new key as `--keys` takes it. @throws CliError `usage` when something is there */
async function makeKey(context: Context, agentId: AgentId, file: string) {
  if (existsSync(file))
    throw new CliError('usage', `${file} is there already`, 'name another file for the new key');
  const { openOwnKeys } = await import('../../node/offline-keys.ts');
  const keys = await openOwnKeys({ path: file, passphrase: await keyFilePassphrase(context, file) });
  const seed = new Uint8Array(randomBytes(keyBytes));
  await keys.add(agentId, { delegate: seed });
  return { publicKey: bytesToHex(createSigner(seed).publicKey) };
}

function assertKey(to: string): void {
  if (/^[0-9a-f]{64}$/.test(to)) return;
  throw new CliError(
    'usage',
    `--to: "${to}" is not a public key`,
    'make one with `weft keys create-delegate` on the delegate’s node',
  );
}
