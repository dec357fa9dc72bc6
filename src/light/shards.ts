/**
 * Which gossip shards this node is subscribed to: those of the agents that it watches, while these are few. A shard
 * carries the revocations of a sixteenth of all agents, so a node that watches many would hear, check and pass on what
 * concerns it not; it then relies on the three full nodes that push to it for each agent.
 */
import { gossipTopic } from '../core/gossip/announcement.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { Gossip } from '../ports/gossip.ts';

/** A quarter of the network's announcements: what four agents need at most. */
export const shardsMax = 4;
/** Agents come in bursts; the neighbours are told once. */
const settleMs = 20;

export interface Shards {
  add(agentIds: readonly AgentId[]): void;
  remove(agentIds: readonly AgentId[]): void;
  /** Topics that are subscribed to now. */
  topics(): readonly string[];
  stop(): void;
}

export function createShards(options: {
  readonly gossip: Pick<Gossip, 'subscribe' | 'unsubscribe'>;
  readonly clock: Clock;
  readonly protocolPrefix: string;
}): Shards {
  const { gossip, clock, protocolPrefix } = options;
  const agentsByTopic = new Map<string, number>();
  const subscribed = new Set<string>();
  let cancelSettle = (): void => {};
  let isSettling = false;

  function count(agentIds: readonly AgentId[], change: 1 | -1): void {
    for (const agentId of agentIds) {
      const topic = gossipTopic(protocolPrefix, agentId);
      const agents = (agentsByTopic.get(topic) ?? 0) + change;
      if (agents === 0) agentsByTopic.delete(topic);
      else agentsByTopic.set(topic, agents);
    }
    if (isSettling || agentIds.length === 0) return;
    isSettling = true;
    cancelSettle = clock.schedule(settleMs, settle);
  }

  function settle(): void {
    isSettling = false;
    const wanted = agentsByTopic.size > shardsMax ? new Set<string>() : new Set(agentsByTopic.keys());
    for (const topic of [...subscribed]) {
      if (wanted.has(topic)) continue;
      subscribed.delete(topic);
      gossip.unsubscribe(topic);
    }
    for (const topic of wanted) {
      if (subscribed.has(topic)) continue;
      subscribed.add(topic);
      gossip.subscribe(topic);
    }
  }

  return {
    add: (agentIds) => count(agentIds, 1),
    remove: (agentIds) => count(agentIds, -1),
    topics: () => [...subscribed],
    stop: () => cancelSettle(),
  };
}
