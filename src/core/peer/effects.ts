/**
 * What the peer asks of the outside, in order. Imperatives; every effect is plain data.
 * An effect with a `requestId` is answered by exactly one event with that id.
 */

import type { SignatureCheck } from '../ed25519.ts';
import type { ProtocolErrorCode } from '../errors.ts';
import type { NameRecord } from '../name/name-record.ts';
import type { AcceptedEvent } from '../record/accepted.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { GossipVerdict, PeerContact } from './events.ts';

/** Where a record stands for a reader (§4). */
export type ResolveStatus =
  | 'ok'
  | 'rekeyed'
  | 'expired'
  | 'forked'
  | 'tombstoned'
  | 'not-found'
  | 'rolled-back';

export interface Resolution {
  readonly status: ResolveStatus;
  readonly agentId: Uint8Array;
  /** The joined state; null when not found. */
  readonly state: AgentState | null;
  /** Seconds since the fence's iat; null without a record. */
  readonly ageSeconds: number | null;
  /** Distinct peers that answered with or without the record. */
  readonly responders: readonly string[];
  /** How many of them held it. */
  readonly holders: number;
  /** True when the answer came from this node's own cache within the ttl. */
  readonly cached: boolean;
}

/** One storing peer's answer to a put (§4). */
export type PutStatus = 'stored' | 'merged' | 'stale' | 'displaced' | 'refused';

export interface PublishResult {
  /** `stored` when w peers acknowledged, `partial` when fewer did (but at least one), else `failed`. */
  readonly status: 'stored' | 'partial' | 'failed' | 'stale' | 'refused';
  readonly acknowledgements: number;
  readonly asked: number;
  /** The most frequent refusal, when there was one. */
  readonly refusal: ProtocolErrorCode | null;
  /** The joined state after the put: newer than what was sent when status is `stale`. */
  readonly state: AgentState | null;
}

/** What became of one announcement of capabilities (§7). */
export interface AnnounceResult {
  /** Storing peers that keep it now. */
  readonly holders: number;
  /** Those that keep 64 others of its tags in this hour's draw. */
  readonly displaced: number;
  readonly asked: number;
  /** The most frequent refusal of the others, when there was one. */
  readonly refusal: ProtocolErrorCode | null;
}

/** An agent that announced a tag: its signatures hold, and it is a hint all the same (§7). */
export interface CapabilityHit {
  readonly agentId: Uint8Array;
  readonly tags: readonly string[];
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The digest of the key event under which it is signed. */
  readonly establishment: Uint8Array;
  /** 1 to 100: how close its best tag is to the one that was asked for. */
  readonly score: number;
  /** How many storing peers showed it. */
  readonly shownBy: number;
}

/** What the storing peers of a tag show of it. */
export interface CapabilitySearch {
  readonly hits: readonly CapabilityHit[];
  /** This peer among them where it keeps any. */
  readonly asked: number;
  /** Those that answered. */
  readonly responders: number;
  /** True when those nearest the tag answered and had no more than what is shown. */
  readonly isComplete: boolean;
}

/** What became of one name record (§7). */
export interface NamePublication extends AnnounceResult {
  /** True when a storing peer keeps a newer one of that name. */
  readonly isOvertaken: boolean;
}

/** What the storing peers of a name show of it (§7). */
export interface NameLookUp {
  /** The newest whose signatures hold, a withdrawal too; null when nobody shows one that counts. */
  readonly record: NameRecord | null;
  /** This peer among them where it keeps it. */
  readonly asked: number;
  /** Those that answered, and those of them that showed this very record. */
  readonly responders: number;
  readonly holders: number;
  /** True when those nearest to the name answered. */
  readonly isComplete: boolean;
}

/** A change of one agent that watchers and caches care about. */
export type ChangeKind =
  | 'rotated'
  | 'recovered'
  | 'tombstoned'
  | 'forked'
  | 'delegation-revoked'
  | 'credential-revoked'
  | 'changed';

export type PeerEffect =
  | { readonly type: 'wake-at'; readonly timeMs: number }
  | {
      readonly type: 'send-request';
      readonly requestId: number;
      readonly to: PeerContact;
      readonly body: Uint8Array;
      readonly timeoutMs: number;
    }
  | { readonly type: 'send-response'; readonly inboundId: number; readonly body: Uint8Array }
  /** Connect to this peer, when the dials of this moment allow it; who it is, its identify says. */
  | { readonly type: 'meet-peer'; readonly contact: PeerContact }
  | { readonly type: 'send-push'; readonly peer: string; readonly body: Uint8Array }
  | { readonly type: 'answer-gossip'; readonly messageId: number; readonly verdict: GossipVerdict }
  | { readonly type: 'publish-gossip'; readonly topic: string; readonly data: Uint8Array }
  | {
      readonly type: 'verify-signatures';
      readonly requestId: number;
      readonly checks: readonly SignatureCheck[];
    }
  | { readonly type: 'read-entry'; readonly requestId: number; readonly agentKey: string }
  | {
      readonly type: 'write-entries';
      readonly requestId: number;
      readonly writes: readonly {
        readonly agentKey: string;
        readonly bytes: Uint8Array | null;
        /** Whether the store has nothing of this agent yet; left out: not known. */
        readonly isNew?: boolean;
        /** Accepted with this write, and durable with it. */
        readonly accepted?: readonly AcceptedEvent[];
      }[];
    }
  | { readonly type: 'complete-resolve'; readonly callId: number; readonly resolution: Resolution }
  | { readonly type: 'complete-publish'; readonly callId: number; readonly result: PublishResult }
  | { readonly type: 'complete-announce'; readonly callId: number; readonly result: AnnounceResult }
  | { readonly type: 'complete-search'; readonly callId: number; readonly found: CapabilitySearch }
  /** Names are kept beside agents; answered by `entries-written`. */
  | {
      readonly type: 'write-names';
      readonly requestId: number;
      readonly writes: readonly { readonly key: string; readonly bytes: Uint8Array | null }[];
    }
  | { readonly type: 'complete-name'; readonly callId: number; readonly result: NamePublication }
  | { readonly type: 'complete-look-up'; readonly callId: number; readonly found: NameLookUp }
  | { readonly type: 'complete-stop'; readonly callId: number }
  | {
      readonly type: 'announce-change';
      readonly agentId: Uint8Array;
      readonly change: ChangeKind;
      readonly state: AgentState;
      /** Where this node heard it first. */
      readonly source: 'gossip' | 'put' | 'sync' | 'push' | 'local' | 'resolve';
    }
  | { readonly type: 'count'; readonly metric: string; readonly label: string; readonly value: number }
  | {
      readonly type: 'raise-alarm';
      readonly alarm: 'late-fork' | 'rolled-back' | 'forked';
      readonly agentId: Uint8Array;
    };
