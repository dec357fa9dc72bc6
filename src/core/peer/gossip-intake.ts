/**
 * Gossip in and out: admission of what neighbours send, publication of what this peer learned another way, and the queue
 * of what is over an agent's budget. Source: docs/protocol.md §5.
 */
import { isProtocolError } from '../errors.ts';
import { gossipVerdict } from '../gossip/admit.ts';
import {
  decodeAnnouncement,
  encodeAnnouncements,
  gossipTopic,
  gossipTopicNumber,
  readGossipTopic,
} from '../gossip/announcement.ts';
import { createGossipBudgets } from '../gossip/budgets.ts';
import { agentKey } from '../identity/agent-id.ts';
import { announcementBytesMax, gossipMessagesPerSecondPerTopic, gossipTopicCount } from '../limits.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { GossipVerdict } from './events.ts';
import type { Ingest, IngestResult, IngestSource } from './ingest.ts';
import { createKindQuota } from './quota.ts';

export interface GossipIntake {
  handle(messageId: number, topic: string, from: string, data: Uint8Array): void;
  /** Everything accepted passes here: what came by another way than gossip is published once. */
  accepted(result: IngestResult, source: IngestSource): void;
}

/** Agents whose announcement waits for budget. Only their keys are kept: the state itself is in the table. */
const waitingAgentsMax = 65_536;
/** Of whom quotas are kept; a node has about a hundred neighbours. */
const neighboursMax = 256;

export function createGossipIntake(context: PeerContext, table: AgentTable, ingest: Ingest): GossipIntake {
  const perSecond = gossipMessagesPerSecondPerTopic;
  const mayGossip = createKindQuota({ burst: perSecond * 2, perSecond }, gossipTopicCount, neighboursMax);
  const budgets = createGossipBudgets();
  const waiting = new Set<string>();
  /** The latest that was accepted and is over its agent's budget. */
  let overBudget: AgentState | null = null;

  function handle(messageId: number, topic: string, from: string, data: Uint8Array): void {
    const answer = (verdict: GossipVerdict, reason: string): void => {
      context.count('gossip_received', verdict === 'accept' ? verdict : `${verdict}:${reason}`);
      context.emit({ type: 'answer-gossip', messageId, verdict });
    };
    if (data.length > announcementBytesMax) {
      answer('reject', 'too-large');
      return;
    }
    const number = readGossipTopic(context.config.protocolPrefix, topic);
    if (number < 0) {
      answer('reject', 'wrong-topic');
      return;
    }
    if (!mayGossip(from, number, context.nowMs())) {
      answer('ignore', 'over-quota');
      return;
    }
    try {
      const { agentId, bundle } = decodeAnnouncement(data);
      if (gossipTopicNumber(agentId) !== number) {
        answer('reject', 'wrong-topic');
        return;
      }
      ingest({
        bundle,
        bytes: null,
        expected: agentId,
        source: 'gossip',
        shouldHold: false,
        onJoined(result) {
          const inBudget = overBudget === null || result.agent?.state !== overBudget;
          answer(gossipVerdict(result.refusal, result.changes, inBudget), result.refusal ?? 'known');
        },
      });
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      answer('reject', error.code);
    }
  }

  function accepted(result: IngestResult, source: IngestSource): void {
    const agent = result.agent;
    const { changes } = result;
    if (agent === null || changes.every((change) => change === 'changed')) return;
    // A reader that meets an agent for the first time has nothing to tell those who already store it.
    if (source === 'resolve' && result.before === null) return;
    // Whoever pushes to a client tells the network too.
    if (context.config.role === 'client' && (source === 'push' || source === 'sync')) return;
    const key = agentKey(agent.state.agentId);
    const isWithin = budgets.spend(key, changes, context.nowMs());
    overBudget = isWithin ? null : agent.state;
    if (!isWithin) wait(key);
    else if (source !== 'gossip') publish(agent.state);
  }

  function publish(state: AgentState): void {
    const topic = gossipTopic(context.config.protocolPrefix, state.agentId);
    for (const data of encodeAnnouncements(state)) context.emit({ type: 'publish-gossip', topic, data });
    context.count('gossip_published', 'announcement');
  }

  function wait(key: string): void {
    if (waiting.has(key) || waiting.size >= waitingAgentsMax) return;
    waiting.add(key);
    context.count('gossip_delayed', 'over-budget');
    schedule(key);
  }

  function schedule(key: string): void {
    const nowMs = context.nowMs();
    context.timers.at(Math.max(nowMs + 1_000, budgets.readyAtMs(key, nowMs)), () => {
      table.load(key, (agent) => {
        waiting.delete(key);
        if (agent === null) return;
        if (budgets.spend(key, ['rotated', 'delegation-revoked'], context.nowMs())) publish(agent.state);
        else wait(key);
      });
    });
  }

  return { handle, accepted };
}
