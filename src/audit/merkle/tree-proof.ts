/**
 * Inclusion and consistency proofs out of the hashes of perfect subtrees (RFC 9162 §2.1.3.1 and §2.1.4.1), wherever
 * those come from.
 */
import { bytesEqual } from '../../core/bytes.ts';
import { emptyRoot, hashNode } from './tree-hash.ts';

/** The hash of the perfect subtree of 2^level leaves that begins at leaf index * 2^level. */
export type SubtreeReader = (level: number, index: number) => Promise<Uint8Array>;

/** The root of the tree over the first `size` leaves. */
export function treeRoot(read: SubtreeReader, size: number): Promise<Uint8Array> {
  return size === 0 ? Promise.resolve(emptyRoot()) : rangeRoot(read, 0, size);
}

/** Leaf `index` of the first `size` leaves; the caller sees to it that index < size. */
export async function proveInclusion(
  read: SubtreeReader,
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      proof.push(await rangeRoot(read, middle, end));
      end = middle;
    } else {
      proof.push(await rangeRoot(read, start, middle));
      start = middle;
    }
  }
  return proof.reverse();
}

/** That the first `newer` leaves begin with the first `older`; the caller sees to it that older <= newer. */
export async function proveConsistency(
  read: SubtreeReader,
  older: number,
  newer: number,
): Promise<Uint8Array[]> {
  if (older === 0 || older === newer) return [];
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = newer;
  let isWhole = true;
  while (end !== older) {
    const middle = start + splitOf(end - start);
    if (older <= middle) {
      proof.push(await rangeRoot(read, middle, end));
      end = middle;
    } else {
      proof.push(await rangeRoot(read, start, middle));
      start = middle;
      isWhole = false;
    }
  }
  if (!isWhole) proof.push(await rangeRoot(read, start, end));
  return proof.reverse();
}

/** The first leaf among so many in which two trees differ; null when they are one. */
export async function firstDifference(
  one: SubtreeReader,
  other: SubtreeReader,
  size: number,
): Promise<number | null> {
  const differs = async (start: number, end: number): Promise<boolean> =>
    !bytesEqual(await rangeRoot(one, start, end), await rangeRoot(other, start, end));
  if (size === 0 || !(await differs(0, size))) return null;
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (await differs(start, middle)) end = middle;
    else start = middle;
  }
  return start;
}

/** The largest power of two below a count of at least two. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

async function rangeRoot(read: SubtreeReader, start: number, end: number): Promise<Uint8Array> {
  const count = end - start;
  const split = count === 1 ? 1 : splitOf(count);
  const level = Math.log2(split);
  if (count === split) return read(level, start / split);
  if (count === split * 2) return read(level + 1, start / count);
  const left = await read(level, start / split);
  return hashNode(left, await rangeRoot(read, start + split, end));
}
