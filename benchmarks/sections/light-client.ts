/** The harness's hold on a process of light nodes, and on the eight daemons that they join. */
import { type RunningDaemon, startDaemon } from '../lib/daemon-client.ts';
import { startWorker } from '../lib/worker-client.ts';

/** Daemons of every section that does not say otherwise. */
export const daemonCount = 8;

export const nodeKinds = ['light', 'full'] as const;
export type NodeKind = (typeof nodeKinds)[number];

export interface ColdOutcome {
  readonly timesMs: readonly number[];
  /** Agents whose record the node itself stored. */
  readonly heldHere: number;
}

export interface HearingOutcome {
  readonly latenciesMs: readonly number[];
  /** Revocations that a node did not hear of within 10 s. */
  readonly lost: number;
}

export interface IdleOutcome {
  /** Until the measurement began: joining, and the agents that were registered. */
  readonly joinBytes: number;
  readonly bytesPerSecond: number;
  readonly connections: number;
}

/** A process of light nodes; each call starts those that it needs and stops them. */
export interface LightClient {
  firstResolves(argument: { bootstrap: readonly string[]; count: number }): Promise<readonly number[]>;
  warmResolve(argument: { bootstrap: readonly string[] }): Promise<number>;
  fleet(argument: { bootstrap: readonly string[]; count: number }): Promise<number>;
  coldResolves(argument: {
    bootstrap: readonly string[];
    agentIds: readonly Uint8Array[];
    /** The first so many are not timed. */
    warmUps: number;
  }): Promise<Readonly<Record<NodeKind, ColdOutcome>>>;
  hearing(argument: { bootstrap: readonly string[]; nodes: number; agents: number }): Promise<HearingOutcome>;
  idle(argument: {
    bootstrap: readonly string[];
    settleSeconds: number;
    seconds: number;
    agents: number;
  }): Promise<IdleOutcome>;
  close(): Promise<void>;
}

/** Starts a process; resolves when its modules are loaded. */
export async function startLightProcess(name: string): Promise<LightClient> {
  const worker = await startWorker({ entry: new URL('./light-process.ts', import.meta.url), name });
  const call =
    (call: string) =>
    (argument: unknown): Promise<never> =>
      worker.call(call, argument) as Promise<never>;
  return {
    firstResolves: call('firstResolves'),
    warmResolve: call('warmResolve'),
    fleet: call('fleet'),
    coldResolves: call('coldResolves'),
    hearing: call('hearing'),
    idle: call('idle'),
    close: worker.close,
  };
}

/** Runs the task with the addresses of eight daemon processes that know one another. */
export async function withDaemons<Value>(
  task: (bootstrap: readonly string[]) => Promise<Value>,
): Promise<Value> {
  const daemons: RunningDaemon[] = [];
  try {
    for (let index = 0; index < daemonCount; index++) {
      daemons.push(await startDaemon(daemons.slice(0, 1).map(({ address }) => address)));
    }
    return await task(daemons.slice(0, 3).map(({ address }) => address));
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
  }
}

/** The same with a process of light nodes beside them. */
export function withLightProcess<Value>(
  task: (light: LightClient, bootstrap: readonly string[]) => Promise<Value>,
): Promise<Value> {
  return withDaemons(async (bootstrap) => {
    const light = await startLightProcess('light nodes');
    try {
      return await task(light, bootstrap);
    } finally {
      await light.close();
    }
  });
}
