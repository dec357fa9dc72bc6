/** Agents in custody as the surface of a node shows them. */
import type { Signer } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Right } from '../core/identity/delegation.ts';
import type { Grant } from '../core/identity/delegation-grant.ts';
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

/** A grant without a slot, as it is asked for. */
export interface GrantWish {
  readonly audience: Uint8Array;
  /** Without `op` and `publish`, which take a slot. */
  readonly rights: readonly Right[];
  readonly expiresInSeconds: number;
  /** The grant that this one stands below, held by the delegate key of this node. Left out: the controller, where its key is here, else a held one that covers it. */
  readonly under?: Grant;
}

/** Which grant is meant; a grant itself, when only its text is known. */
export type WhichGrant =
  | { readonly slot: number }
  | { readonly hash: Uint8Array }
  | { readonly grant: Grant };

/** A grant that this node has heard of by issuing it, or by being given it. */
export interface KeptGrant {
  readonly grant: Grant;
  /** The delegate key of this node is the one that holds it. */
  readonly isHeld: boolean;
}

/** A credential to be revoked: its digest, and when it ends by itself. */
export interface RevokedCredential {
  readonly digest: Uint8Array;
  readonly expiresAtSeconds: number;
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
      readonly rights: readonly Right[];
      readonly fields: readonly ('primary' | 'private' | 'adaptive' | 'ttl')[];
      /** 1..7; the lowest free one when left out. */
      readonly slot?: number;
      readonly expiresInSeconds: number;
    },
    options?: PublishOptions,
  ): Promise<AgentResult & { readonly delegation: Uint8Array; readonly slot: number }>;
  /**
   * A grant that travels by hand: signed by the controller, or by the delegate key of this node under a grant with `sub`.
   * Nothing is published; this node keeps it. @throws ProtocolError `bad-delegation`, NodeError `no-key`.
   */
  grant(agentId: AgentId, wish: GrantWish, options?: PublishOptions): Promise<Grant>;
  /** Keeps a grant that was received. @throws ProtocolError when it does not hold now. */
  keepGrant(grant: Grant, options?: PublishOptions): Promise<KeptGrant>;
  /** Those that are kept, the oldest first, ended ones for a day longer. */
  grants(agentId: AgentId): Promise<readonly KeptGrant[]>;
  /** The grant that lets the delegate key of this node do that now, the longest first. Null when there is none. */
  heldGrant(
    agentId: AgentId,
    right: Right,
  ): Promise<{ readonly grant: Grant; readonly signer: Signer } | null>;
  /** A new key of this node's keystore, to be named as the audience of a grant made elsewhere. */
  createDelegateKey(agentId: AgentId): Promise<Uint8Array>;
  /** By the controller, or by the delegate key of this node where it stands above. */
  revokeDelegation(
    agentId: AgentId,
    which: WhichGrant,
    reason: ReasonCode,
    options?: PublishOptions,
  ): Promise<AgentResult>;
  /** Of a credential that the agent issued: by the controller, or under a held grant with `revoke`. */
  revokeCredential(
    agentId: AgentId,
    credential: RevokedCredential,
    reason: ReasonCode,
    options?: PublishOptions,
  ): Promise<AgentResult>;
  /** The tombstone: the agent ends. */
  revoke(agentId: AgentId, reason: ReasonCode, options?: PublishOptions): Promise<AgentResult>;
}
