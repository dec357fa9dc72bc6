/** The harness's hold on a network of weft nodes. */
import { startWorker } from './worker-client.ts';

/** Times from publish to acceptance, one for each message and node; and how many never came. */
export interface GossipOutcome {
  readonly latenciesMs: readonly number[];
  readonly lost: number;
}

/** Agents by their number in the run. */
export interface RecordRange {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** When they were born. */
  readonly bornSeconds: number;
}

/** A running network of weft nodes in one process. */
export interface WeftNetworkClient {
  /** Of its first node. */
  readonly addresses: readonly string[];
  readonly startMs: number;
  register(range: RecordRange): Promise<void>;
  /** Rotates agents that are registered. */
  gossip(range: RecordRange): Promise<GossipOutcome>;
  stop(): Promise<void>;
}

/** Starts a network; resolves when every node knows its neighbours. */
export async function startNetworkProcess(nodes: number): Promise<WeftNetworkClient> {
  const worker = await startWorker({
    entry: new URL('./network-process.ts', import.meta.url),
    name: `${nodes} nodes`,
  });
  try {
    const beganMs = performance.now();
    const addresses = (await worker.call('start', nodes)) as readonly string[];
    return {
      addresses,
      startMs: performance.now() - beganMs,
      register: (range) => worker.call('register', range) as Promise<void>,
      gossip: (range) => worker.call('gossip', range) as Promise<GossipOutcome>,
      stop: worker.close,
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}
