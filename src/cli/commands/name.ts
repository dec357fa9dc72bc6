/** `weft name`: names of agents: resolved, published, withdrawn, listed; and what a namespace says of itself. */
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { columns, type Terminal } from '../terminal.ts';
import { counted, parseDuration, relativeTime } from '../words.ts';

interface TimeoutOptions {
  readonly timeout?: string;
}

interface StepJson {
  readonly kind: string;
  readonly text: string;
  readonly expiresAt: string | null;
}

interface ResolvedJson {
  readonly name: string;
  readonly agentId: string | null;
  readonly registry: string | null;
  readonly did: string | null;
  readonly label: 'dnssec' | 'dns' | 'self';
  readonly expiresAt: string;
  readonly steps: readonly StepJson[];
}

interface PublishJson {
  readonly publish: {
    readonly holders: number;
    readonly asked: number;
    readonly refusal: string | null;
    readonly isOvertaken: boolean;
  };
}

interface ListJson {
  readonly policy: string;
  readonly names: readonly {
    readonly label: string;
    readonly agentId: string | null;
    readonly registry: string | null;
    readonly did: string | null;
    readonly expiresAt: string;
  }[];
  readonly next: string | null;
}

interface ClaimOptions extends TimeoutOptions {
  readonly policy?: string;
  readonly target?: string;
  readonly none?: boolean;
}

/** Adds it. */
export function addNameCommand(program: Command, run: Runner): void {
  const command = program.command('name').description('names of agents: urn:agent:<namespace>:<label>');
  addResolve(command, run);
  addPublish(command, run);
  addWithdraw(command, run);
  addClaim(command, run);
  addList(command, run);
}

function addResolve(command: Command, run: Runner): void {
  const resolve = command
    .command('resolve')
    .description('find the agent behind a name, and say how')
    .argument('<name>', 'urn:agent:<namespace>:<label>, @<namespace>:<label>, @<namespace> or @<label>')
    .option('--no-follow', 'ask no registry: say where the answer is')
    .option('--dnssec', 'refuse what rests on a zone that the resolver of the daemon did not validate')
    .option('--timeout <duration>', 'give each step this long, such as 5s');
  addExamples(resolve, [
    ['weft name resolve @example.com:shop', 'by the zone example.com'],
    ['weft name resolve urn:agent:bq4k…:shop', 'under an agent, without the DNS'],
  ]).action(
    run<[string], TimeoutOptions & { readonly follow: boolean; readonly dnssec?: boolean }>(
      async (context, [name], options) => {
        const query = new URLSearchParams({
          name,
          ...(!options.follow && { follow: 'false' }),
          ...(options.dnssec && { dnssec: 'required' }),
          ...(options.timeout !== undefined && { timeoutMs: String(parseDuration(options.timeout) * 1000) }),
        });
        const answer = await context.client().call('GET', `/v1/names/resolve?${query}`);
        context.terminal.give(answer);
        return sayResolved(context, answer as unknown as ResolvedJson);
      },
    ),
  );
}

function addPublish(command: Command, run: Runner): void {
  const publish = command
    .command('publish')
    .description('say what a label of a namespace stands for; the daemon keeps the name alive')
    .argument('<namespace>', 'agent id, of an agent whose keys the daemon holds')
    .argument('<label>', 'such as shop')
    .argument('<target>', 'an agent id, the URL of a registry, or a DID')
    .option('--timeout <duration>', 'wait for the storing peers this long, such as 5s');
  addExamples(publish, [
    ['weft name publish nanda:bq4k… shop nanda:7xr2…', 'an agent of the index'],
    ['weft name publish nanda:bq4k… staff https://agents.example.com', 'a registry that is asked next'],
  ]).action(
    run<[string, string, string], TimeoutOptions>(async (context, [namespace, label, target], options) => {
      const body = { ...targetOf(target), ...timeoutOf(options) };
      const answer = await context.client().call('PUT', nameUrl(namespace, label), body);
      context.terminal.give(answer);
      return sayPublished(context.terminal, answer as unknown as PublishJson, `${label} is ${target}`);
    }),
  );
}

function addWithdraw(command: Command, run: Runner): void {
  const withdraw = command
    .command('withdraw')
    .description('withdraw a name; it stays withdrawn until nothing older can stand')
    .argument('<namespace>', 'agent id, of an agent whose keys the daemon holds')
    .argument('<label>', 'such as shop');
  addExamples(withdraw, [['weft name withdraw nanda:bq4k… shop', 'no longer found']]).action(
    run<[string, string], object>(async (context, [namespace, label]) => {
      const answer = await context.client().call('DELETE', nameUrl(namespace, label));
      context.terminal.give(answer);
      return sayPublished(context.terminal, answer as unknown as PublishJson, `${label} is withdrawn`);
    }),
  );
}

