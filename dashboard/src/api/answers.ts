/** What the HTTP API of a node answers, as far as the page reads it: docs/api.md. */

export interface Status {
  readonly version: string;
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly network: { readonly protocolPrefix: string; readonly profile: string; readonly isNew: boolean };
  readonly state: 'starting' | 'ready' | 'stopping';
  readonly startedAt: string;
  readonly connectedPeers: number;
  readonly knownPeers: number;
  readonly agents: { readonly stored: number; readonly known: number; readonly custodial: number };
  readonly store: {
    readonly entries: number;
    readonly sizeBytes: number;
    readonly freeBytes: number;
    readonly full: boolean;
    readonly quarantined: number;
  };
  readonly memory: { readonly residentBytes: number; readonly heapUsedBytes: number };
}

export interface Peer {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly connected: boolean;
  readonly direction: 'inbound' | 'outbound' | null;
  readonly latencyMs: number | null;
  readonly agentVersion: string | null;
  readonly inMesh: boolean;
  readonly isFull: boolean;
  readonly gossipScore: number | null;
  readonly connectedAt: string | null;
  readonly protocols: readonly string[];
}

export interface Keyspace {
  /** 16 hexadecimal digits. */
  readonly place: string;
  /** 256 counts. */
  readonly held: readonly number[];
  readonly peers: readonly {
    readonly peer: string;
    readonly place: string;
    readonly sharedBits: number;
  }[];
}

export interface Samples {
  readonly intervalMs: number;
  readonly timesMs: readonly number[];
  readonly series: Readonly<Record<string, readonly number[]>>;
}

export interface Origin {
  readonly kind: 'fence' | 'operation';
  readonly slot: number;
  readonly operation: string | null;
}

export interface Pointer {
  readonly url: string | null;
  readonly blindedDigest: string | null;
  readonly origin: Origin;
}

export interface Operation {
  readonly digest: string;
  readonly slot: number;
  readonly n: number;
  readonly field: string;
  readonly issuedAt: string;
}

export interface RecordAnswer {
  readonly fields: {
    readonly primary: Pointer;
    readonly private: Pointer;
    readonly adaptive: Pointer;
    readonly ttl: { readonly seconds: number; readonly origin: Origin };
  };
  readonly fence: string;
  readonly slot: number;
  readonly epoch: number;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly validitySeconds: number;
  readonly bytes: string;
  readonly operations: readonly Operation[];
}

export interface Keys {
  readonly status: 'active' | 'forked' | 'tombstoned';
  readonly sequence: number;
  readonly establishment: string;
  readonly signingKey: string | null;
  readonly endReason: string | null;
  readonly events: readonly { readonly type: string; readonly digest: string; readonly issuedAt: string }[];
}

export interface Grant {
  readonly hash: string;
  readonly issuer: string;
  readonly slot: number;
  readonly audience: string;
  readonly rights: readonly string[];
  readonly fields: readonly string[];
  readonly depth: number;
  readonly notBefore: string;
  readonly expiresAt: string;
}

export interface Revocation {
  readonly kind: 'delegation' | 'credential';
  readonly target: string;
  readonly reason: string;
  readonly depth: number;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly grants: readonly Grant[];
}

export interface AgentState {
  readonly agentId: string;
  readonly keys: Keys | null;
  readonly record: RecordAnswer | null;
  readonly delegations: readonly Grant[];
  readonly revocations: readonly Revocation[];
}

export type ResolveStatus =
  | 'ok'
  | 'rekeyed'
  | 'expired'
  | 'forked'
  | 'tombstoned'
  | 'not-found'
  | 'rolled-back';

export interface Resolution extends AgentState {
  readonly status: ResolveStatus;
  readonly ageSeconds: number | null;
  readonly responders: readonly string[];
  readonly holders: number;
  readonly cached: boolean;
}

export interface HistoryEvent {
  readonly type: 'icp' | 'rot' | 'rec' | 'tomb';
  readonly sequence: number;
  readonly digest: string;
  readonly signedBy: string;
  readonly issuedAt: string;
  readonly reason: string | null;
  readonly signingKey: string | null;
  readonly validFrom: string;
  readonly validUntil: string | null;
}

export interface History {
  readonly status: Keys['status'];
  readonly events: readonly HistoryEvent[];
  readonly proof:
    | readonly { readonly type: string; readonly digest: string; readonly issuedAt: string }[]
    | null;
}

export type ChangeKind =
  | 'rotated'
  | 'recovered'
  | 'tombstoned'
  | 'forked'
  | 'delegation-revoked'
  | 'credential-revoked'
  | 'changed';

export interface Change {
  readonly type: 'change';
  readonly id: string;
  readonly agentId: string;
  readonly change: ChangeKind;
  readonly source: 'gossip' | 'put' | 'sync' | 'push' | 'local' | 'resolve';
  readonly acceptedAtMs: number;
  readonly state: AgentState;
}

export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint: string;
}

export type EndpointPath = 'direct' | 'private' | 'adaptive';

export interface TraceStep {
  readonly step: string;
  readonly outcome: 'ok' | 'cached' | 'missing' | 'refused' | 'failed';
  readonly said: string;
  readonly from: string;
  readonly verifiedBy: string | null;
  readonly tookMs: number;
}

export interface FoundEndpoints {
  readonly path: EndpointPath;
  readonly endpoints: readonly {
    readonly url: string;
    readonly class: string;
    readonly region: string | null;
    readonly expiresAt: string;
    readonly token: string | null;
  }[];
  readonly trace: readonly TraceStep[];
}
