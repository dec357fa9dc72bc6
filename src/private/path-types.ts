/** What the private path and content of the overlay are put together from, and what they offer. */

import type { ProtocolErrorCode } from '../core/errors.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { RoutingTable } from '../core/overlay/routing-table.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { PeerContact } from '../core/peer/events.ts';
import type { PeerConfig } from '../core/peer/peer-config.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { KeyAgreement } from '../ports/key-agreement.ts';
import type { Overlay } from '../ports/overlay.ts';
import type { Store } from '../ports/store.ts';
import type { Verifier } from '../ports/verifier.ts';

/** What a peer's configuration says of its searches, and `full` also relays, is asked in private and stores content. */
export interface PathSettings
  extends Pick<
    PeerConfig,
    'role' | 'protocolPrefix' | 'replication' | 'slack' | 'parallelism' | 'respondersMin'
  > {
  /** Relays the sealed questions of others. */
  readonly relays: boolean;
  /** Of the contents kept for others. */
  readonly contentBytesMax: number;
}

export interface PathParts {
  readonly overlay: Overlay;
  readonly settings: PathSettings;
  /** 32 bytes: the seed of this peer's own key. */
  readonly seed: Uint8Array;
  readonly agreement: KeyAgreement;
  readonly store: Pick<Store, 'get' | 'write' | 'entries'>;
  readonly verifier: Pick<Verifier, 'verifyAll'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Counts without content: how many, and how they ended. */
  readonly counted: (metric: 'private_requests' | 'contents', label: string, value: number) => void;
}

/** Peers as the overlay tells of them. */
export interface KnownPeers {
  readonly routing: RoutingTable;
  /** Full peers with an open connection. */
  connected(): readonly PeerContact[];
  isConnected(peer: string): boolean;
}

export interface PrivateOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface PrivateResolveOptions extends PrivateOptions {
  /** Ask the network even when a private answer is within its ttl. */
  readonly fresh?: boolean;
}

/** What became of content that was brought to its storing peers. */
export interface HeldContent {
  readonly digest: Uint8Array;
  /** The URL that leads to it: `ipfs://` and its CID. */
  readonly url: string;
  readonly holders: number;
  readonly asked: number;
  /** The most frequent refusal of the others, when there was one. */
  readonly refusal: ProtocolErrorCode | null;
}

/** What a node offers of both. */
export interface PrivateCalls {
  /**
   * Resolves an agent without telling anybody who asks for what: each question goes sealed through a relay. Nothing of it is
   * written down here, so that anti-entropy tells nobody either.
   * @throws ProtocolError `no-usable-answers` when nobody can be asked so
   */
  resolve(agentId: AgentId, options?: PrivateResolveOptions): Promise<Resolution>;
  /** The blob of that digest through relays, hash checked; null when those who should hold it do not. */
  fetch(digest: Uint8Array, options?: PrivateOptions): Promise<Uint8Array | null>;
  /** The same by asking its storing peers directly: they see who asks. */
  fetchDirectly(digest: Uint8Array, options?: PrivateOptions): Promise<Uint8Array | null>;
  /**
   * Brings a credential to the storing peers of its digest.
   * @param isKnown it was brought before: they are asked to keep it, and get the bytes where they have not
   * @throws ProtocolError when it is nothing that they take
   */
  hold(bytes: Uint8Array, options?: PrivateOptions & { readonly isKnown?: boolean }): Promise<HeldContent>;
}
