/** `weft watch`: changes as this node accepts them. */
import type { Command } from 'commander';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { parseCount } from '../agent-options.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import type { StateJson } from '../render-agent.ts';
import type { Style } from '../terminal.ts';

interface ChangeJson {
  readonly type: string;
  readonly agentId: string;
  readonly change: string;
  readonly source: string;
  readonly acceptedAt: string;
  readonly state: StateJson;
}

/** How a change is shown. */
export const styleByChange: Readonly<Record<string, Style>> = {
  rotated: 'accent',
  recovered: 'warning',
  tombstoned: 'bad',
  forked: 'bad',
  'delegation-revoked': 'warning',
  'credential-revoked': 'warning',
};

/** Adds it. */
export function addWatchCommand(program: Command, run: Runner): void {
  const command = program
    .command('watch')
    .description('stream revocations, rotations and changes as this node accepts them, until Ctrl-C')
    .argument('[agents...]', 'agent ids; all that this node hears of when none is given')
    .option('--count <n>', 'end after so many changes');
  addExamples(command, [
    ['weft watch', 'everything'],
    ['weft watch nanda:bq4k… --json', 'one agent, one JSON object a line'],
    ['weft watch --count 1', 'wait for the next change'],
  ]).action(
    run<[string[]], { count?: string }>((context, [agents], options) =>
      watch(context, agents, options.count),
    ),
  );
}

async function watch(
  context: Context,
  agents: readonly string[],
  count: string | undefined,
): Promise<undefined> {
  const { terminal } = context;
  const ids = agents.map((agent) => formatAgentId(parseAgentId(agent)));
  const query = ids.map((id) => `agent=${encodeURIComponent(id)}`).join('&');
  const abort = new AbortController();
  const onInterrupt = (): void => abort.abort();
  process.once('SIGINT', onInterrupt);
  let left = count === undefined ? Number.POSITIVE_INFINITY : parseCount(count, 1, 1_000_000, '--count');
  try {
    for await (const item of context.client().stream(`/v1/changes${query && `?${query}`}`, abort.signal)) {
      if (item['type'] === 'heartbeat') continue;
      terminal.give(item);
      if (item['type'] === 'listening') {
        terminal.note(terminal.paint('quiet', 'listening; Ctrl-C ends'));
        continue;
      }
      terminal.say(line(context, item as unknown as ChangeJson));
      left--;
      if (left <= 0) break;
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    abort.abort();
    process.off('SIGINT', onInterrupt);
  }
}

function line({ terminal }: Context, change: ChangeJson): string {
  const at = change.acceptedAt.slice(11, 23);
  const { keys, revocations } = change.state;
  const detail =
    change.change === 'tombstoned'
      ? (keys?.endReason ?? '')
      : change.change.endsWith('-revoked')
        ? (revocations.at(-1)?.reason ?? '')
        : `sequence ${keys?.sequence ?? '?'}`;
  const what = terminal.paint(styleByChange[change.change] ?? 'good', change.change.padEnd(18));
  return `${terminal.paint('quiet', at)}  ${what}  ${change.agentId}  ${terminal.paint('quiet', `${detail}, by ${change.source}`)}`;
}
