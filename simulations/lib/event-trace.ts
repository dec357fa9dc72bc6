/** Every event that reached a node, in order, as a hash: by it two runs are told apart or not. */
import { createHash } from 'node:crypto';

export interface EventTrace {
  /** Events so far. */
  readonly count: number;
  note(node: number, what: string): void;
  /** Of all so far, and of the time; 16 hexadecimal digits. */
  hash(): string;
}

/** @param nowMs virtual time. */
export function createEventTrace(nowMs: () => number): EventTrace {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(64 * 1024);
  let used = 0;
  let total = 0;
  return {
    get count() {
      return total;
    },
    note(node, what) {
      total++;
      if (used + 16 > buffer.length) {
        hash.update(buffer.subarray(0, used));
        used = 0;
      }
      used = buffer.writeDoubleLE(nowMs(), used);
      used = buffer.writeUInt32LE(node, used);
      used = buffer.writeUInt32LE(what.length * 256 + what.charCodeAt(0), used);
    },
    hash: () =>
      hash.copy().update(buffer.subarray(0, used)).update(String(nowMs())).digest('hex').slice(0, 16),
  };
}
