/**
 * Frames of the record protocol (docs/protocol.md §4).
 *
 * | part   | bytes | meaning                                                                    |
 * |--------|-------|----------------------------------------------------------------------------|
 * | length | 1..3  | canonical unsigned varint: bytes that follow                               |
 * | 0x83   | 1     | CBOR array of three                                                        |
 * | id     | 1..5  | unsigned, up to 2^32 - 1: the asker's number; a response repeats it        |
 * | kind   | 1     | 0 request, 1 response, 2 push                                              |
 * | body   | 1..5 + n | byte string of at most 1 MiB                                            |
 *
 * Everything is in its shortest form; any other spelling of the same frame is refused.
 */
import { frameBytesMax } from '../../core/limits.ts';

export const requestKind = 0;
export const responseKind = 1;
export const pushKind = 2;
export type FrameKind = typeof requestKind | typeof responseKind | typeof pushKind;

export interface Frame {
  readonly id: number;
  readonly kind: FrameKind;
  /** May be a view of the bytes that the socket delivered: theirs alone, but keep no part of it for long. */
  readonly body: Uint8Array;
}

/** Array head, the longest id, kind, the longest byte string head. */
const frameOverheadBytesMax = 1 + 5 + 1 + 5;
/** What a length may say. */
const frameLengthMax = frameBytesMax + frameOverheadBytesMax;
const lengthVarintBytesMax = 3;

export type FrameErrorCode = 'too-large' | 'not-canonical' | 'wrong-shape';

/** What a peer sent is no frame; the stream has lost its step and must end. */
export class FrameError extends Error {
  readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, message: string) {
    super(message);
    this.name = 'FrameError';
    this.code = code;
  }
}

/** All bytes of a frame before its body. The id is a u32; the body is at most `frameBytesMax` (the caller checks). */
export function encodeFrameHead(id: number, kind: FrameKind, bodyBytes: number): Uint8Array {
  const idBytes = headBytes(id);
  const length = 1 + idBytes + 1 + headBytes(bodyBytes) + bodyBytes;
  const lengthBytes = length < 0x80 ? 1 : length < 0x4000 ? 2 : 3;
  const head = new Uint8Array(lengthBytes + length - bodyBytes);
  let rest = length;
  let offset = 0;
  while (rest >= 0x80) {
    head[offset++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  head[offset++] = rest;
  head[offset++] = 0x83;
  offset = writeHead(head, offset, 0x00, id);
  head[offset++] = kind;
  writeHead(head, offset, 0x40, bodyBytes);
  return head;
}

/** @throws FrameError for anything but one canonical frame without its length. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes[0] !== 0x83) throw new FrameError('wrong-shape', 'a frame is an array of three');
  const id = readHead(bytes, 1, 0x00);
  const kind = bytes[id.end];
  if (kind !== requestKind && kind !== responseKind && kind !== pushKind) {
    throw new FrameError('wrong-shape', 'the kind of a frame is 0, 1 or 2');
  }
  const body = readHead(bytes, id.end + 1, 0x40);
  if (body.value > frameBytesMax) throw new FrameError('too-large', 'a body is at most 1 MiB');
  if (body.end + body.value !== bytes.length) {
    throw new FrameError('wrong-shape', 'a frame ends with its body');
  }
  return { id: id.value, kind, body: bytes.subarray(body.end) };
}

/** Cuts what a stream delivers into frames, as far as the caller asks. Holds at most the bytes given and one frame. */
export interface FrameReader {
  push(bytes: Uint8Array): void;
  /** The next whole frame, or null until more bytes come. @throws FrameError; the reader is of no use after it. */
  next(): Frame | null;
}

export function createFrameReader(): FrameReader {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  let length = 0;
  let lengthBytes = 0;
  let isLengthKnown = false;
  let partial = new Uint8Array(0);
  let partialBytes = 0;

  function readLength(byte: number): void {
    length += (byte & 0x7f) * 2 ** (7 * lengthBytes++);
    if (byte >= 0x80) {
      if (lengthBytes === lengthVarintBytesMax)
        throw new FrameError('too-large', 'a length has 3 bytes at most');
      return;
    }
    if (byte === 0 && lengthBytes > 1) throw new FrameError('not-canonical', 'a length in too many bytes');
    if (length > frameLengthMax) throw new FrameError('too-large', `a frame of ${length} bytes`);
    if (length === 0) throw new FrameError('wrong-shape', 'an empty frame');
    isLengthKnown = true;
  }

  /** Room grows with what has come, not with what was announced. */
  function keep(part: Uint8Array): void {
    if (partialBytes + part.length > partial.length) {
      const grown = new Uint8Array(
        Math.min(length, Math.max(2 * partial.length, partialBytes + part.length)),
      );
      grown.set(partial.subarray(0, partialBytes));
      partial = grown;
    }
    partial.set(part, partialBytes);
    partialBytes += part.length;
  }

  function takeFrame(bytes: Uint8Array): Frame {
    length = 0;
    lengthBytes = 0;
    isLengthKnown = false;
    partial = new Uint8Array(0);
    partialBytes = 0;
    return decodeFrame(bytes);
  }

  function next(): Frame | null {
    for (let chunk = chunks[0]; chunk !== undefined; chunk = chunks[0]) {
      if (offset === chunk.length) {
        chunks.shift();
        offset = 0;
      } else if (!isLengthKnown) {
        readLength(chunk[offset++]!);
      } else {
        const part = chunk.subarray(offset, offset + length - partialBytes);
        offset += part.length;
        if (part.length === length) return takeFrame(part);
        keep(part);
        if (partialBytes === length) return takeFrame(partial);
      }
    }
    return null;
  }

  return { push: (bytes) => void chunks.push(bytes), next };
}

function headBytes(value: number): number {
  return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x1_0000 ? 3 : 5;
}

function writeHead(target: Uint8Array, offset: number, major: number, value: number): number {
  if (value < 24) {
    target[offset] = major | value;
    return offset + 1;
  }
  const bytes = headBytes(value) - 1;
  target[offset] = major | (bytes === 1 ? 24 : bytes === 2 ? 25 : 26);
  for (let index = 1; index <= bytes; index++) target[offset + index] = value >>> (8 * (bytes - index));
  return offset + 1 + bytes;
}

function readHead(bytes: Uint8Array, start: number, major: number): { value: number; end: number } {
  const first = bytes[start] ?? 0xff;
  if ((first & 0xe0) !== major) throw new FrameError('wrong-shape', 'an item of another type');
  const detail = first & 0x1f;
  if (detail < 24) return { value: detail, end: start + 1 };
  if (detail > 26) throw new FrameError('wrong-shape', 'a number that is too long');
  const end = start + 1 + 2 ** (detail - 24);
  if (end > bytes.length) throw new FrameError('wrong-shape', 'a frame that ends within a number');
  let value = 0;
  for (let index = start + 1; index < end; index++) value = value * 256 + bytes[index]!;
  if (start + headBytes(value) !== end) throw new FrameError('not-canonical', 'a number in too many bytes');
  return { value, end };
}
