/**
 * Kademlia's key space: 256 bits, XOR metric. Agents and peers are hashed into it the way kad-dht does
 * (SHA-256 of the key, SHA-256 of the peer id's multihash), so that both agree on who is close.
 * Source: docs/protocol.md §4; Maymounkov and Mazières 2002.
 */
import { base58btc } from 'multiformats/bases/base58';
import { digest } from '../hash.ts';
import { remembersResults } from '../remembered.ts';

/**
 * A point of the key space: its first 53 bits, as two words, decide nearly always; all 32 bytes break ties. The words are
 * signed: V8 keeps an int32 in the object itself, and a greater number in one of its own.
 */
export interface KadId {
  readonly bytes: Uint8Array;
  readonly high: number;
  readonly low: number;
}

/** The point with these 32 bytes. */
export function kadId(bytes: Uint8Array): KadId {
  return { bytes, high: wordAt(bytes, 0), low: wordAt(bytes, 4) };
}

/** Without a DataView, which would give each small digest a heap object of its own for its buffer. */
function wordAt(bytes: Uint8Array, index: number): number {
  return (bytes[index]! << 24) | (bytes[index + 1]! << 16) | (bytes[index + 2]! << 8) | bytes[index + 3]!;
}

/** Where a record of this agent lives. The aid is hashed again, so that an inception stamp does not cluster keys. */
export function kadIdOfAgent(agentId: Uint8Array): KadId {
  let place = placeByAgentId.get(agentId);
  if (place === undefined) {
    place = kadId(digest(agentId));
    placeByAgentId.set(agentId, place);
  }
  return place;
}

/** By identity of the bytes: one ingest asks for the same place several times. */
const placeByAgentId = new WeakMap<Uint8Array, KadId>();

/** Where a peer stands. @throws SyntaxError when the text is not base58. */
export function kadIdOfPeer(peer: string): KadId {
  let place = placeByPeer.get(peer);
  if (place === undefined) {
    place = kadId(digest(base58btc.baseDecode(peer)));
    if (placeByPeer.size >= rememberedPeersMax && !remembersResults())
      placeByPeer.delete(placeByPeer.keys().next().value!);
    placeByPeer.set(peer, place);
  }
  return place;
}

/** Every answer names up to k peers, and mostly the same ones: 5 MB when full. */
const rememberedPeersMax = 16_384;
const placeByPeer = new Map<string, KadId>();

/** The leading 53 bits of the distance: a safe integer that orders nearly every pair. */
export function distancePrefix(from: KadId, to: KadId): number {
  return ((from.high ^ to.high) >>> 0) * 2_097_152 + ((from.low ^ to.low) >>> 11);
}

/** How many leading bits two points share: which bucket of one the other is in. 0 to 53, more are not told apart. */
export function sharedPrefixBits(from: KadId, to: KadId): number {
  const high = from.high ^ to.high;
  return high !== 0 ? Math.clz32(high) : 21 + Math.clz32((from.low ^ to.low) >>> 11);
}

/** Negative when `left` is closer to the target than `right`; zero only for the same point. */
export function compareDistance(target: KadId, left: KadId, right: KadId): number {
  const difference = distancePrefix(target, left) - distancePrefix(target, right);
  if (difference !== 0) return difference;
  for (let index = 6; index < 32; index++) {
    const byte = target.bytes[index]!;
    const byteDifference = (left.bytes[index]! ^ byte) - (right.bytes[index]! ^ byte);
    if (byteDifference !== 0) return byteDifference;
  }
  return 0;
}
