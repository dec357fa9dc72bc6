/** Which joins are worth an alarm: a fork, and a key event that overturns one which stood for long (docs/protocol.md §1). */
import type { AgentState } from '../record/agent-state.ts';
import type { PeerContext } from './context.ts';
import type { IngestResult } from './ingest.ts';

/** An establishment that held for so long is not expected to be overturned (§1: `late-fork`). */
const lateForkSeconds = 3600;

export function raiseAlarms(
  context: PeerContext,
  { before, heldSince }: IngestResult,
  after: AgentState,
): void {
  if (after.keyState.status === 'forked' && before?.keyState.status !== 'forked') {
    context.emit({ type: 'raise-alarm', alarm: 'forked', agentId: after.agentId });
  }
  if (before === null || heldSince === null) return;
  const isOverturned = !after.keyState.chain.some((event) => event.key === before.keyState.head.key);
  if (isOverturned && context.nowSeconds() - heldSince >= lateForkSeconds) {
    context.emit({ type: 'raise-alarm', alarm: 'late-fork', agentId: after.agentId });
  }
}