function addClaim(command: Command, run: Runner): void {
  const claim = command
    .command('claim')
    .description('say which zones and DIDs a namespace is, and who may list its names')
    .argument('<namespace>', 'agent id, of an agent whose keys the daemon holds')
    .argument('[claim...]', 'up to 4 DNS names and DIDs, in place of those before')
    .option('--none', 'claim nothing any more')
    .option('--policy <policy>', 'who may list its names: open, throttled or hidden')
    .option('--target <target>', 'what @<namespace> stands for: an agent id, a registry or a DID')
    .option('--timeout <duration>', 'wait for the storing peers this long, such as 5s');
  addExamples(claim, [
    ['weft name claim nanda:bq4k… example.com', 'prints the TXT record that the zone needs'],
    ['weft name claim nanda:bq4k… --policy hidden', 'nobody is shown its names'],
  ]).action(
    run<[string, string[]], ClaimOptions>(async (context, [namespace, claims], options) => {
      const { none = false, policy, target } = options;
      if (none && claims.length > 0) throw new CliError('usage', 'name claims, or --none', 'not both');
      const body = {
        ...((none || claims.length > 0) && { claims }),
        ...(policy !== undefined && { policy }),
        ...(target !== undefined && { target: targetOf(target) }),
        ...timeoutOf(options),
      };
      const path = `/v1/agents/${formatAgentId(parseAgentId(namespace))}/namespace`;
      const answer = await context.client().call('PUT', path, body);
      context.terminal.give(answer);
      const said = answer as unknown as PublishJson & {
        readonly policy: string;
        readonly claims: readonly string[];
        readonly zoneRecords: readonly { readonly name: string; readonly text: string }[];
      };
      const what = said.claims.length === 0 ? 'claims nothing' : `claims ${said.claims.join(', ')}`;
      const code = sayPublished(context.terminal, said, `${what}; ${said.policy}`);
      for (const { name, text } of said.zoneRecords) context.terminal.say(`${name}. IN TXT "${text}"`);
      return code;
    }),
  );
}

function addList(command: Command, run: Runner): void {
  const list = command
    .command('list')
    .description('list the names of a namespace that the daemon keeps')
    .argument('<namespace>', 'agent id, or a DNS name or DID that it claims')
    .option('--after <label>', 'labels after this one')
    .option('--limit <number>', 'show at most so many, 1 to 100');
  addExamples(list, [['weft name list nanda:bq4k…', 'all of them, a page at a time']]).action(
    run<[string], { readonly after?: string; readonly limit?: string }>(
      async (context, [namespace], { after, limit }) => {
        const query = new URLSearchParams({
          namespace,
          ...(after !== undefined && { after }),
          ...(limit !== undefined && { limit }),
        });
        const answer = await context.client().call('GET', `/v1/names?${query}`);
        context.terminal.give(answer);
        return sayList(context, answer as unknown as ListJson);
      },
    ),
  );
}

function sayResolved({ terminal, nowMs }: Context, found: ResolvedJson): ExitCode {
  for (const line of columns(found.steps.map((step) => cellsOf(terminal, step, nowMs())))) terminal.say(line);
  const { agentId, registry, did, label, expiresAt } = found;
  const end = agentId ?? registry ?? did ?? found.name;
  const tone = label === 'dns' ? 'warning' : 'good';
  const until = terminal.paint('quiet', `until ${relativeTime(expiresAt, nowMs())}`);
  terminal.say(`${end}  ${terminal.paint(tone, label)}  ${until}`);
  return exitCodes.ok;
}

function cellsOf(terminal: Terminal, { kind, text, expiresAt }: StepJson, nowMs: number): string[] {
  const ends = expiresAt === null ? '' : terminal.paint('quiet', `ends ${relativeTime(expiresAt, nowMs)}`);
  return [terminal.paint('quiet', kind), text, ends];
}

function sayPublished(terminal: Terminal, { publish }: PublishJson, what: string): ExitCode {
  const { holders, asked, refusal, isOvertaken } = publish;
  const isTaken = holders > 0 && !isOvertaken;
  const reason = refusal === null ? '' : `, others refused: ${refusal}`;
  const overtaken = isOvertaken ? ', one keeps a newer record' : '';
  terminal.say(
    `${terminal.paint(isTaken ? 'good' : 'bad', what)}  ${counted(holders, 'storing peer')} of ${asked}${reason}${overtaken}`,
  );
  return isTaken ? exitCodes.ok : exitCodes.failure;
}

function sayList({ terminal, nowMs }: Context, { names, policy, next }: ListJson): ExitCode {
  const rows = names.map(({ label, agentId, registry, did, expiresAt }) => [
    label,
    agentId ?? registry ?? did ?? '',
    terminal.paint('quiet', `ends ${relativeTime(expiresAt, nowMs())}`),
  ]);
  for (const line of columns(rows)) terminal.say(line);
  const more = next === null ? '' : `; more with --after ${next}`;
  terminal.say(terminal.paint('quiet', `${counted(names.length, 'name')}; ${policy} to others${more}`));
  return exitCodes.ok;
}

function targetOf(text: string): Readonly<Record<string, string>> {
  if (/^https?:/.test(text)) return { registry: text };
  if (/^did:(?!nanda:)/.test(text)) return { did: text };
  return { agentId: formatAgentId(parseAgentId(text)) };
}

function timeoutOf({ timeout }: TimeoutOptions): { readonly timeoutMs?: number } {
  return timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) * 1000 };
}

function nameUrl(namespace: string, label: string): string {
  return `/v1/agents/${formatAgentId(parseAgentId(namespace))}/names/${encodeURIComponent(label)}`;
}
