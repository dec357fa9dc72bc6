/** Calls to the network and what comes of them, as the surface of a node shows them. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { ChangeKind } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';

export interface ResolveOptions {
  /** Ask the network even when a cached record is within its ttl. */
  readonly fresh?: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface PublishOptions {
  /** w: how many storing peers must answer before the call returns (§4); default 5. */
  readonly acknowledgements?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface SearchOptions {
  /** Default 20, at most 100. */
  readonly limit?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A change of one agent, as this node accepted it. */
export interface AgentChange {
  readonly agentId: AgentId;
  readonly change: ChangeKind;
  readonly state: AgentState;
  readonly source: 'gossip' | 'put' | 'sync' | 'push' | 'local' | 'resolve';
  /** Milliseconds since 1970, this node's clock. */
  readonly acceptedAtMs: number;
}
