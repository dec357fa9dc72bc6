/** The rate limit of the threat shield: a bucket for each agent and client address, bounded in number. */
import { ResolutionError } from '../resolution-error.ts';
import { shieldedClientsMax } from '../resolution-limits.ts';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** @throws ResolutionError `over-limit` from the function that it returns, for who asks more than so often a minute */
export function createShield(
  nowMs: () => number,
): (agentKey: string, address: string, requestsPerMinute: number) => void {
  const buckets = new Map<string, Bucket>();
  return (agentKey, address, requestsPerMinute) => {
    const key = `${agentKey} ${address}`;
    const now = nowMs();
    const bucket = buckets.get(key) ?? { tokens: requestsPerMinute, filledAtMs: now };
    const filled = bucket.tokens + ((now - bucket.filledAtMs) / 60_000) * requestsPerMinute;
    bucket.tokens = Math.min(requestsPerMinute, filled);
    bucket.filledAtMs = now;
    // Moved to the end: of too many clients, those that asked longest ago begin anew.
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > shieldedClientsMax) buckets.delete(buckets.keys().next().value!);
    if (bucket.tokens < 1)
      throw new ResolutionError('over-limit', 'this client asks for routes more often than it may');
    bucket.tokens--;
  };
}
