/** How much one client may ask: a token bucket for each address, looked at before anything else of a request. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';

/** Buckets that are kept; of more clients, those that asked longest ago begin with a full one again. */
const clientsMax = 10_000;

export interface RateLimit {
  /** 0: no limit. */
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Refuses the requests of a client that asks too much. */
export function createRateLimit(
  { requestsPerSecond, requestsBurst }: RateLimit,
  nowMs: () => number = () => performance.now(),
): (request: Pick<FastifyRequest, 'ip'>) => void {
  const bucketByClient = new Map<string, Bucket>();
  if (requestsPerSecond === 0) return () => {};

  return ({ ip }) => {
    const client = clientOf(ip);
    const now = nowMs();
    const bucket = bucketByClient.get(client) ?? { tokens: requestsBurst, filledAtMs: now };
    const filled = bucket.tokens + ((now - bucket.filledAtMs) / 1000) * requestsPerSecond;
    bucket.tokens = Math.min(requestsBurst, filled);
    bucket.filledAtMs = now;
    // Moved to the end: the order of the map is that of the last request.
    bucketByClient.delete(client);
    bucketByClient.set(client, bucket);
    if (bucketByClient.size > clientsMax) bucketByClient.delete(bucketByClient.keys().next().value!);
    if (bucket.tokens < 1) throw new ApiError('too-many-requests', 'this client asks more than it may');
    bucket.tokens--;
  };
}

/** An IPv6 network of 64 bits is one client: whoever has one address of it has them all. */
export function clientOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = plain.includes('::')
    ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
    : [];
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
