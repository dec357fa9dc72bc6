/**
 * The agents that one storing peer keeps of one tag (§7): the 64 with the lowest H(aid ‖ its peer id ‖ hour). Each hour
 * and each peer draws anew, so that nobody holds a tag for long, however many agents they make. What is kept is a
 * function of what came within the hour and was kept before it, never of the order.
 */
import { base58btc } from 'multiformats/bases/base58';
import { digest, domain } from '../hash.ts';
import { type AgentId, agentIdFromKey } from '../identity/agent-id.ts';
import { capabilitiesPerTagMax } from '../limits.ts';

/** Says where an agent stands in the draw of an hour: lower is better. */
export type Draw = (agentId: AgentId, hour: number) => number;

export interface RankedSet {
  readonly size: number;
  /** What it is kept for: nothing here looks at it. */
  readonly place: string;
  /** False when the agent is not among the lowest; `dropped` is whoever had to go for it. */
  add(key: string, hour: number): { readonly isKept: boolean; readonly dropped: string | null };
  remove(key: string): void;
  /** All of them, the lowest first. */
  keys(hour: number): string[];
}

/** The hour of a time, as the draw counts it. */
export function hourOf(nowSeconds: number): number {
  return Math.floor(nowSeconds / 3600);
}

/** The draw of one peer: the first 53 bits of H("weft/draw/1" ‖ aid ‖ peer id ‖ hour, 4 bytes). */
export function createDraw(peer: string): Draw {
  /** Of the first draw: most peers of a large network make none. */
  let peerBytes: Uint8Array | null = null;
  const hourBytes = new Uint8Array(4);
  const hourView = new DataView(hourBytes.buffer);
  return (agentId, hour) => {
    peerBytes ??= base58btc.baseDecode(peer);
    hourView.setUint32(0, hour);
    const drawn = digest(domain('weft/draw/1'), agentId, peerBytes, hourBytes);
    const view = new DataView(drawn.buffer, drawn.byteOffset, 8);
    return view.getUint32(0) * 2_097_152 + (view.getUint32(4) >>> 11);
  };
}

/** An empty set. @param sizeMax 64 by the protocol. */
export function createRankedSet(place: string, draw: Draw, sizeMax = capabilitiesPerTagMax): RankedSet {
  const rankByKey = new Map<string, number>();
  let rankedHour = -1;

  function rankAll(hour: number): void {
    if (hour === rankedHour) return;
    rankedHour = hour;
    for (const key of rankByKey.keys()) rankByKey.set(key, draw(agentIdFromKey(key), hour));
  }

  function highest(): [string, number] {
    let found: [string, number] = ['', -1];
    for (const entry of rankByKey) if (isBefore(found, entry)) found = entry;
    return found;
  }

  return {
    get size() {
      return rankByKey.size;
    },
    place,
    add(key, hour) {
      rankAll(hour);
      if (rankByKey.has(key)) return { isKept: true, dropped: null };
      const rank = draw(agentIdFromKey(key), hour);
      if (rankByKey.size < sizeMax) {
        rankByKey.set(key, rank);
        return { isKept: true, dropped: null };
      }
      const last = highest();
      if (isBefore(last, [key, rank])) return { isKept: false, dropped: null };
      rankByKey.delete(last[0]);
      rankByKey.set(key, rank);
      return { isKept: true, dropped: last[0] };
    },
    remove: (key) => void rankByKey.delete(key),
    keys(hour) {
      rankAll(hour);
      return [...rankByKey].sort((left, right) => (isBefore(left, right) ? -1 : 1)).map(([key]) => key);
    },
  };
}

/** By rank; two agents of one rank by their ids. */
function isBefore(left: readonly [string, number], right: readonly [string, number]): boolean {
  return left[1] === right[1] ? left[0] < right[0] : left[1] < right[1];
}
