/** `weft facts fetch`: what an agent says about itself, found by its id, from wherever its record leads, and verified. */
import type { Command } from 'commander';
import { packageVersion } from '../../config/package-root.ts';
import { bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { parseAgentId } from '../../core/identity/agent-id.ts';
import { CliError, ControlError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { giveDocument } from '../facts-draft.ts';
import { sayVerdict, verdictContext, verdictJson } from '../facts-verdict.ts';
import { addExamples } from '../help.ts';
import { parseDuration } from '../words.ts';

interface FetchOptions {
  readonly issuer?: readonly string[];
  readonly allowPrivate?: boolean;
  readonly timeout: string;
  readonly raw?: boolean;
  readonly private?: boolean;
  readonly url?: string;
  readonly salt?: string;
  readonly ipfsGateway?: string;
}

/** Adds it below `facts`. */
export function addFetchCommand(facts: Command, run: Runner): void {
  const command = facts
    .command('fetch')
    .description('resolve an agent, fetch its facts from where its record says, and verify them')
    .argument('<agent>', 'agent id')
    .option('--issuer <did...>', 'who may have signed them beside the agent')
    .option('--private', 'those of its private pointer, asked for sealed through relays')
    .option('--url <url>', 'of a blinded pointer: the URL that you were given')
    .option('--salt <hex>', 'of a blinded pointer: the salt that you were given')
    .option(
      '--ipfs-gateway <url>',
      'for ipfs:// that the overlay does not hold; its answers are hash checked',
    )
    .option('--allow-private', 'also from this machine and from private networks')
    .option('--timeout <duration>', 'give up after this long', '10s')
    .option('--raw', 'print the credential alone');
  addExamples(command, [
    ['weft facts fetch nanda:bq4k…', 'what the agent says, checked'],
    ['weft facts fetch nanda:bq4k… --private', 'and nobody learns who asked for what'],
    ['weft facts fetch nanda:bq4k… --raw > facts.vc.json', 'the credential'],
    ['weft facts fetch nanda:bq4k… --allow-private', 'from a node on this machine'],
  ]).action(run<[string], FetchOptions>((context, [agent], options) => fetchOne(context, agent, options)));
}

async function fetchOne(context: Context, agent: string, options: FetchOptions): Promise<undefined> {
  const { terminal } = context;
  const agentId = parseAgentId(agent);
  const path = options.private === true ? 'private' : 'direct';
  const timeoutMs = parseDuration(options.timeout) * 1000;
  const given = {
    ...verdictContext(context, options.issuer, path),
    allowPrivate: options.allowPrivate === true,
    timeoutMs,
    userAgent: `weft/${packageVersion()}`,
    fetchContent: (digest: Uint8Array) => readContent(context, digest, path, timeoutMs),
    ...(options.ipfsGateway !== undefined && { ipfsGateway: options.ipfsGateway }),
    step: (name: string, what: string) => terminal.note(terminal.paint('quiet', `${name}  ${what}`)),
  };
  const blinded = blindedOf(options);
  const [{ fetchFacts }, { fetchPrivateFacts }] = await Promise.all([
    import('../../facts/fetch/fetch-facts.ts'),
    import('../../facts/fetch/private-facts.ts'),
  ]);
  const found = options.private
    ? await fetchPrivateFacts(agentId, { ...given, ...(blinded && { blinded }) })
    : await fetchFacts(agentId, given);
  if (options.raw) {
    await giveDocument(terminal, found.credential, undefined);
    return undefined;
  }
  const { url, servedFrom } = found;
  terminal.give({ ...verdictJson(found), url, servedFrom });
  sayVerdict(terminal, found, context.nowMs());
  return undefined;
}

/** The daemon asks the overlay; what it answers is hashed here again. */
async function readContent(
  context: Context,
  digest: Uint8Array,
  path: 'direct' | 'private',
  timeoutMs: number,
): Promise<Uint8Array | null> {
  const query = `path=${path}&timeoutMs=${Math.max(100, Math.min(120_000, timeoutMs))}`;
  try {
    return (await context.client().readBytes(`/v1/contents/${bytesToHex(digest)}?${query}`)).bytes;
  } catch (error) {
    if (error instanceof ControlError && error.problem.code === 'no-content') return null;
    throw error;
  }
}

/** @throws CliError `usage` */
function blindedOf({ url, salt, private: isPrivate }: FetchOptions) {
  if (url === undefined && salt === undefined) return undefined;
  if (url !== undefined && salt !== undefined && isPrivate && /^[0-9a-f]{32}$/i.test(salt))
    return { url, salt: hexToBytes(salt) };
  throw new CliError(
    'usage',
    'a blinded pointer needs its URL and its salt of 32 hexadecimal digits',
    'weft facts fetch <agent> --private --url <url> --salt <hex>',
  );
}
