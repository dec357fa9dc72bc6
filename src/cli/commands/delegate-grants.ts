/** `weft delegate list | tree | verify | keep | renew | revoke`: grants that are there. */
import { type Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { judgeGrant } from '../../api/grant-verdict.ts';
import type { JsonObject } from '../../api/views.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { type Right, rightBits } from '../../core/identity/delegation.ts';
import { parseGrant } from '../../core/identity/delegation-grant.ts';
import { openAgentClient } from '../agent-client.ts';
import {
  addPublishOptions,
  addReasonOption,
  type PublishOptions,
  parseCount,
  publishingOf,
} from '../agent-options.ts';
import type { Context, Runner } from '../context.ts';
import { readGrantText, writeSecretFile } from '../grant-file.ts';
import { addExamples } from '../help.ts';
import { createRemoteNetwork } from '../remote-network.ts';
import { type AgentResultJson, renderResult } from '../render-agent.ts';
import { type GrantTreeJson, renderGrantList, renderGrantTree } from '../render-grants.ts';
import { parseDuration, relativeTime } from '../words.ts';

interface KeysOption {
  readonly keys?: string;
}
type VerifyOptions = { readonly right?: Right; readonly fresh?: boolean };
type RenewOptions = KeysOption & { readonly for: string; readonly out?: string };
type RevokeOptions = PublishOptions & { readonly reason: string };

const keysWords = 'act with the keys in this file; the daemon only passes the result on';
const grantWords = 'the grant: its text, a file with it, or "-" for stdin';

/** Adds them. */
export function addGrantCommands(delegate: Command, run: Runner): void {
  addShowCommands(delegate, run);
  addVerifyCommand(delegate, run);
  addKeepCommands(delegate, run);
  addRevokeCommand(delegate, run);
}

function addShowCommands(delegate: Command, run: Runner): void {
  const tree = delegate
    .command('tree')
    .description('draw who has rights over an agent, through whom, and for how long')
    .argument('<agent>', 'agent id')
    .option('--keys <file>', keysWords);
  addExamples(tree, [
    ['weft delegate tree nanda:bq4k…', 'revoked and expired branches stand in it, too'],
  ]).action(
    run<[string], KeysOption>((context, [agent], options) => show(context, agent, options, renderGrantTree)),
  );
  const list = delegate
    .command('list')
    .description('the same, a line each')
    .argument('<agent>', 'agent id')
    .option('--keys <file>', keysWords);
  addExamples(list, [['weft delegate list nanda:bq4k… --json', 'as one JSON object']]).action(
    run<[string], KeysOption>((context, [agent], options) => show(context, agent, options, renderGrantList)),
  );
}

async function show(
  context: Context,
  agent: string,
  { keys }: KeysOption,
  render: typeof renderGrantTree,
): Promise<undefined> {
  const { terminal, nowMs } = context;
  const client = await openAgentClient(context, keys);
  const answer = await client.call('GET', `${pathOf(agent)}/grants`);
  terminal.give(answer);
  for (const line of render(terminal, answer as unknown as GrantTreeJson, nowMs())) terminal.say(line);
  return undefined;
}

function addVerifyCommand(delegate: Command, run: Runner): void {
  const command = delegate
    .command('verify')
    .description('check here whether a grant holds now: chain, rights, time, signatures, revocations')
    .argument('<grant>', grantWords)
    .addOption(new Option('--right <right>', 'a right that it must give').choices(Object.keys(rightBits)))
    .option('--fresh', 'ask the network in any case');
  addExamples(command, [
    ['weft delegate verify weft-grant:gg…', 'exit code 0 while it holds, 6 once it does not'],
    ['weft delegate verify helper.grant --right facts', 'and that it lets its holder sign facts'],
  ]).action(run<[string], VerifyOptions>((context, [given], options) => verify(context, given, options)));
}

async function verify(context: Context, given: string, options: VerifyOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const grant = parseGrant(await readGrantText(terminal, given));
  const network = createRemoteNetwork(context.client());
  const verdict = await judgeGrant(grant, {
    resolve: network.resolve,
    options: { fresh: options.fresh === true },
    nowSeconds: Math.floor(nowMs() / 1000),
    ...(options.right !== undefined && { right: options.right }),
  });
  terminal.give(verdict);
  const holds = verdict['holds'] === true;
  const rights = (verdict['rights'] as readonly string[]).join(', ');
  const words = holds ? terminal.paint('good', 'holds') : terminal.paint('bad', String(verdict['reason']));
  terminal.say(`${words}  ${rights}, ends ${relativeTime(String(verdict['expiresAt']), nowMs())}`);
  terminal.say(`  agent    ${String(verdict['agentId'])}`);
  terminal.say(`  holder   ${String(verdict['audience'])}`);
  terminal.say(`  depth    ${String(verdict['depth'])} of 3`);
  return holds ? exitCodes.ok : verdict['code'] === 'not-found' ? exitCodes.notFound : exitCodes.notUsable;
}

function addKeepCommands(delegate: Command, run: Runner): void {
  const keep = delegate
    .command('keep')
    .description('keep a grant that was received: to act under it, and to see it in the tree')
    .argument('<grant>', grantWords)
    .option('--keys <file>', keysWords);
  addExamples(keep, [['weft delegate keep helper.grant', 'checked, then kept by the daemon']]).action(
    run<[string], KeysOption>(async (context, [given], { keys }) => {
      const { terminal, nowMs } = context;
      const grant = await readGrantText(terminal, given);
      const client = await openAgentClient(context, keys);
      const path = `/v1/agents/${formatAgentId(parseGrant(grant).agentId)}/grants`;
      const answer = await client.call('PUT', path, { grant });
      terminal.give(answer);
      const whose = answer['isHeld'] === true ? 'the key here holds it' : 'another key holds it';
      terminal.say(
        `${terminal.paint('good', 'kept')}  ${whose}; ends ${relativeTime(String(answer['expiresAt']), nowMs())}`,
      );
      return undefined;
    }),
  );
  const renew = delegate
    .command('renew')
    .description('the same grant again for a new time; the old one ends when it ended')
    .argument('<grant>', grantWords)
    .requiredOption('--for <duration>', 'how long from now, such as 5m')
    .option('--keys <file>', keysWords)
    .option('--out <file>', 'write the grant there; stdout when left out');
  addExamples(renew, [
    ['weft delegate renew helper.grant --for 5m --out helper.grant', 'five minutes more'],
  ]).action(
    run<[string], RenewOptions>(async (context, [given], options) => {
      const { terminal } = context;
      const grant = await readGrantText(terminal, given);
      const client = await openAgentClient(context, options.keys);
      const path = `/v1/agents/${formatAgentId(parseGrant(grant).agentId)}/grants/renew`;
      const answer = await client.call('POST', path, { grant, expiresInSeconds: parseDuration(options.for) });
      if (options.out !== undefined) writeSecretFile(options.out, `${String(answer['grant'])}\n`);
      terminal.give(answer);
      terminal.say(options.out === undefined ? String(answer['grant']) : `  written to ${options.out}`);
      return undefined;
    }),
  );
}

function addRevokeCommand(delegate: Command, run: Runner): void {
  const command = delegate
    .command('revoke')
    .description('take a grant back; everything granted below it ends with it')
    .argument('<agent>', 'agent id')
    .argument('<grant>', 'its hash, its slot (1 to 7), its text, or a file with it');
  addExamples(addPublishOptions(addReasonOption(command)), [
    ['weft delegate revoke nanda:bq4k… 5c1d… --reason keyCompromise', 'by its hash, as the tree shows it'],
    ['weft delegate revoke nanda:bq4k… helper.grant', 'by the grant itself'],
  ]).action(
    run<[string, string], RevokeOptions>(async (context, [agent, given], options) => {
      const { terminal, nowMs } = context;
      const which = await whichOf(context, given);
      const client = await openAgentClient(context, options.keys);
      const body = { ...which, reason: options.reason, ...publishingOf(options) };
      const answer = await client.call('POST', `${pathOf(agent)}/revoke-delegation`, body);
      terminal.give(answer);
      return renderResult(terminal, answer as unknown as AgentResultJson, 'revoked a delegate of', nowMs());
    }),
  );
}

async function whichOf({ terminal }: Context, given: string): Promise<JsonObject> {
  if (/^[0-9a-f]{64}$/.test(given)) return { hash: given };
  if (/^\d$/.test(given)) return { slot: parseCount(given, 1, 7, '<grant>') };
  return { grant: await readGrantText(terminal, given) };
}

function pathOf(agent: string): string {
  return `/v1/agents/${formatAgentId(parseAgentId(agent))}`;
}
