/** The harness's hold on a network whose reader asks in the open and in private, in turns. */
import { startWorker } from './worker-client.ts';

export interface PathTimes {
  readonly directMs: readonly number[];
  readonly privateMs: readonly number[];
}

export interface PrivateOutcome {
  /** Of the record alone, from a node that has never heard of the agent. */
  readonly resolve: PathTimes;
  /** From the id to verified facts out of the overlay. */
  readonly facts: PathTimes;
  /** Questions that went through a relay, over all private calls, and those calls. */
  readonly relayed: number;
  readonly privateCalls: number;
  /** Calls that did not find what is there. */
  readonly wrong: number;
}

export interface PrivateNetworkClient {
  readonly startMs: number;
  /** Registers so many agents, with facts in the overlay that their records lead to. */
  publish(count: number): Promise<void>;
  /** Each agent once, by one path: the first half alternately for the record, the second for the facts. */
  ask(warmUps: number): Promise<PrivateOutcome>;
  stop(): Promise<void>;
}

/** Starts a network; resolves when every node knows its neighbours. */
export async function startPrivateProcess(nodes: number): Promise<PrivateNetworkClient> {
  const worker = await startWorker({
    entry: new URL('./private-process.ts', import.meta.url),
    name: `${nodes} nodes`,
  });
  try {
    const beganMs = performance.now();
    await worker.call('start', nodes);
    return {
      startMs: performance.now() - beganMs,
      publish: (count) => worker.call('publish', count) as Promise<void>,
      ask: (warmUps) => worker.call('ask', warmUps) as Promise<PrivateOutcome>,
      stop: worker.close,
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}
