/**
 * An entry as it stands on disk, so that a flipped bit, a swapped value and an older version can all be told.
 *
 * | bytes | what |
 * |---|---|
 * | 4 | CRC-32 (big endian) over key, sequence and value |
 * | 6 | sequence of the commit that wrote it (big endian) |
 * | rest | value |
 */
import { crc32 } from 'node:zlib';

const frameHeaderBytes = 10;
const sequenceOffset = 4;
const sequenceBytes = 6;

/** What a sound frame says. */
export interface OpenedFrame {
  readonly sequence: number;
  /** A view on the frame. */
  readonly value: Uint8Array;
}

/** A frame with room for its header, holding a copy of the value. */
export function createFrame(value: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + value.length);
  frame.set(value, frameHeaderBytes);
  return frame;
}

/** Writes the header; `key` is printable ASCII. */
export function sealFrame(key: string, frame: Buffer, sequence: number): void {
  frame.writeUIntBE(sequence, sequenceOffset, sequenceBytes);
  frame.writeUInt32BE(checksum(key, frame), 0);
}

/** The content, or null when the checksum does not hold for this key. */
export function openFrame(key: string, frame: Uint8Array): OpenedFrame | null {
  if (frame.length < frameHeaderBytes) return null;
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (bytes.readUInt32BE(0) !== checksum(key, bytes)) return null;
  return {
    sequence: bytes.readUIntBE(sequenceOffset, sequenceBytes),
    value: new Uint8Array(frame.buffer, frame.byteOffset + frameHeaderBytes, frame.length - frameHeaderBytes),
  };
}

function checksum(key: string, frame: Buffer): number {
  return crc32(frame.subarray(sequenceOffset), crc32(key));
}
