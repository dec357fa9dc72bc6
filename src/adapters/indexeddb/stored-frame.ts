/**
 * An entry as it stands in IndexedDB, so that damaged bytes are told from sound ones.
 *
 * | bytes | what |
 * |---|---|
 * | 4 | CRC-32 (big endian) over key and value |
 * | rest | value |
 */
import { concatBytes, utf8ToBytes } from '../../core/bytes.ts';

const headerBytes = 4;
const polynomial = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** Holds a copy of the value. */
export function sealFrame(key: string, value: Uint8Array): Uint8Array {
  const header = new Uint8Array(headerBytes);
  new DataView(header.buffer).setUint32(0, checksum(key, value));
  return concatBytes(header, value);
}

/** The value, with bytes of its own; null for a frame that is not what was written under this key. */
export function openFrame(key: string, frame: unknown): Uint8Array | null {
  if (!(frame instanceof Uint8Array) || frame.length < headerBytes) return null;
  const value = frame.slice(headerBytes);
  const claimed = new DataView(frame.buffer, frame.byteOffset, headerBytes).getUint32(0);
  return claimed === checksum(key, value) ? value : null;
}

function checksum(key: string, value: Uint8Array): number {
  let state = 0xffffffff;
  for (const bytes of [utf8ToBytes(key), value]) {
    for (const byte of bytes) state = table[(state ^ byte) & 0xff]! ^ (state >>> 8);
  }
  return (state ^ 0xffffffff) >>> 0;
}
