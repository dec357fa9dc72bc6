/**
 * From a name or an id to endpoints that are alive: name → id → AgentAddr → facts → endpoint, by one of three paths, each step
 * verified, kept no longer than what stands above it, and told in a trace.
 *
 * Fallback of the adaptive path: the resolver, then what the routing rule allows of rotating and static endpoints of the facts,
 * each until its end, then an error. The rule is that of the route, else that of the facts, else rotating before static.
 * Source: "Beyond DNS" (arXiv 2507.14263) §V-D, §V-E, §VI.
 */
import { bytesToHex } from '../core/bytes.ts';
import { agentKey, parseAgentId } from '../core/identity/agent-id.ts';
import { classOrder, liveEndpoints, offersSkill } from './choose-endpoints.ts';
import { type FactsPath, type Flights, type FoundFacts, findFacts, issuerKeyOf } from './facts-step.ts';
import { createLayerCache } from './layers.ts';
import { findName } from './name-step.ts';
import { type FoundRecord, findRecord, isSameState } from './record-step.ts';
import { ResolutionError } from './resolution-error.ts';
import { resolutionsMax } from './resolution-limits.ts';
import type {
  EndpointAnswer,
  EndpointPath,
  EndpointRequest,
  EndpointResolver,
  FallbackClass,
  LiveEndpoint,
  ResolutionPorts,
} from './resolution-types.ts';
import { findRoute } from './route-step.ts';
import { type AgentSession, openSession, type Session, sessionOf, wishOf } from './session.ts';
import { traced } from './trace.ts';
import { judgeFacts } from './trust-step.ts';

const clientNameBytes = 8;

/** Endpoints by one path, and the facts that were read for them. */
interface Found {
  readonly endpoints: readonly LiveEndpoint[];
  readonly facts: FoundFacts | null;
  readonly path: EndpointPath;
}

/** The facts of one resolution: read once, when a step first needs them. */
interface FactsReader {
  read(path: FactsPath, fresh?: boolean): Promise<FoundFacts>;
  readonly found: FoundFacts | null;
}

export function createEndpointResolver(ports: ResolutionPorts): EndpointResolver {
  const cache = createLayerCache();
  const flights: Flights = new Map();
  const clientDefault = `weft-${bytesToHex(ports.randomBytes(clientNameBytes))}`;
  let underWay = 0;

  async function resolve(nameOrId: string, request: EndpointRequest = {}): Promise<EndpointAnswer> {
    if (underWay >= resolutionsMax)
      throw new ResolutionError('busy', `${resolutionsMax} resolutions are under way here`);
    const session = openSession(request, wishOf(request, clientDefault), { ports, cache });
    underWay++;
    try {
      return await traced(session.tracer, () => resolveIn(session, nameOrId, flights));
    } finally {
      underWay--;
      session.close();
    }
  }

  return {
    resolve,
    changed(agentId, isAuthority) {
      const key = agentKey(agentId);
      if (!isAuthority) {
        cache.evictRecord(key);
        return;
      }
      cache.evict(key);
      cache.evictIssued(key, issuerKeyOf);
    },
    get kept() {
      return { agents: cache.agents, names: cache.names, sizeBytes: cache.sizeBytes };
    },
  };
}

async function resolveIn(session: Session, nameOrId: string, flights: Flights): Promise<EndpointAnswer> {
  const startMs = session.nowMs();
  const named = await findName(session, nameOrId);
  const agent = sessionOf(session, named.agentId);
  // What is revoked or replaced while the steps run begins them once more; a second time it is told.
  for (let attempt = 1; ; attempt++) {
    const record = await findRecord(agent, named.registry);
    const found = await byPath(agent, record, flights);
    const endMs = Math.min(named.holdsUntilMs, record.layer.endMs);
    const endpoints = found.endpoints.map((one) => ({
      ...one,
      expiresAtMs: Math.min(one.expiresAtMs, endMs),
    }));
    if (await stillStands(agent, record)) {
      sayEndpoints(agent, endpoints);
      const { tracer, nowMs } = session;
      return {
        agentId: named.agentId,
        name: isAgentId(nameOrId) ? null : nameOrId,
        path: found.path,
        endpoints,
        facts: found.facts?.layer.facts ?? null,
        trace: tracer.steps,
        tookMs: nowMs() - startMs,
      };
    }
    if (attempt === 2) throw new ResolutionError('not-usable', 'the agent changed while it was resolved');
  }
}

async function byPath(session: AgentSession, record: FoundRecord, flights: Flights): Promise<Found> {
  const facts = createFactsReader(session, record, flights);
  const { path } = session.wish;
  if (path === 'adaptive') return adaptively(session, record, facts);
  const endpoints = await fromFacts(session, facts, path === 'private' ? 'private' : 'primary', classOrder);
  return { endpoints, facts: facts.found, path };
}

