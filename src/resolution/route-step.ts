/** A route from the agent's adaptive resolver: kept while it stands, asked for again when it does not, and never believed unchecked. */
import { type AskedRoute, askResolver } from './adaptive/adaptive-client.ts';
import { speakingState } from './adaptive/authority.ts';
import type { Route } from './adaptive/route.ts';
import { resolveOf } from './facts-step.ts';
import { endOf, isLive, type RecordLayer, type RouteLayer } from './layers.ts';
import { isSameState } from './record-step.ts';
import type { LiveEndpoint } from './resolution-types.ts';
import type { AgentSession } from './session.ts';
import { failedStep } from './trace.ts';

export interface FoundRoute {
  readonly route: Route;
  readonly endpoints: readonly LiveEndpoint[];
}

/** What stands above the route: the record, and the facts where they named the resolver. */
export interface RouteOrigin {
  readonly url: string;
  readonly record: RecordLayer;
  readonly endMs: number;
}

/** @throws ResolutionError `resolver-unreachable`, `bad-route` */
export async function findRoute(session: AgentSession, origin: RouteOrigin): Promise<FoundRoute> {
  const { tracer, wish } = session;
  const host = URL.canParse(origin.url) ? new URL(origin.url).host : origin.url;
  const wanted = [wish.skill, wish.region].filter((one) => one !== null).join(', ');
  const end = tracer.begin('resolver', wanted === '' ? 'an endpoint' : `an endpoint for ${wanted}`);
  try {
    const held = await heldRoute(session, origin);
    const layer = held ?? (await askedRoute(session, origin));
    const endpoints = endpointsOf(layer, origin.endMs, wish.avoid);
    end({
      outcome: held === null ? 'ok' : 'cached',
      from: host,
      said: saidOf(layer.route, endpoints.length),
      verifiedBy: 'the agent’s signature, for this client and question',
      holdsUntilMs: endOf(origin, layer),
    });
    return { route: layer.route, endpoints };
  } catch (error) {
    end(failedStep(error, host));
    throw error;
  }
}

async function heldRoute(session: AgentSession, origin: RouteOrigin): Promise<RouteLayer | null> {
  const { cache, key, nowMs, wish, agentId } = session;
  const held = cache.peek(key)?.routes.get(routeKey(session, origin.url));
  if (held === undefined || !isLive(held, nowMs(), wish.maxStalenessMs)) return null;
  // An endpoint of it failed: whoever routes may know better by now.
  if (held.route.endpoints.some(({ url }) => wish.avoid.includes(url))) return null;
  const subject = speakingState(agentId, await resolveOf(session, origin.record, agentId));
  return isSameState(subject, held.subject) ? held : null;
}

async function askedRoute(session: AgentSession, origin: RouteOrigin): Promise<RouteLayer> {
  const { agentId, wish, ports, cache, key, nowMs } = session;
  const { client, skill, region } = wish;
  let subject = origin.record.state;
  const asked: AskedRoute = await session.orEnd(
    askResolver(origin.url, { agentId, client, skill, region, ...session.options() }, ports, async () => {
      subject = speakingState(agentId, await resolveOf(session, origin.record, agentId));
      return {
        state: subject,
        check: (check) => ports.check(check),
        nowSeconds: Math.floor(nowMs() / 1000),
      };
    }),
  );
  const fetchedMs = nowMs();
  const { route, sizeBytes } = asked;
  const endMs = Math.min(route.expiresAt * 1000, fetchedMs + (route.expiresAt - route.issuedAt) * 1000);
  const layer: RouteLayer = { route, sizeBytes, from: origin.url, fetchedMs, endMs, subject };
  if (cache.peek(key)?.record === origin.record) cache.putRoute(key, routeKey(session, origin.url), layer);
  return layer;
}

function routeKey({ wish: { client, skill, region } }: AgentSession, url: string): string {
  return JSON.stringify([url, client, skill, region]);
}

function endpointsOf(layer: RouteLayer, endMs: number, avoid: readonly string[]): readonly LiveEndpoint[] {
  return layer.route.endpoints
    .filter(({ url }) => !avoid.includes(url))
    .map(({ url, region, protocol, version, token }) => ({
      url,
      class: 'adaptive' as const,
      region,
      protocol,
      version,
      expiresAtMs: Math.min(layer.endMs, endMs),
      token,
    }));
}

function saidOf({ policies }: Route, count: number): string {
  const endpoints = count === 1 ? '1 endpoint' : `${count} endpoints`;
  return policies.length === 0 ? endpoints : `${endpoints}, by ${policies.join(', ')}`;
}
