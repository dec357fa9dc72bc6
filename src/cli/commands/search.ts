/** `weft search`: agents by what they can do and what they are. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import type { JsonObject } from '../../api/views.ts';
import { trustLevels } from '../../query/query-types.ts';
import { parseCount } from '../agent-options.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { type QueryJson, renderQuery } from '../render-query.ts';
import { columns, type Terminal } from '../terminal.ts';
import { counted, parseDuration, relativeTime } from '../words.ts';

interface SearchOptions {
  readonly text?: string;
  readonly skill?: string;
  readonly modality?: string;
  readonly language?: string;
  readonly region?: string;
  readonly certifiedBy?: string;
  readonly issuer?: readonly string[];
  readonly minTrust?: string;
  readonly policy?: string;
  readonly zone?: string;
  readonly strict?: boolean;
  /** Commander's `--no-fetch`. */
  readonly fetch: boolean;
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
    .description(
      'find agents by a tag that they announced, by words in what this node has seen, or by what they are',
    )
    .argument('[what]', 'a tag such as /translate/en-es (or the beginning of one), or words')
    .option('--text <words>', 'beside a tag: only agents with these words')
    .option('--skill <tag>', 'a tag, checked in the facts of each agent')
    .option('--modality <name>', 'what it takes or gives: text, audio, or a media type')
    .option('--language <tag>', 'a language that it speaks; en also finds en-GB')
    .option('--region <label>', 'where it is; eu also finds eu-west-1')
    .option('--certified-by <did>', 'who must have certified it')
    .option('--issuer <did...>', 'whose word on facts counts beside the agents’ own')
    .addOption(
      new Option(
        '--min-trust <level>',
        'how much must stand behind it: each level on top of those before',
      ).choices([...trustLevels]),
    )
    .option('--zone <name>', 'for --min-trust zone: one that the node knows')
    .option('--policy <file>', 'the same by the policy in a file')
    .option('--strict', 'leave out agents of which something could not be checked')
    .option('--no-fetch', 'read facts of this node alone, and fetch none')
    .option('--limit <number>', 'show at most so many, 1 to 100')
    .option('--verify', 'with a tag alone: resolve each agent before it is shown')
    .option('--timeout <duration>', 'give up after this long, such as 5s');
  addExamples(command, [
    ['weft search /translate', 'whoever announced /translate, or a tag below it'],
    ['weft search /translate/en-es --verify', 'each one resolved before it is shown'],
    ['weft search --skill /translate --language es --region eu', 'checked in the facts of each agent'],
    ['weft search --skill /translate --certified-by did:nanda:7xyz… --strict', 'and certified, proven'],
    ['weft search "legal translation" --json', 'by words, as one JSON object'],
  ]).action(
    run<[string | undefined], SearchOptions>((context, [what], options) => search(context, what, options)),
  );
}

function search(context: Context, what: string | undefined, options: SearchOptions): Promise<ExitCode> {
  const { skill, modality, language, region, certifiedBy, issuer, minTrust, policy, zone, strict, fetch } =
    options;
  const isQuery = [
    skill,
    modality,
    language,
    region,
    certifiedBy,
    issuer,
    minTrust,
    policy,
    zone,
    strict,
  ].some((one) => one !== undefined);
  if (isQuery || !fetch || what === undefined || !what.startsWith('/')) return query(context, what, options);
  return searchTag(context, what, options);
}

async function query(context: Context, what: string | undefined, options: SearchOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const { minTrust, zone, modality, language, region, certifiedBy, issuer, strict, limit, timeout } = options;
  const isTag = what?.startsWith('/') === true;
  const skill = options.skill ?? (isTag ? what : undefined);
  const text = options.text ?? (isTag ? undefined : what);
  const filters = { skill, text, modality, language, region, certifiedBy, minTrust, zone };
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  if (given.length === 0)
    throw new CliError('usage', 'nothing to look for', 'name a tag, words, or a filter');
  const body: JsonObject = {
    ...(Object.fromEntries(given) as JsonObject),
    ...(issuer !== undefined && { issuers: issuer }),
    ...(options.policy !== undefined && { policy: readPolicy(options.policy) }),
    ...(strict === true && { strict: true }),
    ...(!options.fetch && { fetch: false }),
    ...(limit !== undefined && { limit: parseCount(limit, 1, 100, '--limit') }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) * 1000 }),
  };
  const answer = await context.client().call('POST', '/v1/query', body);
  terminal.give(answer);
  for (const line of renderQuery(terminal, answer as unknown as QueryJson, nowMs())) terminal.say(line);
  return (answer['results'] as readonly object[]).length === 0 ? exitCodes.notFound : exitCodes.ok;
}

function readPolicy(file: string): JsonObject {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
  } catch (error) {
    throw new CliError(
      'unreadable',
      `cannot read ${file}: ${(error as Error).message}`,
      'name the policy of a zone',
      {
        cause: error,
      },
    );
  }
}

/** Hints of the overlay, in the least time. */
async function searchTag(context: Context, what: string, options: SearchOptions): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const { text, limit, verify, timeout } = options;
  const wanted = new URLSearchParams({
    capability: what,
    ...(text !== undefined && { text }),
    ...(limit !== undefined && { limit }),
    ...(verify === true && { verify: 'true' }),
    ...(timeout !== undefined && { timeoutMs: String(parseDuration(timeout) * 1000) }),
  });
  const answer = await context.client().call('GET', `/v1/search?${wanted}`);
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
