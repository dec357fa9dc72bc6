/**
 * A bounded set of 32-byte keys that forgets the oldest: 33 bytes a key outside the heap, where a map of texts takes 85
 * and the collector's time. Keys fall into groups of eight by a hash that nobody can foresee; a full group gives up the
 * key that it has had longest.
 */
import { randomBytes } from 'node:crypto';

/** All keys have 32 bytes. */
export interface KeySet {
  has(key: Uint8Array): boolean;
  add(key: Uint8Array): void;
}

const keyWords = 8;
const keysPerGroup = 8;
const wordsPerGroup = keysPerGroup * keyWords;

/** An empty set of at most that many keys, a power of two of 8 or more. Memory is used as the set fills. */
export function createKeySet(keysMax: number): KeySet {
  const groups = keysMax / keysPerGroup;
  const words = new Uint32Array(keysMax * keyWords);
  /** Keys ever added to a group: below eight its other places are empty, and the next one goes to `count % 8`. */
  const addedByGroup = new Uint8Array(groups);
  const soughtBytes = new Uint8Array(4 * keyWords);
  const sought = new Uint32Array(soughtBytes.buffer);
  const seed = randomBytes(8);
  const [factorLow, factorHigh] = [seed.readUInt32LE(0) | 1, seed.readUInt32LE(4) | 1];

  /** The group of the key, which `sought` holds from then on. */
  function groupOf(key: Uint8Array): number {
    soughtBytes.set(key);
    const mixed = Math.imul(sought[0]!, factorLow) + Math.imul(sought[1]!, factorHigh);
    return Math.floor(((mixed >>> 0) / 2 ** 32) * groups);
  }

  function isSoughtAt(start: number): boolean {
    for (let index = 0; index < keyWords; index++) {
      if (words[start + index] !== sought[index]) return false;
    }
    return true;
  }

  function isIn(group: number): boolean {
    const end = Math.min(addedByGroup[group]!, keysPerGroup);
    for (let place = 0; place < end; place++) {
      if (isSoughtAt(group * wordsPerGroup + place * keyWords)) return true;
    }
    return false;
  }

  return {
    has: (key) => isIn(groupOf(key)),
    add(key) {
      const group = groupOf(key);
      if (isIn(group)) return;
      const added = addedByGroup[group]!;
      words.set(sought, group * wordsPerGroup + (added % keysPerGroup) * keyWords);
      // Counts on from eight: a full group stays full.
      addedByGroup[group] = added + 1 < 2 * keysPerGroup ? added + 1 : keysPerGroup;
    },
  };
}
