/**
 * The right edge of a tree: the roots of the perfect subtrees that its size is made of, largest first, one for each 1 in
 * the binary form of the size. It is all that appending needs: at most 53 hashes, whatever the size.
 */
import { emptyRoot, hashNode } from './tree-hash.ts';

export interface Frontier {
  readonly size: number;
  readonly roots: readonly Uint8Array[];
}

export const emptyFrontier: Frontier = { size: 0, roots: [] };

/** How many roots a tree of that size has: the ones in its binary form. */
export function frontierLength(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

export function appendLeaf({ size, roots }: Frontier, leafHash: Uint8Array): Frontier {
  const next = [...roots];
  let root = leafHash;
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) root = hashNode(next.pop()!, root);
  next.push(root);
  return { size: size + 1, roots: next };
}

export function rootOf({ roots }: Frontier): Uint8Array {
  if (roots.length === 0) return emptyRoot();
  return roots.reduceRight((right, left) => hashNode(left, right));
}
