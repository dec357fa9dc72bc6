/** The surface of a light node: what an embedding program gives and gets. */
import type { Host, HostOptions, HostTiming } from '../adapters/libp2p/host-types.ts';
import type { Signer } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Right } from '../core/identity/delegation.ts';
import type { ReasonCode } from '../core/identity/reason-code.ts';
import type { CapabilitySearch, PublishResult, Resolution } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { AgentResult, AgentService, GrantWish, RecordDraft } from '../custody/agent-types.ts';
import type { AnnouncedCapabilities, AnnounceOptions } from '../custody/capability-service.ts';
import type { AgentChange, PublishOptions, SearchOptions } from '../driver/call-types.ts';
import type { DriverPorts } from '../driver/driver.ts';
import type { ZoneReader } from '../names/dns/zone-reader.ts';
import type { ResolvedName, ResolveNameOptions } from '../names/name-types.ts';
import type { KeyAgreement } from '../ports/key-agreement.ts';
import type { Store } from '../ports/store.ts';
import type { Verifier } from '../ports/verifier.ts';
import type { PrivateOptions, PrivateResolveOptions } from '../private/path-types.ts';
import type { AgentKeys, KeySource } from './agent-keys.ts';
import type { Emitter } from './emitter.ts';
import type { LightRecord } from './light-record.ts';

/** What differs between Node and a browser. The two entries give it; all logic is in light-node.ts. */
export interface LightParts {
  /** Makes the host with the transports of the platform. */
  readonly createHost: (options: HostOptions) => Promise<Host>;
  /** Closed with the node. */
  readonly verifier: Verifier;
  /** Left out: a store in memory. Closed with the node. */
  readonly store?: Store;
  /** X25519 of the private path; left out: @noble/curves. */
  readonly agreement?: KeyAgreement;
  /** Zones of the DNS, by that resolver; left out: names of the DNS are refused. */
  readonly openZones?: (resolver: string, nowSeconds: () => number) => Promise<ZoneReader>;
  /** From a seed of 32 bytes; left out: @noble/ed25519. */
  readonly createSigner?: (seed: Uint8Array) => Signer;
}

export interface LightNodeOptions {
  /** Multiaddrs with /p2p of full nodes to join through; several, so that one that is away does not matter. */
  readonly bootstrap: readonly string[];
  /** Default `/weft`. */
  readonly protocolPrefix?: string;
  /** `private` keeps addresses of one host or cluster; default `private`. */
  readonly profile?: 'private' | 'public';
  /**
   * What is held may be served for so long although no full node could have told of a change; default 30 s. 0: only
   * while connected without a break since it was confirmed. Infinity: whatever its ttl allows.
   */
  readonly maxStalenessMs?: number;
  /** Age at which the record of an agent held here is signed anew, seconds; default 22 h, less where its validity is short. */
  readonly refenceSeconds?: number;
  readonly names?: {
    /** Namespaces in which a word alone is looked up, in this order; default none. */
    readonly home?: readonly string[];
    /** Of the DNS: `tcp://`, `tls://` or `https://` and its address; default `system`. Pages ask none. */
    readonly resolver?: string;
  };
  /** Replaces the store, the verifier, the clock and the silent log of the entry. */
  readonly ports?: Partial<Pick<DriverPorts, 'store' | 'verifier' | 'log' | 'clock'>>;
  /** Intervals of the host that a test may shorten. */
  readonly timing?: Partial<HostTiming>;
}

/** An agent by its 32 bytes, or in text: `nanda:…` or `did:nanda:…`. */
export type AgentName = AgentId | string;

/** A change of one agent, as this node accepted it. */
export type LightChange = AgentChange;

export interface LightEvents {
  /** An agent that this node watches, uses or holds was revoked or froze, or one of its delegations or credentials was. */
  readonly revoked: {
    readonly agentId: AgentId;
    readonly what: 'agent' | 'delegation' | 'credential';
    readonly state: AgentState;
  };
  /** New keys: everything that the old ones signed is void. */
  readonly rotated: { readonly agentId: AgentId; readonly isRecovery: boolean; readonly state: AgentState };
  readonly changed: { readonly agentId: AgentId; readonly state: AgentState };
  /** The first full node is connected (again). */
  readonly connected: { readonly fullPeers: number };
  /** The last one is gone; the node dials on by itself. */
  readonly offline: { readonly sinceMs: number };
}

export interface LightResolution extends Resolution {
  /** What the record says now; null unless the status is `ok`. */
  readonly record: LightRecord | null;
}

