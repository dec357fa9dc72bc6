/** Verdicts on inclusion and consistency proofs (RFC 9162 §2.1.3.2 and §2.1.4.2), as those algorithms stand there. */
import { bytesEqual } from '../../core/bytes.ts';
import { emptyRoot, hashBytes, hashNode } from './tree-hash.ts';

/** A tree as a checkpoint says it. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

const half = (value: number): number => Math.floor(value / 2);

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === hashBytes;
}

/** True when the proof shows that this leaf hash stands at that index of the tree. Never throws. */
export function holdsInclusion(
  leafHash: Uint8Array,
  index: number,
  tree: TreeHead,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) return false;
  if (![leafHash, tree.root, ...proof].every(isHash)) return false;
  let place = index;
  let last = tree.size - 1;
  let root = leafHash;
  for (const hash of proof) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      root = hashNode(hash, root);
      while (place % 2 === 0 && place !== 0) {
        place = half(place);
        last = half(last);
      }
    } else root = hashNode(root, hash);
    place = half(place);
    last = half(last);
  }
  return last === 0 && bytesEqual(root, tree.root);
}

/** The same, and that every tree continues the empty one, of which no proof speaks. Never throws. */
export function continuesTree(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (older.size > 0) return holdsConsistency(older, newer, proof);
  const isEmpty = (tree: TreeHead): boolean => bytesEqual(tree.root, emptyRoot());
  return proof.length === 0 && isEmpty(older) && (newer.size > 0 || isEmpty(newer));
}

/** True when the proof shows that the newer tree begins with the whole of the older one, which has leaves. Never throws. */
export function holdsConsistency(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (older.size > newer.size || older.size < 1) return false;
  if (older.size === newer.size) return proof.length === 0 && bytesEqual(older.root, newer.root);
  if (![older.root, newer.root, ...proof].every(isHash)) return false;
  let place = older.size - 1;
  let last = newer.size - 1;
  while (place % 2 === 1) {
    place = half(place);
    last = half(last);
  }
  // A perfect older tree is the first subtree itself, and so stands in no proof.
  const path = place === 0 ? [older.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || (place === 0 && proof.length === 0)) return false;
  let olderRoot = first;
  let newerRoot = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      olderRoot = hashNode(hash, olderRoot);
      newerRoot = hashNode(hash, newerRoot);
      while (place % 2 === 0 && place !== 0) {
        place = half(place);
        last = half(last);
      }
    } else newerRoot = hashNode(newerRoot, hash);
    place = half(place);
    last = half(last);
  }
  return last === 0 && bytesEqual(olderRoot, older.root) && bytesEqual(newerRoot, newer.root);
}
