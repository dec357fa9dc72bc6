/** The harness's hold on processes that call a daemon's HTTP API, and on the daemons. */
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { ttlCodeFor } from '../../src/core/record/durations.ts';
import { type RunningDaemon, startDaemon } from '../lib/daemon-client.ts';
import type { Summary } from '../lib/statistics.ts';
import { createBenchmarkAgent, secondsNow, valuesOfRecord } from '../lib/weft-records.ts';
import { startWorker } from '../lib/worker-client.ts';

/** Longer than any section takes: what is resolved once stays in the cache. */
const ttlCode = ttlCodeFor(86_400);

/** Requests at a constant rate. */
export interface RatePlan {
  readonly url: string;
  readonly paths: readonly string[];
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly connections: number;
}

export interface PacedSummary extends Summary {
  readonly failed: number;
}

/** As autocannon has it: whole milliseconds, corrected for coordinated omission. */
export type CannonOutcome = PacedSummary;

/** Microseconds of the monotonic clock, one for each stream. */
export type HeardOutcome = readonly (number | null)[];

/** A process of clients. */
export interface ApiClient {
  paced(plan: RatePlan): Promise<PacedSummary>;
  cannon(plan: RatePlan): Promise<CannonOutcome>;
  openStreams(argument: { url: string; count: number }): Promise<number>;
  hear(argument: { agentId: string; waitMs: number }): Promise<HeardOutcome>;
  closeStreams(argument: null): Promise<void>;
  close(): Promise<void>;
}

/** Starts a process; resolves when its modules are loaded. */
async function startApiProcess(name: string): Promise<ApiClient> {
  const worker = await startWorker({
    entry: new URL('./api-process.ts', import.meta.url),
    name,
    exposeGc: false,
  });
  const call =
    (call: string) =>
    (argument: unknown): Promise<never> =>
      worker.call(call, argument) as Promise<never>;
  return {
    paced: call('paced'),
    cannon: call('cannon'),
    openStreams: call('openStreams'),
    hear: call('hear'),
    closeStreams: call('closeStreams'),
    close: worker.close,
  };
}

/** Runs the task with daemons that know one another, with the settings as they are shipped but for the quotas of peers. */
export async function withDaemons<Value>(
  count: number,
  task: (daemons: readonly RunningDaemon[]) => Promise<Value>,
  settings: readonly string[] = [],
): Promise<Value> {
  const daemons: RunningDaemon[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const bootstrap = daemons.slice(0, 1).map(({ address }) => address);
      daemons.push(await startDaemon(bootstrap, [], settings));
    }
    return await task(daemons);
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
  }
}

/** Runs the task with processes of clients. */
export async function withApiProcesses<Value>(
  count: number,
  task: (clients: readonly ApiClient[]) => Promise<Value>,
): Promise<Value> {
  const clients: ApiClient[] = [];
  try {
    for (let index = 0; index < count; index++) clients.push(await startApiProcess(`API clients ${index}`));
    return await task(clients);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** Agents in custody of the daemon, `nanda:` text. */
export async function registerAgents({ client }: RunningDaemon, count: number): Promise<readonly string[]> {
  const agentIds: string[] = [];
  for (let agent = 0; agent < count; agent++) {
    const { agentId } = await client.call('POST', '/v1/agents', {
      primaryFactsUrl: `https://agents.example/${agent}/facts.json`,
    });
    agentIds.push(agentId as string);
  }
  return agentIds;
}

/** Agents whose keys the harness has, published through the daemon; the same seed makes the same agents. */
export async function publishAgents(
  { client }: RunningDaemon,
  seed: number,
  count: number,
): Promise<readonly string[]> {
  const agentIds: string[] = [];
  for (let agent = 0; agent < count; agent++) {
    const { state } = createBenchmarkAgent(seed, agent, secondsNow(), { ...valuesOfRecord(agent), ttlCode });
    await client.sendBytes('/v1/bundles', encodeState(state));
    agentIds.push(formatAgentId(state.agentId));
  }
  return agentIds;
}
