/** The decoders of core/identity with valid samples, and hostile inputs made from them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../../src/core/cbor.ts';
import { decodeDelegation } from '../../../src/core/identity/delegation.ts';
import { decodeKeyEvent } from '../../../src/core/identity/key-event-codec.ts';
import { decodeRevocation } from '../../../src/core/identity/revocation.ts';

export interface DecoderSample {
  readonly name: string;
  /** Decodes, and throws unless what was decoded encodes to the input. */
  readonly decode: (bytes: Uint8Array) => void;
  readonly samples: readonly Uint8Array[];
}

export const decoders: readonly DecoderSample[] = [
  sampled('key event', decodeKeyEvent, 'key-events'),
  sampled('delegation', decodeDelegation, 'delegations'),
  sampled('revocation', decodeRevocation, 'revocations'),
];

function sampled(
  name: string,
  decode: (bytes: Uint8Array) => { readonly bytes: Uint8Array },
  file: string,
): DecoderSample {
  const url = new URL(`../../vectors/valid/identity/${file}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(url, 'utf8')) as { cases: { bytes: string }[] };
  return {
    name,
    samples: cases.map((each) => hexToBytes(each.bytes)),
    decode: (bytes) => {
      const decoded = bytesToHex(decode(bytes).bytes);
      if (decoded !== bytesToHex(bytes)) throw new Error(`decodes ${bytesToHex(bytes)} to ${decoded}`);
    },
  };
}

const anyItem: fc.Arbitrary<CborValue> = fc.oneof(
  fc.nat(),
  fc.constantFrom(0, 1, 2, 3, 27, 28, 31, 32, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(null, true, false, ''),
  fc.string({ maxLength: 40 }),
  fc
    .constantFrom(0, 1, 8, 16, 31, 32, 33, 63, 64, 65, 300)
    .map((length) => new Uint8Array(length).fill(length)),
  fc.array(fc.nat({ max: 3 }), { maxLength: 12 }),
);

/** Canonical dCBOR that differs from a sample in some items anywhere: what passes the first gate. */
export function bentStructures(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    path: fc.array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 4 }),
    item: anyItem,
    action: fc.constantFrom('replace', 'remove', 'insert'),
  });
  return fc
    .record({
      sample: fc.constantFrom(...samples),
      changes: fc.array(change, { minLength: 1, maxLength: 3 }),
    })
    .map(({ sample, changes }) => {
      const value = decodeCanonical(sample, sample.length);
      return encodeCanonical(
        changes.reduce((bent, { path, item, action }) => bend(bent, path, item, action), value),
      );
    });
}

function bend(value: CborValue, path: readonly number[], item: CborValue, action: string): CborValue {
  if (!Array.isArray(value) || value.length === 0) return item;
  const items = [...(value as readonly CborValue[])];
  const place = path[0]! % items.length;
  if (path.length > 1) items[place] = bend(items[place]!, path.slice(1), item, action);
  else if (action === 'remove') items.splice(place, 1);
  else items.splice(place, action === 'insert' ? 0 : 1, item);
  return items;
}
