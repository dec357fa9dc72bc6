/** What differs between peers of one network. Every duration in milliseconds unless it says so. */
import {
  acknowledgementsDefault,
  handOverSeconds,
  lookupParallelism,
  peersWantedDefault,
  replicationCount,
  replicationSlack,
  respondersMin,
  syncIntervalSeconds,
} from '../limits.ts';

export interface PeerConfig {
  /** `full` stores for others; `client` only asks. */
  readonly role: 'full' | 'client';
  readonly protocolPrefix: string;
  /** k. */
  readonly replication: number;
  readonly slack: number;
  /** α: answers that one search waits for at a time. */
  readonly parallelism: number;
  /** Known peers up to which a new one is met at once; a client meets no more. */
  readonly peersWanted: number;
  /** After a new neighbour, how soon it is asked whom it knows. */
  readonly neighboursSoonMs: number;
  /** Reconciles with each new neighbour; false where it is known that all begin with the same. */
  readonly greetsNeighbours: boolean;
  /** w, when the caller names none. */
  readonly acknowledgements: number;
  readonly respondersMin: number;
  readonly requestTimeoutMs: number;
  /** The shortest silence after which a lookup or a put asks one more candidate. */
  readonly hedgeAfterMs: number;
  /** How long a search that knows nobody waits for a first peer; 0: the peer may be the only one. */
  readonly meetWithinMs: number;
  readonly syncIntervalMs: number;
  readonly handOverIntervalMs: number;
  /** Records of up to 1 KiB (larger ones count for each KiB) that one peer may put: at once, and per second. */
  readonly putsBurst: number;
  readonly putsPerSecond: number;
  /** Agents that one peer may ask for. */
  readonly findsBurst: number;
  readonly findsPerSecond: number;
  /** Decoded agents kept in memory; the rest is read from the store. */
  readonly cachedAgentsMax: number;
  /** Agents of which anything is kept at all. */
  readonly agentsMax: number;
}

export const peerConfigDefault: PeerConfig = {
  role: 'full',
  protocolPrefix: '/weft',
  replication: replicationCount,
  slack: replicationSlack,
  parallelism: lookupParallelism,
  peersWanted: peersWantedDefault,
  acknowledgements: acknowledgementsDefault,
  respondersMin,
  requestTimeoutMs: 5_000,
  hedgeAfterMs: 100,
  meetWithinMs: 0,
  neighboursSoonMs: 400,
  greetsNeighbours: true,
  syncIntervalMs: syncIntervalSeconds * 1000,
  handOverIntervalMs: handOverSeconds * 1000,
  putsBurst: 4_000,
  putsPerSecond: 1_000,
  findsBurst: 8_000,
  findsPerSecond: 4_000,
  cachedAgentsMax: 4_096,
  agentsMax: 5_000_000,
};
