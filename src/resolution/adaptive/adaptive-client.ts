/** Asking an adaptive resolver: one GET past the guard, and nothing of the answer believed that does not hold. */
import { utf8FromBytes } from '../../core/bytes.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { ResolutionError } from '../resolution-error.ts';
import { resolverTimeoutMs, routeBytesMax } from '../resolution-limits.ts';
import type { ResolutionPorts } from '../resolution-types.ts';
import type { Authority } from './authority.ts';
import { encode } from './jws.ts';
import { checkRoute, type Route, routeMediaType } from './route.ts';

export interface AskedRoute {
  readonly route: Route;
  readonly sizeBytes: number;
}

export interface RouteWish {
  readonly agentId: AgentId;
  readonly client: string;
  readonly skill: string | null;
  readonly region: string | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const nonceBytes = 16;
/** A cache on the way, or a resolver, that answers with what it said before is found out by it. */
const silentCodes: ReadonlySet<string> = new Set(['unreachable', 'too-slow']);

/**
 * @param authority as of after the answer came: a revocation in the meantime counts
 * @throws ResolutionError `resolver-unreachable` when nothing came, `bad-route` when it does not hold, with the reason
 */
export async function askResolver(
  url: string,
  wish: RouteWish,
  ports: Pick<ResolutionPorts, 'fetchText' | 'randomBytes'>,
  authority: () => Promise<Authority>,
): Promise<AskedRoute> {
  const { agentId, client } = wish;
  const nonce = encode(ports.randomBytes(nonceBytes));
  const question = questionUrl(url, wish, nonce);
  try {
    const { bytes, contentType } = await ports.fetchText(question, {
      bytesMax: routeBytesMax,
      accept: routeMediaType,
      timeoutMs: Math.min(wish.timeoutMs, resolverTimeoutMs),
      signal: wish.signal,
    });
    if (contentType !== routeMediaType)
      throw new ResolutionError('bad-token', `it answered ${contentType || 'no content type'}`);
    const route = checkRoute(utf8FromBytes(bytes), { agentId, client, nonce }, await authority());
    return { route, sizeBytes: bytes.length };
  } catch (error) {
    throw routeErrorOf(error, url);
  }
}

function questionUrl(url: string, { client, skill, region }: RouteWish, nonce: string): string {
  if (!URL.canParse(url)) throw new ResolutionError('bad-route', 'the resolver’s address is no URL');
  const place = new URL(url);
  place.searchParams.set('client', client);
  place.searchParams.set('nonce', nonce);
  if (skill !== null) place.searchParams.set('skill', skill);
  if (region !== null) place.searchParams.set('region', region);
  return place.href;
}

function routeErrorOf(error: unknown, url: string): unknown {
  const host = URL.canParse(url) ? new URL(url).host : '';
  if (error instanceof ResolutionError) {
    if (error.code === 'bad-route') return error;
    return new ResolutionError('bad-route', `the answer of the resolver is refused: ${error.message}`, {
      host,
      reason: error.code,
    });
  }
  if (!(error instanceof FactsError)) return error;
  const code = silentCodes.has(error.code) ? 'resolver-unreachable' : 'bad-route';
  return new ResolutionError(code, `the resolver gave no route: ${error.message}`, {
    host,
    reason: error.code,
  });
}
