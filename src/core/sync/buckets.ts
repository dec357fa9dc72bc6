/**
 * The two coarse levels of a reconciliation: a set as (count, XOR of ids), and the same for each of 256 buckets by the
 * first byte of the aid. Equal summaries mean equal sets up to collisions of 128 bits. Source: docs/protocol.md §6.
 */
import { digest16Bytes, syncBucketCount } from '../limits.ts';
import { syncBucketBytes } from '../overlay/message.ts';

/** The coarsest level. */
export interface SetTotal {
  readonly count: number;
  /** 16 bytes. */
  xor(): Uint8Array;
}

export interface BucketSummary extends SetTotal {
  /** Adds (1) or takes out (-1) one id; XOR is its own inverse. */
  toggle(agentId: Uint8Array, id: Uint8Array, change: 1 | -1): void;
  /** 256 x (u32 count big-endian, 16 bytes of XOR). */
  encode(): Uint8Array;
}

const summaryBytes = syncBucketCount * syncBucketBytes;

/** Of agents with an id of 16 bytes each. */
export function totalOf(ids: Iterable<readonly [agentId: Uint8Array, id: Uint8Array]>): SetTotal {
  const total = new Uint8Array(digest16Bytes);
  let count = 0;
  for (const [, id] of ids) {
    count++;
    xorInto(total, 0, id);
  }
  return { count, xor: () => total };
}

export function createBucketSummary(): BucketSummary {
  return new Summary();
}

/** A class, since functions of its own in each lie far apart in memory: a peer writes into two with each change. */
class Summary implements BucketSummary {
  count = 0;
  /** The buckets, and the total behind them. Of the first id that is added; many summaries stay empty. */
  private bytes: Uint8Array | null = null;

  toggle(agentId: Uint8Array, id: Uint8Array, change: 1 | -1): void {
    this.bytes ??= new Uint8Array(summaryBytes + digest16Bytes);
    const offset = agentId[0]! * syncBucketBytes;
    this.count += change;
    addToUint32(this.bytes, offset, change);
    xorInto(this.bytes, offset + 4, id);
    xorInto(this.bytes, summaryBytes, id);
  }

  xor(): Uint8Array {
    return this.bytes?.slice(summaryBytes) ?? new Uint8Array(digest16Bytes);
  }

  encode(): Uint8Array {
    return this.bytes?.slice(0, summaryBytes) ?? new Uint8Array(summaryBytes);
  }
}

function xorInto(bytes: Uint8Array, offset: number, id: Uint8Array): void {
  for (let index = 0; index < digest16Bytes; index++) bytes[offset + index]! ^= id[index]!;
}

function addToUint32(bytes: Uint8Array, offset: number, change: 1 | -1): void {
  let carry = change as number;
  for (let index = offset + 3; index >= offset && carry !== 0; index--) {
    const sum = bytes[index]! + carry;
    bytes[index] = sum;
    carry = sum >> 8;
  }
}

/** The buckets in which two encoded summaries differ, as indexes. */
export function differingBuckets(left: Uint8Array, right: Uint8Array): Uint8Array {
  const differing: number[] = [];
  for (let bucket = 0; bucket < syncBucketCount; bucket++) {
    const end = (bucket + 1) * syncBucketBytes;
    let offset = bucket * syncBucketBytes;
    while (offset < end && left[offset] === right[offset]) offset++;
    if (offset < end) differing.push(bucket);
  }
  return Uint8Array.from(differing);
}
