/**
 * No node has more in memory, sends more or is asked more at once than what the product is configured for: agents and
 * decoded agents (`agentsMax`, `cachedAgentsMax`), requests under way from one peer (`requestsInFlightMax` of
 * src/adapters/libp2p/record-server.ts), messages a second (what each neighbour would take of it).
 */
import { gossipMessagesPerSecondPerTopic, gossipTopicCount } from '../../../src/core/limits.ts';
import type { PeerConfig } from '../../../src/core/peer/peer-config.ts';
import { createViolations, type Invariant } from './invariant.ts';

/** Requests of one peer that a node works on at once. */
export const requestsOfOnePeerMax = 256;
/** Agents whose news a full disk refuses, which stay in memory beside the cache (src/core/peer/agent-table.ts). */
const unsavedAgentsMax = 8192;

export type Budgets = Pick<
  PeerConfig,
  'agentsMax' | 'cachedAgentsMax' | 'findsPerSecond' | 'putsPerSecond' | 'findsBurst' | 'putsBurst'
>;

/** @param budgets of every node. `canFill`: disks may be full. */
export function withinBudgets(budgets: Budgets, canFill: boolean): Invariant {
  const violations = createViolations();
  const perNeighbourSecond =
    gossipTopicCount * gossipMessagesPerSecondPerTopic + budgets.findsPerSecond + budgets.putsPerSecond;
  const burst = budgets.findsBurst + budgets.putsBurst;

  function check(node: number, what: string, value: number, most: number): void {
    if (value > most) violations.add(`node ${node} has ${what}: ${value}, and at most ${most} are allowed`);
  }

  return {
    name: 'no node exceeds its memory, message and stream budgets',
    counted({ index }, metric, label) {
      if (metric === 'requests_refused' && label === 'over-quota')
        violations.add(`node ${index} is asked for more than its quotas allow one peer`);
    },
    passed(nodes) {
      for (const node of nodes) {
        const { index, neighbours } = node;
        check(index, 'agents', node.agents, budgets.agentsMax);
        const cachedMax = budgets.cachedAgentsMax + node.waitingRequests + (canFill ? unsavedAgentsMax : 0);
        check(index, 'decoded agents', node.cachedAgents, cachedMax);
        check(index, 'requests of one peer', node.mostRequestsOfOnePeer, requestsOfOnePeerMax);
        const messagesMax = (neighbours + 1) * (burst + perNeighbourSecond * node.seconds);
        check(index, 'messages sent', node.sentMessages, messagesMax);
      }
    },
    violations: violations.all,
  };
}
