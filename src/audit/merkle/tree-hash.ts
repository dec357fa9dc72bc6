/** The two hashes of a Merkle tree (RFC 9162 §2.1.1): a leaf and a node can never have the same one. */
import { digest } from '../../core/hash.ts';

export const hashBytes = 32;
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** The root of a tree without leaves. */
export function emptyRoot(): Uint8Array {
  return digest(new Uint8Array(0));
}

export function hashLeaf(entry: Uint8Array): Uint8Array {
  return digest(leafPrefix, entry);
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return digest(nodePrefix, left, right);
}
