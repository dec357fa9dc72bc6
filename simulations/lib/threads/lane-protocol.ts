/** What the thread of a run tells the lanes, and what they answer: plain values, copied from one thread to the other. */
import type { PublishResult, Resolution } from '../../../src/core/peer/effects.ts';
import type { PeerSnapshot } from '../../../src/core/peer/peer.ts';
import type { Change } from '../node-shell.ts';
import type { World } from '../world.ts';

export type LaneCommand =
  | { readonly type: 'begin' }
  | { readonly type: 'run'; readonly untilMs: number; readonly calls: readonly LaneCall[] }
  | { readonly type: 'total' }
  | { readonly type: 'look'; readonly nodes: readonly number[] }
  | { readonly type: 'open-stores' };

/** Of a node of the lane; its result comes under the same number. */
export type LaneCall = { readonly callId: number; readonly node: number; readonly timeMs: number } & (
  | { readonly type: 'resolve'; readonly agentId: Uint8Array; readonly fresh: boolean }
  | { readonly type: 'publish'; readonly bundle: Uint8Array }
);

/** What happened since the last news, each with its time. */
export interface LaneNews {
  readonly changes: {
    readonly timesMs: Float64Array;
    /** By change: the node, and which of `kinds` it is. */
    readonly who: Int32Array;
    readonly kinds: readonly Change[];
  };
  readonly results: readonly {
    readonly timeMs: number;
    readonly callId: number;
    readonly result: Resolution | PublishResult;
  }[];
  readonly alarms: readonly { readonly timeMs: number; readonly node: number; readonly alarm: string }[];
  /** Of the metrics that somebody listens to. */
  readonly counted: readonly {
    readonly timeMs: number;
    readonly node: number;
    readonly metric: string;
    readonly label: string;
    readonly value: number;
  }[];
}

/** Sums since the start; of a node each, where they are arrays. */
export interface LaneTotals
  extends Pick<World, 'requests' | 'events'>,
    Pick<World['network'], 'sentBytes' | 'sentMessages' | 'receivedMessages' | 'messages'> {
  readonly gossip: World['gossip']['counts'];
  readonly signatures: World['signatures'];
  readonly counts: ReadonlyMap<string, number>;
  /** Of requests that one peer of the lane had under way to a node at once. */
  readonly mostOfOnePeer: Uint32Array;
  readonly traceHash: string;
}

export interface LookedAt {
  readonly snapshot: PeerSnapshot;
  readonly neighbours: number;
}

/** What the lane's nodes have on their disks: each entry by its place in `keys` and in `values`. */
export interface LaneStores {
  readonly keys: readonly string[];
  readonly values: readonly Uint8Array[];
  /** By node of the lane: where its entries end. */
  readonly ends: Int32Array;
  readonly entries: Int32Array;
}

/** By type of command. */
export interface LaneAnswers {
  readonly begin: null;
  readonly run: LaneNews;
  readonly total: LaneTotals;
  readonly look: readonly LookedAt[];
  readonly 'open-stores': LaneStores;
}

/** A lane that failed has no more to say. */
export type LaneReport = { readonly answer: LaneAnswers[keyof LaneAnswers] } | { readonly error: string };
