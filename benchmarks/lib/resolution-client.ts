/** The harness's hold on a network in which names lead to endpoints. */
import { startWorker } from './worker-client.ts';

export interface ResolutionOutcome {
  /** From a name that the reader has never heard of to verified endpoints. */
  readonly coldMs: { readonly direct: readonly number[]; readonly adaptive: readonly number[] };
  /** Of those, by step of the trace; whole milliseconds. */
  readonly stepMs: Readonly<Record<string, readonly number[]>>;
  /** The same again, out of what is kept. */
  readonly keptMs: readonly number[];
  /** Answers with another endpoint than that of the agent. */
  readonly wrong: number;
}

export interface ResolutionNetworkClient {
  readonly startMs: number;
  /** So many agents, each with facts, a resolver, and a name in a namespace of its own. */
  publish(count: number): Promise<void>;
  /** Each name once. */
  ask(warmUps: number): Promise<ResolutionOutcome>;
  stop(): Promise<void>;
}

/** Starts a network; resolves when every node knows its neighbours. */
export async function startResolutionProcess(nodes: number): Promise<ResolutionNetworkClient> {
  const worker = await startWorker({
    entry: new URL('./resolution-process.ts', import.meta.url),
    name: `${nodes} nodes`,
  });
  try {
    const beganMs = performance.now();
    await worker.call('start', nodes);
    return {
      startMs: performance.now() - beganMs,
      publish: (count) => worker.call('publish', count) as Promise<void>,
      ask: (warmUps) => worker.call('ask', warmUps) as Promise<ResolutionOutcome>,
      stop: worker.close,
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}
