/**
 * The adaptive resolver of a node: for agents whose key (or a delegate's with the right `facts`) it holds, it answers each
 * question with a signed route that stands for 30 to 60 seconds. Decides whom to sign for and what counts as load; which
 * endpoints fit is decided by policies.ts.
 */
import { bytesToHex } from '../../core/bytes.ts';
import type { SignatureCheck, Signer } from '../../core/ed25519.ts';
import { type AgentId, agentKey, formatAgentDid } from '../../core/identity/agent-id.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import { keyOfAgent, methodOfAgent } from '../../facts/issuer-keys.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Store } from '../../ports/store.ts';
import { ResolutionError } from '../resolution-error.ts';
import { loadReportSeconds, shortTextMax } from '../resolution-limits.ts';
import { speakingState } from './authority.ts';
import { type EndpointToken, issueEndpointToken } from './endpoint-token.ts';
import { encode } from './jws.ts';
import { assertReported, isNews, type KnownLoad, readLoadReport } from './load-report.ts';
import { chooseRoute } from './policies.ts';
import { type Route, signRoute } from './route.ts';
import type { RoutedPlace, Routing } from './routing-schema.ts';
import type { RoutingShelf } from './routing-shelf.ts';
import { createShield } from './shield.ts';

/** What a client asks. */
export interface RouteQuestion {
  /** As it will stand in the answer and its tokens. */
  readonly client: string;
  /** Of its own, new for each question. */
  readonly nonce: string;
  readonly skill: string | null;
  readonly region: string | null;
  /** Where the question came from, as the network shows it. */
  readonly address: string;
}

export interface AdaptiveRoute {
  /** The signed route. */
  readonly text: string;
  readonly route: Route;
}

export interface AdaptiveResolver {
  /** Routes for an agent from now on, in place of what was routed before. @throws ResolutionError, StoreError */
  setRouting(agentId: AgentId, draft: unknown): Promise<Routing>;
  /** @throws ResolutionError `no-routing` */
  routing(agentId: AgentId): Promise<Routing>;
  /** False when there was none. */
  removeRouting(agentId: AgentId): Promise<boolean>;
  /** @throws ResolutionError `no-routing`, `over-limit`, `wrong-key` when nobody here may sign, `bad-request` */
  answer(agentId: AgentId, question: RouteQuestion): Promise<AdaptiveRoute>;
  /** False when it says nothing new. @throws ResolutionError `no-routing`, `bad-report`, `bad-token` */
  report(agentId: AgentId, text: string): Promise<boolean>;
  /** What counts now, by endpoint; null where nothing does. */
  loads(agentId: AgentId): Promise<ReadonlyMap<string, number | null>>;
}

