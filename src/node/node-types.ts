/** The surface of a full node: what the control API, the CLI and an embedding program see. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { ReasonCode } from '../core/identity/key-event.ts';
import type { ChangeKind, PublishResult, Resolution } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { StoreStatistics } from '../ports/store.ts';

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

/** A change of one agent, as this node accepted it. */
export interface AgentChange {
  readonly agentId: AgentId;
  readonly change: ChangeKind;
  readonly state: AgentState;
  readonly source: 'gossip' | 'put' | 'sync' | 'push' | 'local' | 'resolve';
  /** Milliseconds since 1970, this node's clock. */
  readonly acceptedAtMs: number;
}

export interface PeerStatus {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly connected: boolean;
  readonly direction: 'inbound' | 'outbound' | null;
  readonly latencyMs: number | null;
  readonly agentVersion: string | null;
  /** True when this peer is in the gossip mesh of at least one topic. */
  readonly inMesh: boolean;
}

export interface NodeStatus {
  readonly version: string;
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly network: {
    readonly protocolPrefix: string;
    readonly profile: 'private' | 'public';
    readonly isNew: boolean;
  };
  readonly state: 'starting' | 'ready' | 'stopping';
  readonly startedAtMs: number;
  readonly connectedPeers: number;
  readonly knownPeers: number;
  /** Records held for others and itself; agents whose keys or revocations are known; agents whose key this node holds. */
  readonly agents: { readonly stored: number; readonly known: number; readonly custodial: number };
  readonly store: StoreStatistics;
}

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

export interface WeftNode {
  readonly peer: string;
  readonly agents: AgentService;
  addresses(): readonly string[];
  start(): Promise<void>;
  /** Hands over what it alone may hold, closes every socket and the store. */
  stop(): Promise<void>;
  status(): Promise<NodeStatus>;
  peers(): readonly PeerStatus[];
  resolve(agentId: AgentId, options?: ResolveOptions): Promise<Resolution>;
  /** Publishes a bundle signed elsewhere. @throws ProtocolError when it is not valid. */
  publish(bundle: Uint8Array, options?: PublishOptions): Promise<PublishResult>;
  /** What this node accepts from now on; of the agents named, or of all that it hears of. Bounded: a slow reader loses the oldest. */
  changes(options?: {
    readonly agents?: readonly AgentId[];
    readonly signal?: AbortSignal;
  }): AsyncIterable<AgentChange>;
  /** Prometheus text (documented in docs/operating.md). */
  metrics(): Promise<string>;
}

export type NodeErrorCode =
  | 'not-custodial'
  | 'no-key'
  | 'not-running'
  | 'publish-failed'
  | 'agent-not-active'
  | 'bad-argument'
  | 'slot-taken';

/** Errors of the node's own surface; ProtocolError, StoreError and KeystoreError pass through it. */
export class NodeError extends Error {
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'NodeError';
    this.code = code;
  }
}
