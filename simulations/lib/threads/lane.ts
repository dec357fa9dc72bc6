/**
 * Some of the nodes of a network, run by a thread of their own. Every lane knows the names and the places of all nodes,
 * and what the settled network looks like; the rest it knows of its own nodes alone, and hears of the others in notes.
 * For networks whose nodes stay up and reach one another.
 */
import type { SimulatedNode } from '../node-shell.ts';
import type { Division } from './divide.ts';
import type { Exchange } from './exchange.ts';

/** What a note is; beside it what its `id` and its bytes are. */
export const noteKind = {
  /** Of a message of gossip that arrives; its number in the sender's lane. */
  copy: 1,
  /** Before its first copy, to all lanes: its number; its topic behind a byte with the length of that, and its data. */
  message: 2,
  /** Who has it tells of it; its number. */
  have: 3,
  /** Who has not asks for it; its number in the lane of who asks. */
  want: 4,
  /** All of the lane's nodes have seen it, to all lanes; its number. */
  everywhere: 5,
  /** Its number in the lane of who asks; its body. */
  request: 6,
  /** That number; its body. */
  answer: 7,
  /** Its body. */
  push: 8,
  /** Both are connected. */
  met: 9,
} as const;

export interface Lane {
  readonly index: number;
  readonly count: number;
  /** Nodes of its own. */
  readonly owned: number;
  /** What a note takes at least, milliseconds. */
  readonly leadMs: number;
  owns(node: number): boolean;
  /** To the lane of `to`. */
  post(kind: number, timeMs: number, from: number, to: number, id: number, bytes?: Uint8Array): void;
  /** To all other lanes, as soon as it can be, and to no node. */
  tell(kind: number, nowMs: number, id: number, bytes?: Uint8Array): void;
}

const none = new Uint8Array(0);

export function createLane(
  index: number,
  count: number,
  { laneOf, leadMs }: Division,
  exchange: Exchange,
): Lane {
  return {
    index,
    count,
    owned: laneOf.reduce((owned, lane) => (lane === index ? owned + 1 : owned), 0),
    leadMs,
    owns: (node) => laneOf[node] === index,
    post(kind, timeMs, from, to, id, bytes = none) {
      exchange.post(laneOf[to]!, kind, timeMs, from, to, id, bytes);
    },
    tell(kind, nowMs, id, bytes = none) {
      for (let lane = 0; lane < count; lane++) {
        if (lane !== index) exchange.post(lane, kind, nowMs + leadMs, 0, 0, id, bytes);
      }
    },
  };
}

/** A node of another lane: its name is known, and nothing else is asked of it. */
export function createAbsentNode(index: number, name: string): SimulatedNode {
  const refuse = (): never => {
    throw new Error(`node ${index} is run by another thread`);
  };
  return {
    index,
    name,
    isUp: true,
    store: new Map(),
    peer: { handle: refuse, gathers: refuse, snapshot: refuse, keyspace: refuse },
    clockSkewMs: 0,
    slownessMs: 0,
    isFull: false,
    ...{ dispatch: refuse, resolve: refuse, publish: refuse, validate: refuse, answer: refuse },
    ...{ keep: refuse, endTurn: refuse, crash: refuse, restart: refuse },
  };
}
