/**
 * How a batch of checks crosses to a worker: one buffer, transferred, instead of many cloned objects.
 *
 * | bytes | what                                                                            |
 * |-------|---------------------------------------------------------------------------------|
 * | 4     | count, little endian                                                            |
 * |       | then for each check:                                                            |
 * | 4     | length of the message, little endian; the top bit set when the key is admitted  |
 * | 32    | public key                                                                      |
 * | 64    | signature                                                                       |
 * | n     | message                                                                         |
 *
 * What comes back is one byte per check: the sum of verdictBits.
 */
import type { SignatureCheck } from '../../core/ed25519.ts';
import { keyBytes, signatureBytes } from '../../core/limits.ts';

/** `admitted`: the key passed admission (remember it); `valid`: the signature holds under an admitted key. */
export const verdictBits = { admitted: 1, valid: 2 } as const;

const countBytes = 4;
const headBytes = 4 + keyBytes + signatureBytes;
const admittedFlag = 0x8000_0000;

/** A check as the calling thread hands it over: lengths checked, admission looked up. */
export interface BatchItem {
  readonly check: SignatureCheck;
  readonly admitted: boolean;
}

/** Packs checks whose key has 32 and whose signature has 64 bytes. */
export function packBatch(items: readonly BatchItem[]): ArrayBuffer {
  let sizeBytes = countBytes;
  for (const { check } of items) sizeBytes += headBytes + check.message.length;
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, items.length, true);
  let offset = countBytes;
  for (const { check, admitted } of items) {
    view.setUint32(offset, (check.message.length | (admitted ? admittedFlag : 0)) >>> 0, true);
    bytes.set(check.publicKey, offset + 4);
    bytes.set(check.signature, offset + 4 + keyBytes);
    bytes.set(check.message, offset + headBytes);
    offset += headBytes + check.message.length;
  }
  return bytes.buffer;
}

/** The inverse of packBatch: views into the buffer, not copies. */
export function unpackBatch(buffer: ArrayBuffer): BatchItem[] {
  const view = new DataView(buffer);
  const items: BatchItem[] = [];
  let offset = countBytes;
  for (let left = view.getUint32(0, true); left > 0; left--) {
    const word = view.getUint32(offset, true);
    const messageBytes = (word & ~admittedFlag) >>> 0;
    items.push({
      check: {
        publicKey: new Uint8Array(buffer, offset + 4, keyBytes),
        signature: new Uint8Array(buffer, offset + 4 + keyBytes, signatureBytes),
        message: new Uint8Array(buffer, offset + headBytes, messageBytes),
      },
      admitted: word >= admittedFlag,
    });
    offset += headBytes + messageBytes;
  }
  return items;
}
