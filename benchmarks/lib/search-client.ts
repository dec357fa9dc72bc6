/** The harness's hold on a network in which many agents have announced what they can do. */
import { startWorker } from './worker-client.ts';

export interface AnnounceRequest {
  readonly seed: number;
  readonly count: number;
}

/** Over all announcements and nodes: each announcement is sent to each node. */
export interface AnnounceOutcome {
  readonly sent: number;
  readonly stored: number;
  readonly announceMs: number;
}

export interface SearchRequest {
  readonly seed: number;
  /** How many there are. */
  readonly announcements: number;
  readonly searches: number;
  readonly limit: number;
}

export interface SearchOutcome {
  readonly tagMs: readonly number[];
  readonly prefixMs: readonly number[];
  /** Answers with fewer agents than there are, or with others than were asked for. */
  readonly wrong: number;
}

export interface SearchNetworkClient {
  readonly startMs: number;
  announce(request: AnnounceRequest): Promise<AnnounceOutcome>;
  search(request: SearchRequest): Promise<SearchOutcome>;
  stop(): Promise<void>;
}

/** Starts a network; resolves when every node knows its neighbours. */
export async function startSearchProcess(nodes: number): Promise<SearchNetworkClient> {
  const worker = await startWorker({
    entry: new URL('./search-process.ts', import.meta.url),
    name: `${nodes} nodes`,
  });
  try {
    const beganMs = performance.now();
    await worker.call('start', nodes);
    return {
      startMs: performance.now() - beganMs,
      announce: (request) => worker.call('announce', request) as Promise<AnnounceOutcome>,
      search: (request) => worker.call('search', request) as Promise<SearchOutcome>,
      stop: worker.close,
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}
