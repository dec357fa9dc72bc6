/** `weft events`: the log of key events, which the daemon keeps in its data folder. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { type KeyEventLine, keyEventFileName, parseKeyEvent } from '../../node/key-event-log.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { readLines } from '../key-events-file.ts';
import { parseDuration } from '../words.ts';
import { styleByChange } from './watch.ts';

interface EventsOptions {
  readonly since?: string;
  readonly follow?: boolean;
}

/** Adds it. */
export function addEventsCommand(program: Command, run: Runner): void {
  const command = program
    .command('events')
    .description('show the key events and revocations that the node has accepted; needs no running daemon')
    .argument('[agents...]', 'agent ids; all when none is given')
    .option('--since <time>', 'only from this time on: ISO 8601, or a duration before now such as 2h')
    .option('--follow', 'wait for more, until Ctrl-C');
  addExamples(command, [
    ['weft events --since 1d', 'what happened since yesterday'],
    ['weft events nanda:bq4k… --json', 'one agent, one JSON object a line'],
    ['weft events --follow', 'all that is kept, and what comes'],
  ]).action(
    run<[string[]], EventsOptions>((context, [agents], options) => showEvents(context, agents, options)),
  );
}

async function showEvents(
  context: Context,
  agents: readonly string[],
  { since, follow = false }: EventsOptions,
): Promise<undefined> {
  const { terminal } = context;
  const wanted = new Set(agents.map((agent) => formatAgentId(parseAgentId(agent))));
  const from = since === undefined ? '' : timeOf(since, context.nowMs());
  const abort = new AbortController();
  const onInterrupt = (): void => abort.abort();
  process.once('SIGINT', onInterrupt);
  const path = join(context.config().dataDirectory, keyEventFileName);
  let shown = 0;
  try {
    for await (const line of readLines(path, { follow, signal: abort.signal })) {
      const event = parseKeyEvent(line);
      if (event === null || event.time < from) continue;
      if (wanted.size > 0 && !wanted.has(event.agentId)) continue;
      shown++;
      terminal.give(event);
      terminal.say(words(context, event));
    }
  } finally {
    process.off('SIGINT', onInterrupt);
  }
  if (shown === 0) terminal.note('no such event is in the log');
}

function words({ terminal }: Context, { time, event, agentId, detail, source }: KeyEventLine): string {
  const what = terminal.paint(styleByChange[event] ?? 'good', event.padEnd(18));
  return `${terminal.paint('quiet', time)}  ${what}  ${agentId}  ${terminal.paint('quiet', `${detail}, by ${source}`)}`;
}

/** As the log writes times, so that they compare as texts. */
function timeOf(text: string, nowMs: number): string {
  const isDate = /^\d{4}-\d{2}-\d{2}/.test(text);
  const timeMs = isDate ? Date.parse(text) : nowMs - parseDuration(text) * 1000;
  if (Number.isNaN(timeMs) || Math.abs(timeMs) > 8.64e15)
    throw new CliError(
      'usage',
      `--since: "${text}" is no time`,
      'write 2026-11-21T09:00Z, or 2h for two hours ago',
    );
  return new Date(timeMs).toISOString();
}
