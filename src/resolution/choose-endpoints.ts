/** Which endpoints of verified facts fit a request: alive by their own ttl, with the skill, the nearest first. */
import { type AgentFacts, endpointUrl } from '../facts/agent-facts.ts';
import { endpointTtlSeconds } from '../facts/facts-limits.ts';
import { tagOf } from '../facts/facts-summary.ts';
import { nearness } from './region.ts';
import type { EndpointClass, FallbackClass, LiveEndpoint } from './resolution-types.ts';

type Entry = AgentFacts['endpoints']['static'][number];

export interface Wanted {
  readonly region: string | null;
  readonly skill: string | null;
  readonly avoid: readonly string[];
}

/** Short-lived ones before those that last: they are where the agent is now. */
export const classOrder: readonly FallbackClass[] = ['rotating', 'static'];

/**
 * Endpoints of these classes that may be used now, in the order of the classes.
 * @param fetchedMs when the facts came: from then on the ttl of an endpoint runs
 * @param endMs of the layers above; none outlives it
 */
export function liveEndpoints(
  { endpoints }: AgentFacts,
  classes: readonly FallbackClass[],
  times: { readonly fetchedMs: number; readonly endMs: number; readonly nowMs: number },
  wanted: Wanted,
): readonly LiveEndpoint[] {
  return classes.flatMap((kind) => {
    const entries = (endpoints[kind] ?? []).filter((entry) => fits(entry, wanted));
    const live = entries.flatMap((entry): LiveEndpoint[] => {
      const ownEndMs = times.fetchedMs + ttlOfEndpoint(kind, entry) * 1000;
      if (ownEndMs <= times.nowMs) return [];
      const expiresAtMs = Math.min(ownEndMs, times.endMs);
      return [{ url: endpointUrl(entry), class: kind, ...detailsOf(entry), expiresAtMs, token: null }];
    });
    return nearestFirst(live, wanted.region);
  });
}

/** Seconds for which an endpoint may be used that says so, or does not: the shortest of its class. */
export function ttlOfEndpoint(kind: EndpointClass, entry: Entry): number {
  const said = typeof entry === 'string' ? undefined : entry.ttl;
  return said ?? endpointTtlSeconds[kind].min;
}

/** True when the facts name the skill, or one below it. */
export function offersSkill(facts: AgentFacts, skill: string): boolean {
  return facts.skills.some(({ id }) => hasSkill(id, skill));
}

/** `translate` fits `translate/en-es`, and each fits itself; case and a leading slash do not count. */
export function hasSkill(offered: string, wanted: string): boolean {
  const [one, other] = [tagOf(offered), tagOf(wanted)];
  return one === other || one.startsWith(`${other}/`);
}

/** Those near the region first; else as the facts have them. */
export function nearestFirst<Place extends { readonly region: string | null }>(
  places: readonly Place[],
  region: string | null,
): readonly Place[] {
  if (region === null) return places;
  return places.toSorted((left, right) => nearness(right.region, region) - nearness(left.region, region));
}

function fits(entry: Entry, { skill, avoid }: Wanted): boolean {
  if (avoid.includes(endpointUrl(entry))) return false;
  if (skill === null || typeof entry === 'string') return true;
  return entry.skills?.some((one) => hasSkill(one, skill)) ?? true;
}

function detailsOf(entry: Entry): Pick<LiveEndpoint, 'region' | 'protocol' | 'version'> {
  if (typeof entry === 'string') return { region: null, protocol: null, version: null };
  return {
    region: entry.region ?? null,
    protocol: entry.protocol ?? null,
    version: entry.version ?? null,
  };
}
