/** What a resolve out of a daemon's cache takes over HTTP, at a constant rate, from another process. */
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { type PacedSummary, publishAgents, withApiProcesses, withDaemons } from './api-client.ts';

/** The section. */
export const apiResolveSection: Section = {
  name: 'resolve',
  summary: 'latency of resolves from the cache over HTTP at 2,000 requests/s, from another process',
  run: runResolve,
};

const requestsPerSecond = 2_000;
const daemonCount = 3;
const agents = 200;
const connections = 32;
/** autocannon asks on each of its connections as fast as it can until the requests of a second are made. */
const cannonConnections = 10;
const warmUpSeconds = 5;

function runResolve({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const seconds = quick ? 10 : 15;
  const rounds = quick ? 1 : 3;
  return withDaemons(daemonCount, (daemons) =>
    withApiProcesses(1, async ([client]) => {
      const [daemon, publisher] = daemons;
      const agentIds = await publishAgents(publisher!, seed, agents);
      const paths = agentIds.map((agentId) => `/v1/agents/${agentId}`);
      const { url } = daemon!.api;
      for (const path of paths) await daemon!.client.call('GET', `${path}?fresh`);
      await assertCached(daemon!.client.call, paths);
      const plan = { url, paths, requestsPerSecond, seconds };
      await client!.paced({ ...plan, connections, seconds: warmUpSeconds });
      const paced: PacedSummary[] = [];
      const cannon: PacedSummary[] = [];
      for (let round = 0; round < rounds; round++) {
        paced.push(await client!.paced({ ...plan, connections }));
        cannon.push(await client!.cannon({ ...plan, connections: cannonConnections }));
        progress(`resolve: p99 ${formatNumber(paced.at(-1)!.p99)} ms, autocannon ${cannon.at(-1)!.p99} ms`);
      }
      await assertCached(daemon!.client.call, paths);
      return report(paced, cannon, { seconds, rounds });
    }),
  );
}

async function assertCached(
  call: (method: 'GET', path: string) => Promise<object>,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) {
    const answer = (await call('GET', path)) as { status: string; cached: boolean };
    if (answer.status !== 'ok' || !answer.cached) throw new Error(`${path} is not answered from the cache`);
  }
}

function report(
  paced: readonly PacedSummary[],
  cannon: readonly PacedSummary[],
  run: { readonly seconds: number; readonly rounds: number },
): SectionResult {
  /** Of the rounds the middle one, by their p99. */
  const middle = (rounds: readonly PacedSummary[]): PacedSummary =>
    rounds.toSorted((left, right) => left.p99 - right.p99)[Math.floor(rounds.length / 2)]!;
  const failed = [...paced, ...cannon].reduce((sum, round) => sum + round.failed, 0);
  const [ours, theirs] = [middle(paced), middle(cannon)];
  const row = (name: string, found: PacedSummary): string[] => [
    name,
    ...[found.p50, found.p90, found.p99, found.max].map(formatNumber),
    String(found.failed),
  ];
  return {
    data: { requestsPerSecond, ...run, agents, paced: paced.map(plain), autocannon: cannon.map(plain) },
    // A request without its answer has no time below any bound.
    measurements: {
      'resolve/p99Ms': failed === 0 ? Math.max(ours.p99, theirs.p99) : Number.POSITIVE_INFINITY,
    },
    tables: [
      {
        title: `Resolve from the cache over HTTP, ${requestsPerSecond} requests/s for ${run.seconds} s, the middle of ${run.rounds} rounds`,
        columns: ['generator', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'failed'],
        rows: [
          row(`evenly spaced, ${connections} connections`, ours),
          row(`autocannon, ${cannonConnections} connections`, theirs),
        ],
        notes: [
          'A latency counts from when the request was due. autocannon sends the requests of each second in one go, and knows whole milliseconds.',
        ],
      },
    ],
    charts: [],
  };
}

const plain = (summary: PacedSummary): Record<string, number> => ({ ...summary });
