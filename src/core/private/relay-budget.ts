/**
 * What one relay does for others at once and over time (§7), so that nobody's private questions take it from the others:
 * requests under way per asker, per target and in all; requests and bytes per asker over time. Time is an argument.
 * Bounds: askers remembered; the least lately seen is forgotten.
 */
import { createTokenBucket, type TokenBucket } from '../gossip/token-bucket.ts';
import { createRecentMap } from '../recent-map.ts';

export interface RelayLimits {
  readonly inFlightMax: number;
  readonly inFlightPerAsker: number;
  readonly inFlightPerTarget: number;
  readonly requestsBurst: number;
  readonly requestsPerSecond: number;
  /** Of answers, per asker; the one that goes beyond is still passed on, and paid for before the next. */
  readonly bytesBurst: number;
  readonly bytesPerSecond: number;
}

export const relayLimits: RelayLimits = {
  inFlightMax: 512,
  inFlightPerAsker: 16,
  inFlightPerTarget: 64,
  requestsBurst: 200,
  requestsPerSecond: 50,
  bytesBurst: 8 * 1024 * 1024,
  bytesPerSecond: 1024 * 1024,
};

export interface RelayBudget {
  /** Room for one more; null when there is none. The result is called once with the bytes of the answer. */
  enter(asker: string, target: string, nowMs: number): ((answerBytes: number, nowMs: number) => void) | null;
  readonly inFlight: number;
}

interface Asker {
  readonly requests: TokenBucket;
  owedBytes: number;
  owedAtMs: number;
}

const askersMax = 8192;

export function createRelayBudget(limits: RelayLimits = relayLimits): RelayBudget {
  const askers = createRecentMap<Asker>(askersMax);
  // Both bounded by what is under way.
  const inFlightByAsker = new Map<string, number>();
  const inFlightByTarget = new Map<string, number>();
  let inFlight = 0;

  function owed(asker: Asker, nowMs: number): number {
    const paid = (Math.max(0, nowMs - asker.owedAtMs) / 1000) * limits.bytesPerSecond;
    asker.owedBytes = Math.max(0, asker.owedBytes - paid);
    asker.owedAtMs = nowMs;
    return asker.owedBytes;
  }

  return {
    enter(peer, target, nowMs) {
      if (
        inFlight >= limits.inFlightMax ||
        (inFlightByAsker.get(peer) ?? 0) >= limits.inFlightPerAsker ||
        (inFlightByTarget.get(target) ?? 0) >= limits.inFlightPerTarget
      )
        return null;
      const asker = askers.get(peer) ?? createAsker(limits, nowMs);
      askers.set(peer, asker);
      if (owed(asker, nowMs) >= limits.bytesBurst || !asker.requests.take(nowMs)) return null;
      inFlight++;
      add(inFlightByAsker, peer, 1);
      add(inFlightByTarget, target, 1);
      return (answerBytes, endMs) => {
        inFlight--;
        add(inFlightByAsker, peer, -1);
        add(inFlightByTarget, target, -1);
        asker.owedBytes = owed(asker, endMs) + answerBytes;
      };
    },
    get inFlight() {
      return inFlight;
    },
  };
}

function createAsker({ requestsBurst, requestsPerSecond }: RelayLimits, nowMs: number): Asker {
  const requests = createTokenBucket({ burst: requestsBurst, perSecond: requestsPerSecond });
  return { requests, owedBytes: 0, owedAtMs: nowMs };
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
