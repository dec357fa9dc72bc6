/**
 * Issuers as the network has them now: what is held of one counts for a while after somebody else has confirmed it, and is
 * asked for anew after that. A node that was cut off has confirmed nothing meanwhile, so that it asks before it believes.
 */
import { type AgentId, agentKey } from '../../core/identity/agent-id.ts';
import type { Resolution } from '../../core/peer/effects.ts';

/** As a light node: half a minute. */
const stalenessMsDefault = 30_000;
const confirmedMax = 10_000;

export function createConfirmedResolve(parts: {
  readonly resolve: (agentId: AgentId, options: { readonly fresh: boolean }) => Promise<Resolution>;
  /** This peer: its own answer confirms nothing. */
  readonly self: string;
  readonly nowMs: () => number;
  readonly maxStalenessMs?: number;
}): (agentId: AgentId) => Promise<Resolution> {
  const { resolve, self, nowMs, maxStalenessMs = stalenessMsDefault } = parts;
  const confirmedMs = new Map<string, number>();
  return async (agentId) => {
    const key = agentKey(agentId);
    const startedMs = nowMs();
    const fresh = startedMs - (confirmedMs.get(key) ?? Number.NEGATIVE_INFINITY) > maxStalenessMs;
    const resolution = await resolve(agentId, { fresh });
    const isConfirmed = !resolution.cached && resolution.responders.some((peer) => peer !== self);
    if (isConfirmed) {
      confirmedMs.delete(key);
      confirmedMs.set(key, startedMs);
      if (confirmedMs.size > confirmedMax) confirmedMs.delete(confirmedMs.keys().next().value!);
    }
    return resolution;
  };
}
