/** Clients of a daemon's HTTP API in a process of their own: requests at a constant rate, autocannon, event streams. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMicroseconds } from '../lib/cpu-profile.ts';
import { sendPaced } from '../lib/paced-requests.ts';
import { summarize } from '../lib/statistics.ts';
import { loadUntyped } from '../lib/untyped.ts';
import { serveCalls } from '../lib/worker-calls.ts';
import type { CannonOutcome, HeardOutcome, PacedSummary, RatePlan } from './api-client.ts';

/** The part of autocannon that is used here. */
type Autocannon = (options: object) => Promise<{
  readonly latency: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly requests: { readonly total: number };
  readonly errors: number;
  readonly non2xx: number;
}>;

/** Connections that are being opened at once. */
const opensAtOnce = 64;

interface OpenStream {
  readonly socket: Socket;
  /** Where a change of an agent is, once it is there. */
  readonly heardAt: Map<string, number>;
}

const streams: OpenStream[] = [];
/** Called with each event of each stream. */
let onHeard = (_agentId: string): void => {};

serveCalls({ paced, cannon, openStreams, hear, closeStreams, stop: closeStreams });

async function paced({ url, paths, ...plan }: RatePlan): Promise<PacedSummary> {
  const { hostname, port } = new URL(url);
  const outcome = await sendPaced({ host: hostname, port: Number(port), paths, ...plan });
  return { ...summarize([...outcome.latenciesMs])!, failed: outcome.failed };
}

/** The same with somebody else's generator, which sends the requests of a second as fast as it can, then pauses. */
async function cannon({
  url,
  paths,
  requestsPerSecond,
  seconds,
  connections,
}: RatePlan): Promise<CannonOutcome> {
  const autocannon = loadUntyped<Autocannon>('autocannon');
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    overallRate: requestsPerSecond,
    requests: paths.map((path) => ({ path })),
  });
  const { latency, requests, errors, non2xx } = result;
  const { p50, p90, p99, max } = latency;
  return { samples: requests.total, p50, p90, p99, max, failed: errors + non2xx };
}

/** Opens streams of server-sent events; resolves when each has said that it listens. */
async function openStreams({ url, count }: { url: string; count: number }): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next++ < count) streams.push(await openStream(url));
  };
  await Promise.all(Array.from({ length: Math.min(opensAtOnce, count) }, lane));
  return streams.length;
}

/** Over a bare socket: a client that does more would be measured itself, on cores that the daemon needs. */
function openStream(url: string): Promise<OpenStream> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const stream = { socket, heardAt: new Map<string, number>() };
    let rest = '';
    socket.setEncoding('latin1');
    socket.on('connect', () => {
      socket.write(`GET /v1/changes HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`);
    });
    socket.on('data', (text: string) => {
      const events = (rest + text).split('\n\n');
      rest = events.pop()!;
      for (const event of events) {
        if (event.endsWith('data: {"type":"listening"}')) resolve(stream);
        const agentId = tombstoned.exec(event)?.[1];
        if (agentId === undefined || stream.heardAt.has(agentId)) continue;
        stream.heardAt.set(agentId, monotonicMicroseconds());
        onHeard(agentId);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`a stream ended with: ${rest.slice(0, 200)}`)));
  });
}

const tombstoned = /^data: \{"type":"change","agentId":"([^"]+)","change":"tombstoned"/m;

/** When each stream heard of the end of an agent, on the monotonic clock; null for those that have not in time. */
async function hear({ agentId, waitMs }: { agentId: string; waitMs: number }): Promise<HeardOutcome> {
  const missing = (): number => streams.filter(({ heardAt }) => !heardAt.has(agentId)).length;
  const abort = new AbortController();
  let left = missing();
  await new Promise<void>((resolve) => {
    if (left === 0) resolve();
    onHeard = (heard) => {
      if (heard === agentId && --left === 0) resolve();
    };
    delay(waitMs, undefined, { signal: abort.signal }).then(resolve, () => {});
  });
  abort.abort();
  return streams.map(({ heardAt }) => heardAt.get(agentId) ?? null);
}

async function closeStreams(): Promise<void> {
  for (const { socket } of streams.splice(0)) socket.destroy();
}
