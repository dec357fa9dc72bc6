/**
 * Search by capability as a node shows it: hints from the overlay, and on wish each of them checked against the agent's
 * record of now. Source: docs/protocol.md §7.
 */
import { bytesEqual } from '../core/bytes.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { CapabilityHit } from '../core/peer/effects.ts';
import type { SearchOptions } from './call-types.ts';
import type { NetworkCalls } from './network-calls.ts';

export interface CapabilityQuery extends SearchOptions {
  /** A tag such as `/translate/en-es`: agents that announced it, or one below it. */
  readonly tag: string;
  /** Resolve each agent before it is shown; default false. */
  readonly verify?: boolean;
}

export interface FoundCapability {
  readonly agentId: AgentId;
  readonly tags: readonly string[];
  /** When the announcement ends, seconds since 1970. */
  readonly expiresAtSeconds: number;
  /** 1 to 100: how close its best tag is to the one that was asked for. */
  readonly score: number;
  /** How many storing peers showed it. */
  readonly shownBy: number;
  /** True when its record was resolved for this answer and counts now; a hint otherwise. */
  readonly verified: boolean;
  readonly source: 'announcement';
}

export interface FoundCapabilities {
  readonly results: readonly FoundCapability[];
  /** Storing peers that were asked, and those that answered. */
  readonly asked: number;
  readonly responders: number;
  /** True when those nearest the tag answered and had no more than what is shown. */
  readonly isComplete: boolean;
}

/** Resolves under way at once for one search. */
const resolvesMax = 16;
const resolveTimeoutMs = 5_000;

/** @throws ProtocolError `bad-tag`, NodeError `bad-argument`, `not-running`. */
export async function searchCapabilities(
  calls: Pick<NetworkCalls, 'search' | 'resolve'>,
  { tag, verify = false, ...options }: CapabilityQuery,
): Promise<FoundCapabilities> {
  const { hits, asked, responders, isComplete } = await calls.search(tag, options);
  const results = verify ? await verifyAll(calls, hits, options) : hits.map((hit) => describe(hit, false));
  return { results, asked, responders, isComplete };
}

/** In their order, without the agents that have ended or have other keys now. */
async function verifyAll(
  calls: Pick<NetworkCalls, 'resolve'>,
  hits: readonly CapabilityHit[],
  { timeoutMs = resolveTimeoutMs, signal }: SearchOptions,
): Promise<FoundCapability[]> {
  const found: (FoundCapability | null)[] = new Array(hits.length).fill(null);
  let next = 0;
  async function work(): Promise<void> {
    while (next < hits.length) {
      const index = next++;
      const { agentId, establishment } = hits[index]!;
      const { status, state } = await calls.resolve(agentId, { timeoutMs, ...(signal && { signal }) });
      const stands =
        state === null ||
        (state.keyState.status === 'active' && bytesEqual(state.keyState.establishment, establishment));
      if (stands) found[index] = describe(hits[index]!, status === 'ok');
    }
  }
  await Promise.all(Array.from({ length: Math.min(resolvesMax, hits.length) }, work));
  return found.filter((one) => one !== null);
}

function describe(
  { agentId, tags, expiresAt, score, shownBy }: CapabilityHit,
  verified: boolean,
): FoundCapability {
  return { agentId, tags, expiresAtSeconds: expiresAt, score, shownBy, verified, source: 'announcement' };
}
