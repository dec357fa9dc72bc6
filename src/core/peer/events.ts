/**
 * What the outside tells the peer. Past participles; every event is plain data.
 * A `requestId` answers the effect that carried it, exactly once. A `callId` is the caller's own.
 */

/** A decision on one gossip message (§5). */
export type GossipVerdict = 'accept' | 'ignore' | 'reject';

/** A peer with the multiaddrs (text, without /p2p) that are known of it. */
export interface PeerContact {
  readonly peer: string;
  readonly addresses: readonly string[];
}

/** One agent as the store holds it; see peer/entry. */
export interface StoredEntry {
  readonly agentKey: string;
  readonly bytes: Uint8Array;
}

export type PeerEvent =
  | { readonly type: 'entries-loaded'; readonly entries: readonly StoredEntry[]; readonly done: boolean }
  /** Names that the store has, before the last of `entries-loaded`. */
  | { readonly type: 'names-loaded'; readonly entries: readonly Uint8Array[] }
  | { readonly type: 'woken' }
  /** The driver has no more events for now: what gathered leaves as batches. */
  | { readonly type: 'turn-ended' }
  | { readonly type: 'peer-added'; readonly contact: PeerContact }
  | { readonly type: 'peer-removed'; readonly peer: string }
  | { readonly type: 'peer-connected'; readonly peer: string }
  | { readonly type: 'peer-disconnected'; readonly peer: string }
  | {
      readonly type: 'request-received';
      readonly inboundId: number;
      readonly peer: string;
      readonly body: Uint8Array;
    }
  | { readonly type: 'push-received'; readonly peer: string; readonly body: Uint8Array }
  | { readonly type: 'response-received'; readonly requestId: number; readonly body: Uint8Array }
  | { readonly type: 'request-failed'; readonly requestId: number; readonly reason: string }
  | {
      readonly type: 'gossip-received';
      readonly messageId: number;
      readonly topic: string;
      readonly from: string;
      readonly data: Uint8Array;
    }
  | {
      readonly type: 'signatures-verified';
      readonly requestId: number;
      readonly verdicts: readonly boolean[];
    }
  | { readonly type: 'entry-read'; readonly requestId: number; readonly bytes: Uint8Array | null }
  | {
      readonly type: 'entries-written';
      readonly requestId: number;
      readonly failure: 'store-full' | 'store-failed' | null;
    }
  | { readonly type: 'entry-quarantined'; readonly agentKey: string }
  | {
      readonly type: 'resolve-called';
      readonly callId: number;
      readonly agentId: Uint8Array;
      /** Ask the network even when a cached record is within its ttl. */
      readonly fresh: boolean;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'publish-called';
      readonly callId: number;
      readonly bundle: Uint8Array;
      readonly acknowledgements: number;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'announce-called';
      readonly callId: number;
      readonly announcement: Uint8Array;
      readonly formerTags: readonly string[];
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'search-called';
      readonly callId: number;
      /** In its normal form. */
      readonly tag: string;
      readonly limit: number;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'name-called';
      readonly callId: number;
      readonly record: Uint8Array;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'look-up-called';
      readonly callId: number;
      readonly agentId: Uint8Array;
      readonly point: Uint8Array;
      readonly timeoutMs: number;
    }
  | { readonly type: 'call-aborted'; readonly callId: number }
  | { readonly type: 'watch-called'; readonly agentIds: readonly Uint8Array[] }
  | { readonly type: 'unwatch-called'; readonly agentIds: readonly Uint8Array[] }
  | { readonly type: 'peer-stopping'; readonly callId: number };
