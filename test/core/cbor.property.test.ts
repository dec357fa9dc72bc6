/** §0 of the protocol: a receiver requires encode(decode(x)) == x. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../src/core/cbor.ts';
import { isProtocolError } from '../../src/core/errors.ts';

const numRuns = 2000;
const sizeBytesMax = 65_536;

const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.maxSafeNat(),
    fc.nat({ max: 70_000 }),
    fc.string({ unit: 'grapheme' }).filter((text) => !text.startsWith('\uFEFF')),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    fc.constantFrom(null, true, false, '\uFFFD'),
    fc.array(tie('value'), { maxLength: 30 }),
  ),
}));

/** The value, or the code of the refusal. */
function tryDecode(bytes: Uint8Array): { value: CborValue } | { code: string } {
  try {
    return { value: decodeCanonical(bytes, sizeBytesMax) };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { code: error.code };
  }
}

describe('§0 deterministic CBOR', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(value, (item) => {
        expect(decodeCanonical(encodeCanonical(item), sizeBytesMax)).toEqual(item);
      }),
      { numRuns },
    );
  });

  it('accepts of any bytes only those that it would write', () => {
    const mutated = fc
      .record({
        item: value,
        changes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
      })
      .map(({ item, changes }) => {
        const bytes = encodeCanonical(item).slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        const decoded = tryDecode(Uint8Array.from(bytes));
        if ('value' in decoded) expect(encodeCanonical(decoded.value)).toEqual(Uint8Array.from(bytes));
        else expect(decoded.code).toBe('not-canonical');
      }),
      { numRuns },
    );
  });

  it.each<[string, number[]]>([
    ['a longer integer than needed', [0x18, 23]],
    ['a longer length than needed', [0x58, 1, 0]],
    ['an indefinite byte string', [0x5f, 0x41, 0, 0xff]],
    ['an indefinite array', [0x9f, 0xff]],
    ['two values', [0, 0]],
    ['half a value', [0x82, 0]],
    ['a tag', [0xc0, 0]],
    ['undefined', [0xf7]],
    ['a float that is whole', [0xf9, 0x3c, 0]],
    ['not a number', [0xf9, 0x7e, 0]],
    ['an integer over 2^53', [0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0]],
    ['a text that is not UTF-8', [0x62, 0xc3, 0x28]],
    ['a text with a cut character', [0x63, 0xf0, 0x9f, 0x98]],
    ['a text with a surrogate', [0x63, 0xed, 0xa0, 0x80]],
    ['a text with a byte order mark', [0x64, 0xef, 0xbb, 0xbf, 0x61]],
    ['a byte string longer than the input', [0x5a, 0xff, 0xff, 0xff, 0xff]],
    ['an array longer than the input', [0x9a, 0xff, 0xff, 0xff, 0xff]],
    ['an array of 2^64 items', [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['50,000 arrays in one another', [...Array(50_000).fill(0x81), 0]],
    ['nothing', []],
  ])('refuses %s, in no time', (_, bytes) => {
    const start = performance.now();
    expect(tryDecode(Uint8Array.from(bytes))).toEqual({ code: 'not-canonical' });
    expect(performance.now() - start).toBeLessThan(200);
  });

  it('refuses more bytes than the caller allows before it looks at them', () => {
    expect(() => decodeCanonical(new Uint8Array(11), 10)).toThrow('at most 10');
  });

  it("gives plain bytes that are nobody else's, of a Buffer too", () => {
    const frame = Buffer.from(encodeCanonical([Uint8Array.of(1, 2, 3)]));
    const [bytes] = decodeCanonical(frame, sizeBytesMax) as [Uint8Array];
    frame.fill(0);
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(bytes.constructor).toBe(Uint8Array);
  });
});
