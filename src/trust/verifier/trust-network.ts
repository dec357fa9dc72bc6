/** What a verifier needs of the network; a full node and a light node both have it. */
import type { AgentId } from '../../core/identity/agent-id.ts';
import type { ChangeKind, Resolution } from '../../core/peer/effects.ts';
import type { AgentState } from '../../core/record/agent-state.ts';

/** A change of an agent, as a node has accepted it. */
export interface HeardChange {
  readonly agentId: AgentId;
  readonly change: ChangeKind;
  readonly state: AgentState;
}

/** What a node gives: both kinds have it. */
export interface TrustNetwork {
  /** The agent as the network has it now, not as it was long ago. */
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  /** Each accepted change of these agents from now on, until the signal. */
  readonly watch: (agentIds: readonly AgentId[], signal: AbortSignal) => AsyncIterable<HeardChange>;
}
