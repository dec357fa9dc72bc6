import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createFrameReader,
  decodeFrame,
  encodeFrameHead,
  type Frame,
  FrameError,
  type FrameKind,
} from '../../../src/adapters/libp2p/frame.ts';
import { encodeCanonical } from '../../../src/core/cbor.ts';
import { frameBytesMax } from '../../../src/core/limits.ts';

function encode(id: number, kind: FrameKind, body: Uint8Array): Uint8Array {
  return Buffer.concat([encodeFrameHead(id, kind, body.length), body]);
}

function readAll(chunks: readonly Uint8Array[]): Frame[] {
  const reader = createFrameReader();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
  return 'none';
}

const bodySizes = [0, 1, 23, 24, 100, 255, 256, 65_535, 65_536, frameBytesMax];
const ids = [0, 23, 24, 255, 256, 65_535, 65_536, 0xffff_ffff];

describe('a frame', () => {
  it('is the deterministic CBOR of [id, kind, body] behind its length', () => {
    for (const id of ids) {
      for (const size of bodySizes) {
        const body = new Uint8Array(size).fill(7);
        const bytes = encode(id, 2, body);
        const lengthBytes = bytes.findIndex((byte) => byte < 0x80) + 1;
        expect(Buffer.compare(bytes.subarray(lengthBytes), encodeCanonical([id, 2, body]))).toBe(0);
      }
    }
  });

  it('comes out as it went in, however the stream cuts it', () => {
    const frame = fc.record({
      id: fc.oneof(fc.constantFrom(...ids), fc.nat(0xffff_ffff)),
      kind: fc.constantFrom<FrameKind>(0, 1, 2),
      body: fc.uint8Array({ maxLength: 400 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(300)), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ id, kind, body }) => encode(id, kind, body)));
        const chunks: Uint8Array[] = [];
        let start = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(start, start + cut));
          start += cut;
        }
        chunks.push(bytes.subarray(start));
        const read = readAll(chunks);
        expect(read.map(({ id, kind, body }) => ({ id, kind, body: [...body] }))).toEqual(
          frames.map(({ id, kind, body }) => ({ id, kind, body: [...body] })),
        );
      }),
    );
  });

  it('of the largest size is read from a drip of single bytes', () => {
    const bytes = encode(1, 0, new Uint8Array(frameBytesMax));
    const reader = createFrameReader();
    for (let index = 0; index < bytes.length - 1; index++) {
      reader.push(bytes.subarray(index, index + 1));
      if (reader.next() !== null) throw new Error('a frame before its end');
    }
    reader.push(bytes.subarray(bytes.length - 1));
    expect(reader.next()?.body.length).toBe(frameBytesMax);
  });

  it('shares the bytes of the chunk that holds it whole', () => {
    const bytes = encode(1, 0, new Uint8Array(100));
    expect(readAll([bytes])[0]!.body.buffer).toBe(bytes.buffer);
  });

  it.each([
    ['a length in too many bytes', [0x85, 0x00], 'not-canonical'],
    ['a length of four bytes', [0x80, 0x80, 0x80, 0x01], 'too-large'],
    ['a length beyond the bound', [0xff, 0xff, 0x7f], 'too-large'],
    ['an empty frame', [0x00], 'wrong-shape'],
    ['an array of two', [0x04, 0x82, 0x01, 0x00, 0x40], 'wrong-shape'],
    ['a map', [0x04, 0xa3, 0x01, 0x00, 0x40], 'wrong-shape'],
    ['a negative id', [0x04, 0x83, 0x20, 0x00, 0x40], 'wrong-shape'],
    ['an id in too many bytes', [0x05, 0x83, 0x18, 0x17, 0x00, 0x40], 'not-canonical'],
    ['an id of eight bytes', [0x0c, 0x83, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x40], 'wrong-shape'],
    ['an unknown kind', [0x04, 0x83, 0x01, 0x03, 0x40], 'wrong-shape'],
    ['a text body', [0x04, 0x83, 0x01, 0x00, 0x60], 'wrong-shape'],
    ['a body of indefinite length', [0x05, 0x83, 0x01, 0x00, 0x5f, 0xff], 'wrong-shape'],
    ['a body size in too many bytes', [0x05, 0x83, 0x01, 0x00, 0x58, 0x00], 'not-canonical'],
    ['a body that ends early', [0x05, 0x83, 0x01, 0x00, 0x42, 0x00], 'wrong-shape'],
    ['bytes behind the body', [0x05, 0x83, 0x01, 0x00, 0x40, 0x00], 'wrong-shape'],
    ['a frame that ends within a number', [0x03, 0x83, 0x19, 0x01], 'wrong-shape'],
    ['a frame that ends after its id', [0x02, 0x83, 0x01], 'wrong-shape'],
  ])('is refused when it is %s', (_name, bytes, code) => {
    expect(codeOf(() => readAll([Uint8Array.from(bytes)]))).toBe(code);
  });

  it('has one spelling: what decodes encodes to the same bytes', () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const near = fc
      .tuple(
        fc.nat(0xffff_ffff),
        fc.constantFrom<FrameKind>(0, 1, 2),
        fc.uint8Array({ maxLength: 30 }),
        fc.nat(60),
        fc.nat(255),
      )
      .map(([id, kind, body, at, value]) => {
        const bytes = encode(id, kind, body).subarray(1);
        bytes[at % bytes.length] = value;
        return Uint8Array.from(bytes);
      });
    fc.assert(
      fc.property(fc.oneof(noise, near), (bytes) => {
        let frame: Frame;
        try {
          frame = decodeFrame(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
          return;
        }
        expect([...encode(frame.id, frame.kind, frame.body).subarray(1)]).toEqual([...bytes]);
      }),
      { numRuns: 3000 },
    );
  });
});
