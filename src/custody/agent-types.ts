/** Agents in custody as the surface of a node shows them. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { ReasonCode } from '../core/identity/key-event.ts';
import type { PublishResult } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { PublishOptions } from '../driver/call-types.ts';

/** What a register or update says about the record; undefined leaves a field, null clears it. */
export interface RecordDraft {
  readonly primaryFactsUrl?: string | null;
  /** A URL, or the 16 bytes of a blinded pointer. */
  readonly privateFactsUrl?: string | Uint8Array | null;
  readonly adaptiveResolverUrl?: string | null;
  /** Rounded to the nearest duration of the table that is not longer (§2). */
  readonly ttlSeconds?: number;
  readonly validitySeconds?: number;
}

export interface AgentResult {
  readonly agentId: AgentId;
  readonly publish: PublishResult;
  readonly state: AgentState;
  /** Size of the AgentAddr, signature included. */
  readonly recordBytes: number;
  /** When the record dies unless it is fenced again, seconds since 1970; null for a tombstone. */
  readonly expiresAtSeconds: number | null;
}

/** Agents whose signing key this node holds (custody). Every method publishes and returns what the storing peers said. */
export interface AgentService {
  list(): Promise<readonly { readonly agentId: AgentId; readonly roles: readonly string[] }[]>;
  register(
    draft: RecordDraft & { readonly ephemeral?: boolean },
    options?: PublishOptions,
  ): Promise<AgentResult>;
  update(agentId: AgentId, draft: RecordDraft, options?: PublishOptions): Promise<AgentResult>;
  /** Signs a new fence over the merged state now. */
  refence(agentId: AgentId, options?: PublishOptions): Promise<AgentResult>;
  rotate(agentId: AgentId, options?: PublishOptions): Promise<AgentResult>;
  /** With the recovery key of the keystore, or the seed given. */
  recover(
    agentId: AgentId,
    options?: PublishOptions & { readonly recoverySeed?: Uint8Array },
  ): Promise<AgentResult>;
  delegate(
    agentId: AgentId,
    grant: {
      readonly audience: Uint8Array;
      readonly rights: readonly ('op' | 'publish' | 'sub' | 'revoke' | 'facts')[];
      readonly fields: readonly ('primary' | 'private' | 'adaptive' | 'ttl')[];
      /** 1..7; the lowest free one when left out. */
      readonly slot?: number;
      readonly expiresInSeconds: number;
    },
    options?: PublishOptions,
  ): Promise<AgentResult & { readonly delegation: Uint8Array; readonly slot: number }>;
  /** A new key of this node's keystore, to be named as the audience of a grant made elsewhere. */
  createDelegateKey(agentId: AgentId): Promise<Uint8Array>;
  revokeDelegation(
    agentId: AgentId,
    which: { readonly slot: number } | { readonly hash: Uint8Array },
    reason: ReasonCode,
    options?: PublishOptions,
  ): Promise<AgentResult>;
  /** The tombstone: the agent ends. */
  revoke(agentId: AgentId, reason: ReasonCode, options?: PublishOptions): Promise<AgentResult>;
}
