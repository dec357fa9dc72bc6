/** `weft routing`: what this node answers as the adaptive resolver of an agent. */
import type { Command } from 'commander';
import type { JsonObject } from '../../api/views.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { CliError } from '../cli-error.ts';
import type { Runner } from '../context.ts';
import { giveDocument, readDocument } from '../facts-draft.ts';
import { addExamples } from '../help.ts';
import { columns, type Terminal } from '../terminal.ts';
import { parseDuration } from '../words.ts';

interface SetOptions {
  readonly endpoint?: readonly string[];
  readonly policy?: readonly string[];
  readonly fallback?: readonly string[];
  readonly ttl?: string;
}

interface RoutingJson {
  readonly agentId: string;
  readonly resolverPath: string;
  readonly routing: {
    readonly endpoints: readonly { readonly url: string; readonly region?: string }[];
    readonly policies: readonly string[];
    readonly ttlSeconds: number;
    readonly fallback: readonly string[];
  };
  readonly loads: readonly { readonly url: string; readonly load: number | null }[];
}

/** Adds it and what is below it. */
export function addRoutingCommand(program: Command, run: Runner): void {
  const routing = program
    .command('routing')
    .description('route agents from this node, as their adaptive resolver (adaptive.enabled)');
  addSetCommand(routing, run);
  addShowCommand(routing, run);
  addRemoveCommand(routing, run);
  const schema = routing.command('schema').description('print the JSON Schema of a routing');
  addExamples(schema, [['weft routing schema > routing.schema.json', 'for an editor or a validator']]).action(
    run<[]>(async ({ terminal }) => {
      const { routingSchema } = await import('../../resolution/adaptive/routing-schema.ts');
      await giveDocument(terminal, routingSchema, undefined);
      return undefined;
    }),
  );
}

function addSetCommand(routing: Command, run: Runner): void {
  const command = routing
    .command('set')
    .description('answer for an agent from now on, with endpoints from a file or from options')
    .argument('<agent>', 'agent id; its key, or that of a delegate, is held by the daemon')
    .argument('[file]', 'the routing as JSON; stdin for "-"')
    .option('--endpoint <url...>', 'where it can be called, in place of a file')
    .option(
      '--policy <name...>',
      'load, geo, capability, threat-shield; capability, geo and load when left out',
    )
    .option(
      '--fallback <class...>',
      'what of its facts may be used where none of these can: rotating, static',
    )
    .option('--ttl <duration>', 'how long an answer stands, 30s to 60s');
  addExamples(command, [
    [
      'weft routing set nanda:bq4k… --endpoint https://a.example/a2a https://b.example/a2a',
      'the less loaded of two',
    ],
    ['weft routing set nanda:bq4k… routing.json', 'with regions, skills, keys for reports of load'],
  ]).action(
    run<[string, string | undefined], SetOptions>(async (context, [agent, file], options) => {
      const { terminal } = context;
      const draft =
        options.endpoint === undefined ? await readDocument(terminal, file) : draftOf(options, file);
      const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}/routing`;
      const answer = await context.client().call('PUT', path, draft as JsonObject);
      terminal.give(answer);
      const shown = answer as unknown as RoutingJson;
      show(terminal, shown);
      const hint = `weft update ${shown.agentId} --adaptive-resolver <URL of this API>${shown.resolverPath}`;
      terminal.say(terminal.paint('quiet', `  to let the index point here: ${hint}`));
      return undefined;
    }),
  );
}

function addShowCommand(routing: Command, run: Runner): void {
  const command = routing
    .command('show')
    .description('show how an agent is routed here, and what load its endpoints report')
    .argument('<agent>', 'agent id');
  addExamples(command, [['weft routing show nanda:bq4k…', 'endpoints, policies, loads']]).action(
    run<[string]>(async (context, [agent]) => {
      const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}/routing`;
      const answer = await context.client().call('GET', path);
      context.terminal.give(answer);
      show(context.terminal, answer as unknown as RoutingJson);
      return undefined;
    }),
  );
}

function addRemoveCommand(routing: Command, run: Runner): void {
  const command = routing
    .command('remove')
    .description('answer for an agent no more')
    .argument('<agent>', 'agent id');
  addExamples(command, [
    ['weft routing remove nanda:bq4k…', 'the record on the index stays as it is'],
  ]).action(
    run<[string]>(async (context, [agent]) => {
      const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}/routing`;
      const answer = await context.client().call('DELETE', path);
      context.terminal.give(answer);
      context.terminal.say(answer['removed'] === true ? 'removed' : 'there was nothing to remove');
      return undefined;
    }),
  );
}

function draftOf({ endpoint = [], policy, fallback, ttl }: SetOptions, file: string | undefined): JsonObject {
  if (file !== undefined)
    throw new CliError(
      'usage',
      'the endpoints stand in a file or in --endpoint, not in both',
      'give one of them',
    );
  return {
    endpoints: endpoint.map((url) => ({ url })),
    ...(policy !== undefined && { policies: [...policy] }),
    ...(fallback !== undefined && { fallback: [...fallback] }),
    ...(ttl !== undefined && { ttlSeconds: parseDuration(ttl) }),
  };
}

function show(terminal: Terminal, { agentId, routing, loads }: RoutingJson): void {
  const { policies, ttlSeconds, fallback } = routing;
  terminal.say(`${terminal.paint('good', 'routed')}  ${terminal.paint('strong', agentId)}`);
  const rows = routing.endpoints.map(({ url, region = '' }) => {
    const load = loads.find((one) => one.url === url)?.load ?? null;
    return [
      terminal.paint('accent', url),
      region,
      load === null ? 'no report' : `load ${Math.round(load * 100)}%`,
    ];
  });
  for (const line of columns(rows, '  ')) terminal.say(line);
  const other = fallback.length === 0 ? 'nothing else' : fallback.join(', then ');
  terminal.say(`  by ${policies.join(', ') || 'chance'}, for ${ttlSeconds} s; else ${other}`);
}
