/** The surface of a full node: what the control API, the CLI and an embedding program see. */
import type { NodeLog } from '../audit/node-log.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { PublishResult, Resolution } from '../core/peer/effects.ts';
import type { Keyspace } from '../core/peer/keyspace.ts';
import type { AgentService } from '../custody/agent-types.ts';
import type { CapabilityService } from '../custody/capability-service.ts';
import type { AgentChange, PublishOptions, ResolveOptions } from '../driver/call-types.ts';
import type { FactsHost } from '../facts/host/hosted-facts.ts';
import type { StoreStatistics } from '../ports/store.ts';
import type { Tracing } from '../ports/tracing.ts';
import type { FactsKeeper } from '../private/facts-keeper.ts';
import type { PrivateCalls } from '../private/path-types.ts';
import type { QueryAgents } from '../query/query-types.ts';
import type { AdaptiveResolver } from '../resolution/adaptive/adaptive-resolver.ts';
import type { EndpointResolver } from '../resolution/resolution-types.ts';
import type { CredentialIssuer } from '../trust/issuer/issuer-types.ts';
import type { ReputationProvider } from '../trust/reputation.ts';
import type { TrustVerifier } from '../trust/verifier/trust-verifier.ts';
import type { FactsViews } from '../trust/views/facts-views.ts';
import type { ZonePolicy } from '../trust/zone-policy.ts';
import type { NodeNames } from './node-names.ts';
import type { NodeSamples } from './sampler.ts';

export type { Keyspace } from '../core/peer/keyspace.ts';
export type {
  AgentResult,
  AgentService,
  KeptGrant,
  RecordDraft,
  WhichGrant,
} from '../custody/agent-types.ts';
export type { AnnouncedCapabilities, CapabilityService } from '../custody/capability-service.ts';
export type { AgentChange, PublishOptions, ResolveOptions } from '../driver/call-types.ts';
export type {
  CapabilityQuery,
  FoundCapabilities,
  FoundCapability,
} from '../driver/capability-search.ts';
export { NodeError, type NodeErrorCode } from '../driver/node-error.ts';
export type { RequestSpan } from '../ports/tracing.ts';
export type { NodeSamples } from './sampler.ts';

/** What the API needs of tracing. */
export type RequestTracing = Pick<Tracing, 'beginRequest'>;

export interface PeerStatus {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly connected: boolean;
  readonly direction: 'inbound' | 'outbound' | null;
  readonly latencyMs: number | null;
  readonly agentVersion: string | null;
  /** True when this peer is in the gossip mesh of at least one topic. */
  readonly inMesh: boolean;
  /** Stores records for others. */
  readonly isFull: boolean;
  /** What gossip thinks of it; null for who is not connected. */
  readonly gossipScore: number | null;
  /** Milliseconds since 1970; null for who is not connected. */
  readonly connectedAtMs: number | null;
  /** What it speaks, of this network and of gossip. */
  readonly protocols: readonly string[];
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
  /** Of the whole process. */
  readonly memory: { readonly residentBytes: number; readonly heapUsedBytes: number };
}

/** Credentials and zones; each part is opened when it is first asked for. */
export interface NodeTrust {
  /** What agents in custody issue. @throws StoreError */
  issuer(): Promise<CredentialIssuer>;
  /** What this node accepts. @throws StoreError */
  verifier(): Promise<TrustVerifier>;
  /** Other views of the facts that it serves. @throws StoreError */
  views(): Promise<FactsViews>;
  /** By name, as their files are now. @throws TrustError `bad-policy` */
  zones(): Promise<ReadonlyMap<string, ZonePolicy>>;
  /** As its file is now; undefined where none is set. @throws TrustError `bad-policy` */
  reputation(): Promise<ReputationProvider | undefined>;
}

export interface WeftNode {
  readonly peer: string;
  /** The log of what this node accepted, and what it knows of the logs of others. */
  readonly audit: NodeLog;
  readonly agents: AgentService;
  /** What agents say they can do: announced for those in custody, searched for among all. */
  readonly capabilities: CapabilityService;
  /** Agents by what they are, each verified before it is shown. */
  readonly query: QueryAgents;
  /** Names of namespaces in custody, and the way from any name to its agent. */
  readonly names: NodeNames;
  /** AgentFacts that this node serves. */
  readonly facts: FactsHost;
  readonly trust: NodeTrust;
  /** Facts that this node serves, kept in the overlay too. */
  readonly overlayFacts: Pick<FactsKeeper, 'publish' | 'release'>;
  /**
   * Resolves an agent so that nobody learns who asks for what: each question goes sealed through a relay.
   * @throws ProtocolError `no-usable-answers`
   */
  readonly resolvePrivately: PrivateCalls['resolve'];
  /** A blob of the overlay by its SHA-256, in the same way, hash checked; null when nobody holds it. */
  readonly fetchFactsPrivately: PrivateCalls['fetch'];
  /** The same by asking its storing peers directly. */
  readonly fetchFacts: PrivateCalls['fetchDirectly'];
  /** From a name or an id to endpoints that are alive. */
  readonly endpoints: Pick<EndpointResolver, 'resolve'>;
  /** This node as the adaptive resolver of agents; null where it is switched off. */
  readonly adaptive: AdaptiveResolver | null;
  addresses(): readonly string[];
  start(): Promise<void>;
  /** Hands over what it alone may hold, closes every socket and the store. */
  stop(): Promise<void>;
  status(): Promise<NodeStatus>;
  peers(): readonly PeerStatus[];
  /** Where this node, its neighbours and its records stand. */
  keyspace(): Keyspace;
  /** How it fared in the last hour. */
  samples(): NodeSamples;
  resolve(agentId: AgentId, options?: ResolveOptions): Promise<Resolution>;
  /** Publishes a bundle signed elsewhere. @throws ProtocolError when it is not valid. */
  publish(bundle: Uint8Array, options?: PublishOptions): Promise<PublishResult>;
  /** What this node accepts from now on; of the agents named, or of all that it hears of. Bounded: a slow reader loses the oldest. */
  changes(options?: {
    readonly agents?: readonly AgentId[];
    readonly signal?: AbortSignal;
  }): AsyncIterable<AgentChange>;
  /** All that the store holds of agents, as the bytes of an archive (src/archive); no keys. */
  archive(): AsyncIterable<Uint8Array>;
  /** Prometheus text (documented in docs/operating.md). */
  metrics(): Promise<string>;
}
