/** Flooded announcements on topics. */
import type { GossipVerdict } from '../core/peer/events.ts';

export interface GossipHandlers {
  /** Decides whether a message is passed on. Never rejects. `from` is the neighbour that sent it. */
  messageReceived(topic: string, from: string, data: Uint8Array): Promise<GossipVerdict>;
}

export interface Gossip {
  start(handlers: GossipHandlers): Promise<void>;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Best effort; a network of one node is not an error. */
  publish(topic: string, data: Uint8Array): Promise<void>;
  /** Mesh size by topic, for health. */
  meshSizes(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}
