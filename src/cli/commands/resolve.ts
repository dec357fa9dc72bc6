/** `weft resolve`: where an agent is, and whether to trust it. */
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { type ResolutionJson, renderResolution, verdicts } from '../render-agent.ts';
import { parseDuration } from '../words.ts';

interface ResolveOptions {
  readonly fresh?: boolean;
  readonly timeout?: string;
  readonly raw?: boolean;
  readonly private?: boolean;
}

/** Adds it. */
export function addResolveCommand(program: Command, run: Runner): void {
  const command = program
    .command('resolve')
    .description('find an agent’s record in the network and say whether it holds')
    .argument('<agent>', 'agent id: nanda:…, did:nanda:… or the 52 characters alone')
    .option('--fresh', 'ask the network even when this node has a fresh answer')
    .option('--timeout <duration>', 'give up after this long, such as 5s')
    .option('--private', 'ask sealed through relays, so that nobody learns who asks for what')
    .option('--raw', 'write the agent’s bundle, as bytes, for `weft inspect` or another network');
  addExamples(command, [
    ['weft resolve nanda:bq4k…', 'fields, keys, and who answered'],
    ['weft resolve nanda:bq4k… --private', 'without telling anybody who asks for what'],
    ['weft resolve nanda:bq4k… --fresh --json', 'from the network, as one JSON object'],
    ['weft resolve nanda:bq4k… --raw | weft inspect', 'every signature, one by one'],
  ]).action(run<[string], ResolveOptions>((context, [agent], options) => resolve(context, agent, options)));
}

async function resolve(context: Context, agent: string, options: ResolveOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const query = [
    ...(options.fresh ? ['fresh=true'] : []),
    ...(options.private ? ['path=private'] : []),
    ...(options.timeout === undefined ? [] : [`timeoutMs=${parseDuration(options.timeout) * 1000}`]),
  ].join('&');
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}`;
  if (options.raw) {
    const { bytes } = await context.client().readBytes(`${path}/bundle${query && `?${query}`}`);
    terminal.stdout.write(bytes);
    return exitCodes.ok;
  }
  const answer = await context.client().call('GET', `${path}${query && `?${query}`}`);
  terminal.give(answer);
  const resolution = answer as unknown as ResolutionJson;
  for (const line of renderResolution(terminal, resolution, nowMs())) terminal.say(line);
  return verdicts[resolution.status]?.exitCode ?? exitCodes.failure;
}
