/** From accepted changes to the events that an embedding program listens to. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { ChangeKind } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { EmitterSource } from './emitter.ts';
import type { LightEvents } from './light-types.ts';

/** Tells the listeners, in the tick in which the change was accepted. */
export function emitChange(
  events: EmitterSource<LightEvents>,
  agentId: AgentId,
  change: ChangeKind,
  state: AgentState,
): void {
  switch (change) {
    case 'rotated':
    case 'recovered':
      events.emit('rotated', { agentId, isRecovery: change === 'recovered', state });
      return;
    case 'tombstoned':
    case 'forked':
      events.emit('revoked', { agentId, what: 'agent', state });
      return;
    case 'delegation-revoked':
      events.emit('revoked', { agentId, what: 'delegation', state });
      return;
    case 'credential-revoked':
      events.emit('revoked', { agentId, what: 'credential', state });
      return;
    case 'changed':
      events.emit('changed', { agentId, state });
  }
}
