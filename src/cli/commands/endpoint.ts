/** `weft endpoint`: where an agent can be called now, and how that was found. */
import type { Command } from 'commander';
import type { TraceStepView } from '../../api/api-error.ts';
import type { JsonObject } from '../../api/views.ts';
import { ControlError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { renderTrace } from '../render-trace.ts';
import { columns } from '../terminal.ts';
import { parseDuration, relativeTime } from '../words.ts';

interface EndpointOptions {
  readonly path?: string;
  readonly trust?: string;
  readonly skill?: string;
  readonly region?: string;
  readonly client?: string;
  readonly issuer?: readonly string[];
  readonly avoid?: readonly string[];
  readonly maxStaleness?: string;
  readonly timeout?: string;
  readonly url?: boolean;
}

interface EndpointJson {
  readonly agentId: string;
  readonly path: string;
  readonly endpoints: readonly {
    readonly url: string;
    readonly class: string;
    readonly region: string | null;
    readonly expiresAt: string;
    readonly token: string | null;
  }[];
  readonly facts: { readonly label: string; readonly version: string } | null;
  readonly trace: readonly TraceStepView[];
}

/** Adds it. */
export function addEndpointCommand(program: Command, run: Runner): void {
  const command = program
    .command('endpoint')
    .description('say where an agent can be called now, and show each step that led there')
    .argument('<agent>', 'agent id, or a name such as urn:agent:example.com:translator')
    .option('--path <path>', 'direct, private or adaptive', 'direct')
    .option('--trust <zone>', 'the facts must be trusted by this zone')
    .option('--skill <id>', 'what is needed, such as translate/en-es')
    .option('--region <name>', 'where you are, such as eu-west: the nearest come first')
    .option('--client <name>', 'who you are, as it will stand in tokens')
    .option('--issuer <did...>', 'who may have signed the facts beside the agent')
    .option('--avoid <url...>', 'endpoints that have just failed')
    .option('--max-staleness <duration>', 'use nothing that was confirmed longer ago, such as 30s')
    .option('--timeout <duration>', 'give up after this long', '10s')
    .option('--url', 'print the best URL alone');
  addExamples(command, [
    ['weft endpoint nanda:bq4k…', 'by the public facts of the agent'],
    ['weft endpoint nanda:bq4k… --path private', 'so that its host does not see who asks'],
    ['weft endpoint nanda:bq4k… --path adaptive --region eu-west', 'by its adaptive resolver'],
    ['curl "$(weft endpoint nanda:bq4k… --url)"', 'in a script'],
  ]).action(
    run<[string], EndpointOptions>(async (context, [agent], options) => {
      const answer = await ask(context, agent, options);
      context.terminal.give(answer as unknown as JsonObject);
      if (options.url) context.terminal.say(answer.endpoints[0]!.url);
      else show(context, answer);
      return undefined;
    }),
  );
}

async function ask(context: Context, agent: string, options: EndpointOptions): Promise<EndpointJson> {
  const { path, trust, skill, region, client, issuer, avoid, maxStaleness, timeout } = options;
  const body = {
    agent,
    ...(path !== undefined && { path }),
    ...(trust !== undefined && { trust }),
    ...(skill !== undefined && { skill }),
    ...(region !== undefined && { region }),
    ...(client !== undefined && { client }),
    ...(issuer !== undefined && { issuers: [...issuer] }),
    ...(avoid !== undefined && { avoid: [...avoid] }),
    ...(maxStaleness !== undefined && { maxStalenessSeconds: parseDuration(maxStaleness) }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) * 1000 }),
  };
  try {
    return (await context.client().call('POST', '/v1/endpoint', body)) as unknown as EndpointJson;
  } catch (error) {
    if (error instanceof ControlError && error.problem.trace !== undefined && !options.url)
      sayTrace(context, error.problem.trace);
    throw error;
  }
}

function show(context: Context, { agentId, path, endpoints, facts, trace }: EndpointJson): void {
  const { terminal, nowMs } = context;
  const who = facts === null ? agentId : `${facts.label} ${facts.version}`;
  terminal.note(`${terminal.paint('strong', who)}  ${terminal.paint('quiet', `by the ${path} path`)}`);
  sayTrace(context, trace);
  const rows = endpoints.map((one) => [
    terminal.paint('accent', one.url),
    one.class,
    one.region ?? '',
    terminal.paint(
      'quiet',
      `ends ${relativeTime(one.expiresAt, nowMs())}${one.token === null ? '' : ', with a token'}`,
    ),
  ]);
  for (const line of columns(rows)) terminal.say(line);
}

/** Notes, so that what a script reads is the endpoints alone. */
function sayTrace({ terminal, nowMs }: Context, trace: readonly TraceStepView[]): void {
  for (const line of renderTrace(terminal, trace, nowMs())) terminal.note(line);
}