export interface LightResolveOptions {
  /** Ask the network even when what is held is within its ttl. */
  readonly fresh?: boolean;
  /** In place of the node's own. */
  readonly maxStalenessMs?: number;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Grant = Parameters<AgentService['delegate']>[1];
export interface LightGrantWish extends Omit<GrantWish, 'under'> {
  readonly under?: string;
}

/** A grant that was accepted. */
export interface LightGrant {
  readonly agentId: AgentId;
  readonly rights: readonly Right[];
  readonly expiresAtSeconds: number;
}

type Which = Parameters<AgentService['revokeDelegation']>[1];

/** Every method rejects with LightNodeError, or with the reason of the signal that was aborted. */
export interface LightNode {
  readonly peer: string;
  readonly events: Emitter<LightEvents>;
  /** Since when no full node is connected, milliseconds since 1970; null while one is. */
  readonly offlineSinceMs: number | null;
  /** Joins; resolves when a full node is connected. @throws LightNodeError `offline`; the node dials on. */
  start(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /**
   * What an agent's record says: from what is held while that is within its ttl and nothing could have been missed,
   * else from the network.
   * @throws LightNodeError `offline`, `no-usable-answers`, `bad-argument`, `not-running`.
   */
  resolve(agent: AgentName, options?: LightResolveOptions): Promise<LightResolution>;
  /**
   * The same without telling any full node who asks for what: each question goes sealed through another one. Kept in memory
   * for the ttl of the record, and never watched. It needs two full nodes that are connected, and a third to be asked.
   * @throws LightNodeError `offline`, `no-usable-answers`, `bad-argument`, `not-running`.
   */
  resolvePrivately(agent: AgentName, options?: PrivateResolveOptions): Promise<LightResolution>;
  /** Facts in the overlay by their SHA-256, asked for in the same way and hash checked; null when nobody holds them. */
  fetchFactsPrivately(digest: Uint8Array, options?: PrivateOptions): Promise<Uint8Array | null>;
  /**
   * Who announced a tag, or one below it: hints, whose signatures hold. Resolve an agent before it is used.
   * @throws LightNodeError `offline`, `no-usable-answers`, `not-running`, `bad-argument`.
   */
  search(tag: string, options?: SearchOptions): Promise<CapabilitySearch>;
  /**
   * The agent that a name stands for, with the steps: `urn:agent:<namespace>:<label>` or `@namespace:label`. In Node the
   * namespace may be a name of the DNS. Where a registry has the answer, or a DID, `agentId` is null and it is named.
   * @throws LightNodeError `no-such-name`, `offline`, `no-usable-answers`, `agent-not-active`, `bad-argument`, `not-running`.
   */
  resolveName(name: string, options?: Omit<ResolveNameOptions, 'follow'>): Promise<ResolvedName>;
  /** Each accepted change of these agents from now on. Ends with the signal or the node; a slow reader loses the oldest. */
  watch(
    agents: AgentName | readonly AgentName[],
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<LightChange>;
  /**
   * A new agent with these keys, published; the node keeps its record alive until `release` or `stop`. Without a
   * rotation and a recovery key it is ephemeral: nobody can rotate, recover or revoke it, and it ends by itself.
   * @throws LightNodeError `not-stored` when no full node took it: the node goes on trying.
   */
  register(draft: RecordDraft, keys: AgentKeys, options?: PublishOptions): Promise<AgentResult>;
  /** Keeps an agent alive that was registered before, by an earlier run or elsewhere. */
  adopt(agent: AgentName, keys: AgentKeys): Promise<void>;
  /** Forgets the keys and keeps the record alive no longer; it ends with its validity. */
  release(agent: AgentName): Promise<void>;
  /** Changes fields of an agent that is held here. */
  update(agent: AgentName, draft: RecordDraft, options?: PublishOptions): Promise<AgentResult>;
  /**
   * New keys, by the rotation key that is held. Keep `next` somewhere safe *before* the call: from then on the old keys
   * are void.
   * @param next a new signing and a new rotation key; a recovery key in it is not looked at.
   */
  rotate(agent: AgentName, next: AgentKeys, options?: PublishOptions): Promise<AgentResult>;
  /**
   * New keys, by the recovery key: whatever was signed with stolen keys is void, later rotations and a tombstone too.
   * The agent need not be held here before; it is afterwards.
   * @param recovery the recovery key in force. @param next three new keys; the recovery key must be a fresh one.
   */
  recover(
    agent: AgentName,
    recovery: KeySource,
    next: AgentKeys,
    options?: PublishOptions,
  ): Promise<AgentResult>;
  /** A token that lets another key write for the agent. */
  delegate(
    agent: AgentName,
    grant: Grant,
    options?: PublishOptions,
  ): Promise<AgentResult & { readonly delegation: Uint8Array; readonly slot: number }>;
  /**
   * A grant that travels by hand, as text (`weft-grant:…`): by the agent's own key, or below a grant with `sub` that is held
   * here, the one in `under` or any that fits. Nothing is published.
   */
  grant(agent: AgentName, wish: LightGrantWish, options?: PublishOptions): Promise<string>;
  /**
   * Acts under a grant from now on, until `release` or `stop`: with `op` or `publish` by `update`, with `sub` by `grant`, with
   * the others by showing it. @param key the one that the grant names
   * @throws LightNodeError `refused` for a grant that does not hold now, with the reason as its cause; `bad-argument`
   */
  acceptGrant(grant: string, key: KeySource, options?: PublishOptions): Promise<LightGrant>;
  /** The longest grant held here that gives that right now, to be shown. @throws LightNodeError `no-key` when there is none */
  presentGrant(agent: AgentName, right: Right): Promise<string>;
  /** Takes one delegation back, or ends the agent itself for ever where none is named. */
  revoke(
    agent: AgentName,
    options?: PublishOptions & { readonly delegation?: Which; readonly reason?: ReasonCode },
  ): Promise<AgentResult>;
  /**
   * Announces what an agent can do, in place of what it announced before, and keeps it announced until `release` or `stop`;
   * no tags at all withdraw. @throws LightNodeError `not-stored` when no full node took it: the node goes on trying.
   */
  announce(
    agent: AgentName,
    tags: readonly string[],
    options?: AnnounceOptions,
  ): Promise<AnnouncedCapabilities>;
  /** Agents whose keys are held here. */
  held(): readonly AgentId[];
  /** Publishes a bundle that the caller composed and signed with `weft/core`. */
  publish(bundle: Uint8Array, options?: PublishOptions): Promise<PublishResult>;
  /** Closes every connection and timer; open calls reject. Idempotent. */
  stop(): Promise<void>;
}
