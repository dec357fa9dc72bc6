/** Looks at what nodes have and do that is bounded: a thousand of them at a time, so that large runs stay fast. */
import type { BudgetedNode } from './invariants/invariant.ts';
import type { World } from './world.ts';

const nodesAtOnce = 1_000;

/** Each call goes on where the last one ended. */
export function createBudgetWatch(world: World): () => BudgetedNode[] {
  const { nodes, network, queue } = world;
  const sentBefore = new Uint32Array(nodes.length);
  const lookedAtMs = new Float64Array(nodes.length).fill(queue.nowMs);
  let next = 0;

  function look(index: number): BudgetedNode {
    const { agents, cachedAgents, waitingRequests } = nodes[index]!.peer.snapshot();
    const sent = network.sentMessages[index]!;
    const seen = {
      ...{ index, agents, cachedAgents, waitingRequests },
      neighbours: world.neighbourCount(index),
      sentMessages: sent - sentBefore[index]!,
      seconds: (queue.nowMs - lookedAtMs[index]!) / 1000,
      mostRequestsOfOnePeer: world.requestsUnderWay.mostOfOnePeer(index),
    };
    sentBefore[index] = sent;
    lookedAtMs[index] = queue.nowMs;
    return seen;
  }

  return () =>
    Array.from({ length: Math.min(nodesAtOnce, nodes.length) }, () => {
      next = (next + 1) % nodes.length;
      return look(next);
    });
}
