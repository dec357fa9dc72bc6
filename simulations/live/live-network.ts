/**
 * Real nodes as a live run sees them: all in one process, each a daemon in a network namespace of its own, or on a network,
 * disks and a clock made from the seed.
 */
import { addCounters, type NodeCounters, readCounters } from '../lib/node-counters.ts';

export type LiveMode = 'process' | 'namespaces' | 'virtual';

/** One start of a node, until its end. */
export interface NodeRun {
  /** Asks the network, whatever the node has in memory; the status. */
  resolve(agentId: Uint8Array): Promise<string>;
  /** The status. */
  publish(bundle: Uint8Array): Promise<string>;
  /** Prometheus text. */
  metrics(): Promise<string>;
  end(): Promise<void>;
}

/** One machine, through all its starts. */
export interface LiveNode {
  readonly index: number;
  readonly isUp: boolean;
  /** Of now; throws when it is down. */
  readonly run: NodeRun;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What its metrics say: counters summed over all its runs, gauges of now. */
  counters(): Promise<NodeCounters>;
}

export interface LiveNetwork {
  readonly mode: LiveMode;
  readonly nodes: readonly LiveNode[];
  /** Where the nodes keep their records, in words. */
  readonly store: string;
  /** Called when a node has learned that an agent has ended. */
  onEnded(listener: EndListener): void;
  /** All nodes together, so far. */
  sentBytes(): Promise<number>;
  /** Seconds of a processor that the nodes have used so far; null where their time is not the machine's. */
  cpuSeconds(): Promise<number | null>;
  /** Only where the mode has a network that can be changed. */
  readonly wire: Wire | null;
  /** Of all that has happened between the nodes, where the same seed gives the same run. */
  readonly traceHash?: () => string;
  /** Ends every node and removes what they kept. Idempotent. */
  close(): Promise<void>;
}

export type EndListener = (node: number, agentKey: string, acceptedAtMs: number) => void;

export interface Wire {
  /** Nothing passes from a node of one side to one of another; null heals. One way: not from a lower side to a higher. */
  cut(sideOf: ((node: number) => number) | null, isOneWay: boolean): Promise<void>;
  /** Probability that a packet is lost. */
  setLoss(loss: number): Promise<void>;
}

/** @param open starts it; called again after each stop. */
export function createLiveNode(index: number, open: () => Promise<NodeRun>): LiveNode {
  const totals = new Map<string, number>();
  let run: NodeRun | null = null;
  return {
    index,
    get isUp() {
      return run !== null;
    },
    get run() {
      if (run === null) throw new Error(`node ${index} is down`);
      return run;
    },
    async start() {
      run = await open();
    },
    async stop() {
      if (run === null) return;
      const ending = run;
      addCounters(totals, readCounters(await ending.metrics()));
      run = null;
      await ending.end();
    },
    async counters() {
      if (run === null) return totals;
      const counters = readCounters(await run.metrics());
      addCounters(counters, totals);
      return counters;
    },
  };
}
