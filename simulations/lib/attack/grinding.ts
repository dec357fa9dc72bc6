/**
 * Peer ids near a key. A peer stands where the hash of its id falls, so whoever wants to stand near a key makes ids until
 * enough of them do: a key pair and a hash for each try.
 */
import { createHash } from 'node:crypto';
import { compareDistance, type KadId, kadId } from '../../../src/core/overlay/distance.ts';
import { nearestOf } from '../nearest.ts';
import { peerName } from '../peer-name.ts';

export interface Ground {
  /** Peer ids, nearest to the target first. */
  readonly names: readonly string[];
  /** Ids that were made for them. */
  readonly tries: number;
}

/** Ids that are nearer to the target than the given place, `count` of them. */
export function grindBelow(target: KadId, nearerThan: KadId, count: number, seed: Uint8Array): Ground {
  const found: { readonly name: string; readonly place: KadId }[] = [];
  let tries = 0;
  while (found.length < count) {
    const bytes = idBytes(seed, tries++);
    const place = placeOf(bytes);
    if (compareDistance(target, place, nearerThan) < 0) found.push({ name: peerName(bytes), place });
  }
  found.sort((left, right) => compareDistance(target, left.place, right.place));
  return { names: found.map(({ name }) => name), tries };
}

/** A stock of ids, of which those near any key can be taken. */
export function grindStock(
  tries: number,
  seed: Uint8Array,
): { nearest(target: KadId, count: number): string[] } {
  const stock = Array.from({ length: tries }, (_, index) => {
    const bytes = idBytes(seed, index);
    return { name: peerName(bytes), kadId: placeOf(bytes) };
  });
  return { nearest: (target, count) => nearestOf(stock, target, count).map(({ name }) => name) };
}

function idBytes(seed: Uint8Array, index: number): Uint8Array {
  return createHash('sha256').update(seed).update(String(index)).digest();
}

/** As `kadIdOfPeer` of the id with these bytes. */
function placeOf(bytes: Uint8Array): KadId {
  return kadId(createHash('sha256').update(Uint8Array.of(0x12, 0x20)).update(bytes).digest());
}
