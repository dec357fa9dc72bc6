/** The harness's hold on a network of weft nodes in a process of its own. */
import { startWorker } from './worker-client.ts';

/** What such a process answers beside `start`, which takes the number of nodes, and `stop`. */
type NetworkCalls<Calls> = { readonly [Name in keyof Calls]: (argument: never) => Promise<unknown> };

/** A running network. */
export interface NetworkClient<Calls extends NetworkCalls<Calls>> {
  /** From the call to nodes that know their neighbours. */
  readonly startMs: number;
  call<Name extends keyof Calls & string>(
    name: Name,
    argument: Parameters<Calls[Name]>[0],
  ): ReturnType<Calls[Name]>;
  stop(): Promise<void>;
}

/** Starts a network; resolves when every node knows its neighbours. @param file the module of the process, beside this one */
export async function startNetworkProcess<Calls extends NetworkCalls<Calls>>(
  file: string,
  nodes: number,
): Promise<NetworkClient<Calls>> {
  const worker = await startWorker({ entry: new URL(file, import.meta.url), name: `${nodes} nodes` });
  try {
    const beganMs = performance.now();
    await worker.call('start', nodes);
    return {
      startMs: performance.now() - beganMs,
      call: (name, argument) => worker.call(name, argument) as ReturnType<Calls[typeof name]>,
      stop: worker.close,
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}