async function adaptively(session: AgentSession, record: FoundRecord, facts: FactsReader): Promise<Found> {
  const { wish } = session;
  const pointed = record.fields.adaptive.value;
  // Facts are read only where the record does not say enough: §V-D 2, §VI-C.
  if (wish.trust !== null || typeof pointed !== 'string') await facts.read('primary');
  const url = typeof pointed === 'string' ? pointed : resolverOf(facts.found);
  let rule: readonly FallbackClass[] | null = null;
  let reason: unknown = new ResolutionError('no-endpoint', 'the agent names no adaptive resolver');
  if (url === null)
    session.tracer.begin(
      'resolver',
      'an endpoint',
    )({
      outcome: 'missing',
      from: 'record and facts',
      said: 'they name no adaptive resolver',
    });
  else
    try {
      const origin = { url, record: record.layer, endMs: facts.found?.endMs ?? record.layer.endMs };
      const { endpoints, route } = await findRoute(session, origin);
      if (endpoints.length > 0) return { endpoints, facts: facts.found, path: 'adaptive' };
      rule = route.fallback;
      reason = new ResolutionError('no-endpoint', 'the resolver has no endpoint that fits');
    } catch (error) {
      session.signal.throwIfAborted();
      if (!(error instanceof ResolutionError)) throw error;
      reason = error;
    }
  return fallBack(session, facts, rule, reason);
}

/** @param reason why there is no route: told where the rule allows nothing else, or nothing else is alive */
async function fallBack(
  session: AgentSession,
  facts: FactsReader,
  rule: readonly FallbackClass[] | null,
  reason: unknown,
): Promise<Found> {
  if (rule !== null && rule.length === 0) throw reason;
  let classes = rule;
  try {
    classes ??= fallbackOf(await facts.read('primary')) ?? classOrder;
    if (classes.length === 0) throw reason;
    const endpoints = await fromFacts(session, facts, 'primary', classes);
    return { endpoints, facts: facts.found, path: 'direct' };
  } catch (error) {
    session.signal.throwIfAborted();
    // That a credential is refused is worth more to the caller than that a resolver was away.
    if (error === reason || isAbsence(error)) throw reason;
    throw error;
  }
}

/** Endpoints of the facts; fetched again where all that the kept ones name have ended. */
async function fromFacts(
  session: AgentSession,
  facts: FactsReader,
  path: FactsPath,
  classes: readonly FallbackClass[],
): Promise<readonly LiveEndpoint[]> {
  const live = ({ layer, endMs }: FoundFacts): readonly LiveEndpoint[] => {
    const { skill } = session.wish;
    if (skill !== null && !offersSkill(layer.facts.facts, skill))
      throw new ResolutionError('no-skill', `the facts of the agent name no skill ${skill}`, { skill });
    const times = { fetchedMs: layer.fetchedMs, endMs, nowMs: session.nowMs() };
    return liveEndpoints(layer.facts.facts, classes, times, session.wish);
  };
  const first = await facts.read(path);
  const endpoints = live(first);
  if (endpoints.length > 0) return endpoints;
  const isNew = session.nowMs() - first.layer.fetchedMs < 1000;
  const again = isNew ? [] : live(await facts.read(path, true));
  if (again.length > 0) return again;
  throw new ResolutionError('no-endpoint', 'the facts of the agent name no endpoint that is alive and fits');
}

function createFactsReader(session: AgentSession, record: FoundRecord, flights: Flights): FactsReader {
  let found: FoundFacts | null = null;
  return {
    async read(path, fresh = false) {
      if (found !== null && !fresh) return found;
      found = await findFacts(session, record, { path, fresh, flights });
      const endMs = await judgeFacts(session, found.layer.facts);
      found = { ...found, endMs: Math.min(found.endMs, endMs) };
      return found;
    },
    get found() {
      return found;
    },
  };
}

/** What was found last of all: whatever the node has heard since counts. */
async function stillStands(session: AgentSession, { layer }: FoundRecord): Promise<boolean> {
  if (session.nowMs() >= layer.endMs && layer.endMs > layer.fetchedMs) return false;
  // On the private path and of a registry nothing else is asked: what was heard since has ended what is kept.
  if (!layer.isOverlay || session.isPrivate)
    return session.cache.peek(session.key)?.record?.state === layer.state;
  const { state, status } = await session.resolve(session.agentId, session.options());
  return status === 'ok' && state !== null && isSameState(state, layer.state);
}

function sayEndpoints({ tracer }: Session, endpoints: readonly LiveEndpoint[]): void {
  const [best] = endpoints;
  const end = tracer.begin('endpoint', 'an endpoint that is alive');
  const others = endpoints.length === 1 ? '' : ` and ${endpoints.length - 1} more`;
  const proof = best!.token === null ? 'the facts that name it' : 'a token of the agent for it';
  end({
    outcome: 'ok',
    from: best!.class === 'adaptive' ? 'the route' : `the ${best!.class} endpoints of the facts`,
    said: `${best!.url}${others}`,
    verifiedBy: proof,
    holdsUntilMs: best!.expiresAtMs,
  });
}

function resolverOf(found: FoundFacts | null): string | null {
  const url = found?.layer.facts.facts.endpoints.adaptive_resolver?.url ?? null;
  return url !== null && /^https?:/.test(url) ? url : null;
}

/** The rule of the facts for a resolver that says nothing. */
function fallbackOf({ layer }: FoundFacts): readonly FallbackClass[] | null {
  return layer.facts.facts.endpoints.adaptive_resolver?.fallback ?? null;
}

/** There is nothing to fall back to, as against something that was refused. */
function isAbsence(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'no-endpoint' || code === 'no-facts-url' || code === 'unreachable' || code === 'too-slow';
}

function isAgentId(text: string): boolean {
  try {
    parseAgentId(text);
    return true;
  } catch {
    return false;
  }
}
