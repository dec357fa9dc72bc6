/** What the model of gossip needs of the world around it, and what it offers. */
import type { GossipVerdict } from '../../src/core/peer/events.ts';
import type { Random } from '../../src/core/rng.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Note } from './threads/exchange.ts';
import type { Lane } from './threads/lane.ts';

/** Meshes that somebody else keeps, in place of the simple ones here. */
export interface MeshKeeper {
  peers(topic: string, node: number): readonly number[];
  /** That neighbour was the first to bring the node a message that it accepted. */
  delivered(topic: string, node: number, from: number): void;
  /** It publishes nothing. */
  isMute(node: number): boolean;
}

export interface GossipNetwork {
  publish(node: number, topic: string, data: Uint8Array): void;
  keepMeshes(keeper: MeshKeeper): void;
  /** It was down: it has no memory of messages and stands in no mesh. */
  left(node: number): void;
  /** From another lane; false when it is not about gossip. */
  receive(note: Note): boolean;
  readonly counts: {
    delivered: number;
    duplicates: number;
    rejected: number;
    told: number;
    recovered: number;
  };
}

export interface GossipLane {
  readonly lane: Lane;
  /** By node: those that it has been connected to since before the run. */
  readonly settled: readonly (readonly number[])[];
  /** The same in all lanes. */
  random(topic: string): Random;
}

export interface GossipParts {
  readonly queue: EventQueue;
  readonly network: SimulatedNetwork;
  readonly random: Random;
  /** D; a mesh holds up to twice as many. */
  readonly degree?: number | undefined;
  /** A message of the node's own goes to all neighbours, else to its mesh. */
  readonly floodPublish?: boolean | undefined;
  /** Messages are told of on heartbeats. */
  readonly lazy?: boolean | undefined;
  /** Where nodes are divided among threads: meshes are formed among those whom all lanes know to be connected. */
  readonly divided?: GossipLane | undefined;
  isUp(node: number): boolean;
  /** Those that a node is connected to. */
  neighbours(node: number): readonly number[];
  /** Asks the node's core. */
  validate(
    node: number,
    from: number,
    topic: string,
    data: Uint8Array,
    onVerdict: (verdict: GossipVerdict) => void,
  ): void;
}
