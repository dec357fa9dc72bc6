/** `weft search`: agents by what they can do. */
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { columns, type Terminal } from '../terminal.ts';
import { counted, parseDuration, relativeTime } from '../words.ts';

interface SearchOptions {
  readonly text?: string;
  readonly limit?: string;
  readonly verify?: boolean;
  readonly timeout?: string;
}

interface FoundJson {
  readonly agentId: string;
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly score: number;
  readonly source: 'announcement' | 'facts';
  readonly verified: boolean;
  readonly expiresAt: string | null;
}

interface SearchJson {
  readonly results: readonly FoundJson[];
  readonly horizon: {
    readonly overlay: {
      readonly tag: string;
      readonly asked: number;
      readonly responders: number;
      readonly isComplete: boolean;
    } | null;
  };
}

/** Adds it. */
export function addSearchCommand(program: Command, run: Runner): void {
  const command = program
    .command('search')
    .description('find agents by a tag that they announced, or by words in the facts that this node serves')
    .argument('<what>', 'a tag such as /translate/en-es (or the beginning of one), or words')
    .option('--text <words>', 'beside a tag: only agents with these words')
    .option('--limit <number>', 'show at most so many, 1 to 100')
    .option('--verify', 'resolve each agent before it is shown')
    .option('--timeout <duration>', 'give up after this long, such as 5s');
  addExamples(command, [
    ['weft search /translate', 'whoever announced /translate, or a tag below it'],
    ['weft search /translate/en-es --verify', 'each one resolved before it is shown'],
    ['weft search "legal translation" --json', 'by words, as one JSON object'],
  ]).action(run<[string], SearchOptions>((context, [what], options) => search(context, what, options)));
}

async function search(context: Context, what: string, options: SearchOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const { text, limit, verify, timeout } = options;
  const query = new URLSearchParams({
    ...(what.startsWith('/') ? { capability: what } : { text: what }),
    ...(text !== undefined && { text }),
    ...(limit !== undefined && { limit }),
    ...(verify === true && { verify: 'true' }),
    ...(timeout !== undefined && { timeoutMs: String(parseDuration(timeout) * 1000) }),
  });
  const answer = await context.client().call('GET', `/v1/search?${query}`);
  terminal.give(answer);
  const found = answer as unknown as SearchJson;
  for (const line of columns(found.results.map((row) => cellsOf(terminal, row, nowMs())))) terminal.say(line);
  sayHorizon(terminal, found);
  return found.results.length === 0 ? exitCodes.notFound : exitCodes.ok;
}

function cellsOf(terminal: Terminal, row: FoundJson, nowMs: number): string[] {
  const mark = row.verified ? terminal.paint('good', 'verified') : terminal.paint('warning', 'hint');
  const ends =
    row.expiresAt === null ? '' : terminal.paint('quiet', `ends ${relativeTime(row.expiresAt, nowMs)}`);
  const tags = row.tags.join(' ');
  return [row.agentId, String(row.score), mark, row.name === null ? tags : `${row.name}  ${tags}`, ends];
}

function sayHorizon(terminal: Terminal, { results, horizon: { overlay } }: SearchJson): void {
  const shown = results.length === 0 ? 'nobody was found' : counted(results.length, 'agent');
  const asked =
    overlay === null
      ? 'looked in the facts that this node serves, and nowhere else'
      : `${overlay.responders} of ${counted(overlay.asked, 'peer')} asked answered${overlay.isComplete ? '' : '; there may be more'}`;
  terminal.say(terminal.paint('quiet', `${shown}; ${asked}`));
}