export interface AdaptiveResolverParts {
  readonly store: Pick<Store, 'write' | 'entries'>;
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  readonly check: (check: SignatureCheck) => boolean;
  /** The keys held here that could speak for the agent, the best first. */
  readonly findSigners: (agentId: AgentId) => Promise<readonly Signer[]>;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

const tokenIdBytes = 16;
const secretBytes = 32;

/** Opens nothing yet. */
export function createAdaptiveResolver(parts: AdaptiveResolverParts): AdaptiveResolver {
  const { clock, entropy, check } = parts;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  const shield = createShield(() => clock.nowMs());
  const secret = entropy.randomBytes(secretBytes);
  /** Of endpoints that a routing names, and of no others. */
  const loadsByAgent = new Map<string, Map<string, KnownLoad>>();
  let opening: Promise<RoutingShelf> | null = null;

  function shelf(): Promise<RoutingShelf> {
    opening ??= import('./routing-shelf.ts').then(({ openRoutingShelf }) => openRoutingShelf(parts.store));
    return opening;
  }

  async function routing(agentId: AgentId): Promise<Routing> {
    const found = (await shelf()).get(agentId);
    if (found !== undefined) return found;
    throw new ResolutionError('no-routing', 'this node routes nothing for that agent');
  }

  function loadOf(agentId: AgentId, url: string): number | null {
    const known = loadsByAgent.get(agentKey(agentId))?.get(url);
    return known !== undefined && nowSeconds() - known.issuedAt <= loadReportSeconds ? known.load : null;
  }

  return {
    routing,
    async setRouting(agentId, draft) {
      const { readRouting } = await import('./routing.ts');
      const wanted = readRouting(draft);
      await (await shelf()).put(agentId, wanted);
      loadsByAgent.delete(agentKey(agentId));
      return wanted;
    },
    async removeRouting(agentId) {
      loadsByAgent.delete(agentKey(agentId));
      return (await shelf()).remove(agentId);
    },
    async answer(agentId, question) {
      assertQuestion(question);
      const followed = await routing(agentId);
      if (followed.policies.includes('threat-shield'))
        shield(agentKey(agentId), question.address, followed.shield.requestsPerMinute);
      const signer = await speakingSigner(parts, agentId, nowSeconds());
      const places = chooseRoute(followed, {
        ...question,
        secret,
        loadOf: (url) => loadOf(agentId, url),
        random: (below) => randomBelow(entropy, below),
      });
      return signedRoute(agentId, question, { routing: followed, places }, signer, {
        nowSeconds: nowSeconds(),
        entropy,
      });
    },
    async report(agentId, text) {
      const { endpoints } = await routing(agentId);
      const claim = readLoadReport(text);
      if (claim.audience !== formatAgentDid(agentId))
        throw new ResolutionError('bad-report', 'the report is about an endpoint of another agent');
      const key = endpoints.find(({ url }) => url === claim.url)?.key;
      if (key === undefined)
        throw new ResolutionError('bad-report', 'the routing names no such endpoint with a key');
      const known = loadsByAgent.get(agentKey(agentId)) ?? new Map<string, KnownLoad>();
      if (!isNews(claim, known.get(claim.url), nowSeconds())) return false;
      assertReported(claim, key, check);
      known.set(claim.url, { load: claim.load, issuedAt: claim.issuedAt });
      loadsByAgent.set(agentKey(agentId), known);
      return true;
    },
    async loads(agentId) {
      const { endpoints } = await routing(agentId);
      return new Map(endpoints.map(({ url }) => [url, loadOf(agentId, url)]));
    },
  };
}

function signedRoute(
  agentId: AgentId,
  { client, nonce, skill, region }: RouteQuestion,
  { routing, places }: { readonly routing: Routing; readonly places: readonly RoutedPlace[] },
  signer: Signer,
  { nowSeconds, entropy }: { readonly nowSeconds: number; readonly entropy: Entropy },
): AdaptiveRoute {
  const times = { issuedAt: nowSeconds, expiresAt: nowSeconds + routing.ttlSeconds };
  const token = (audience: string): EndpointToken => {
    const id = encode(entropy.randomBytes(tokenIdBytes));
    return { agentId, audience, client, ...times, id, skill, region };
  };
  const { policies, fallback } = routing;
  const endpoints = places.map((place) => ({
    url: place.url,
    token: issueEndpointToken(token(place.url), signer),
    region: place.region ?? null,
    protocol: place.protocol ?? null,
    version: place.version ?? null,
  }));
  const route: Route = { agentId, client, nonce, ...times, policies, fallback, endpoints };
  return { route, text: signRoute(route, signer) };
}

/** The first key here that speaks for the agent now: what it signs holds with everybody. */
async function speakingSigner(
  { resolve, findSigners }: AdaptiveResolverParts,
  agentId: AgentId,
  nowSeconds: number,
): Promise<Signer> {
  const state = speakingState(agentId, await resolve(agentId));
  for (const signer of await findSigners(agentId)) {
    try {
      keyOfAgent(state, methodOfAgent(agentId, signer.publicKey), { created: nowSeconds, now: nowSeconds });
      return signer;
    } catch {
      // Rotated away, or without the right: the next may do.
    }
  }
  throw new ResolutionError('wrong-key', 'this node holds no key that may speak for the agent now');
}

function assertQuestion({ client, nonce, skill, region }: RouteQuestion): void {
  for (const text of [client, nonce, skill, region])
    if (text !== null && (text === '' || text.length > shortTextMax))
      throw new ResolutionError(
        'bad-request',
        `client, nonce, skill and region have 1 to ${shortTextMax} characters`,
      );
}

/** Without the bias of a remainder that anybody could see: 48 bits over a few. */
function randomBelow(entropy: Entropy, below: number): number {
  return Number.parseInt(bytesToHex(entropy.randomBytes(6)), 16) % below;
}
