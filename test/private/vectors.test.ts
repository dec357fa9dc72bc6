/** Sealed questions and messages about content, against the vectors (docs/protocol.md §7, Appendix A). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createNativeAgreement } from '../../src/adapters/native/native-agreement.ts';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { contentOfUrl, contentUrl, readContent } from '../../src/core/content/content.ts';
import { digest } from '../../src/core/hash.ts';
import {
  decodeHold,
  decodeRelay,
  decodeSealed,
  decodeSealedAnswer,
  encodeHold,
  encodeSealed,
  encodeSealedAnswer,
} from '../../src/core/overlay/content-message.ts';
import { createSealing } from '../../src/private/sealing.ts';
import { peerIdOfSeed } from './peer-id-of-seed.ts';

function read<Content>(folder: 'valid' | 'invalid', name: string): Content {
  const url = new URL(`../vectors/${folder}/private/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Content;
}

interface SealedCase {
  readonly name: string;
  readonly bytes: string;
  readonly network: string;
  readonly peer: string;
  readonly minute: number;
  readonly targetSeed: string;
  readonly askerSecret: string;
  readonly question: string;
  readonly answerNonce: string;
  readonly answer: string;
  readonly answerDigest: string;
}

const { cases } = read<{ cases: SealedCase[] }>('valid', 'sealed');
const agreement = createNativeAgreement();

describe.each(cases)('sealed vector: $name', (vector) => {
  const { network, minute } = vector;
  const seed = hexToBytes(vector.targetSeed);
  const body = hexToBytes(vector.question);
  const fixed = (hex: string) => ({ randomBytes: () => hexToBytes(hex) });

  it('is what the asker seals', () => {
    expect(peerIdOfSeed(seed)).toBe(vector.peer);
    const asker = createSealing({ agreement, network, self: null, entropy: fixed(vector.askerSecret) });
    expect(bytesToHex(encodeSealed(asker.seal(vector.peer, { minute, body })!.sealed))).toBe(vector.bytes);
  });

  it('is opened and answered by the target, and the answer opened by the asker', () => {
    const target = createSealing({ agreement, network, self: seed, entropy: fixed(vector.answerNonce) });
    const asker = createSealing({ agreement, network, self: null, entropy: fixed(vector.askerSecret) });
    const opened = target.open(decodeSealed(hexToBytes(vector.bytes)))!;
    expect(opened.question).toEqual({ minute, body });
    const answer = encodeSealedAnswer('sealed', opened.seal(hexToBytes(vector.answer)));
    expect(bytesToHex(digest(answer))).toBe(vector.answerDigest);
    const call = asker.seal(vector.peer, { minute, body })!;
    expect(bytesToHex(call.open(decodeSealedAnswer('sealed', answer))!)).toBe(vector.answer);
  });
});

describe('content vectors', () => {
  const vector = read<{
    blob: string;
    digest: string;
    url: string;
    validUntil: number;
    cases: { bytes: string }[];
  }>('valid', 'hold');

  it('name the blob by its digest and its URL', () => {
    const blob = hexToBytes(vector.blob);
    expect(readContent(blob, 0)).toEqual({
      digest: hexToBytes(vector.digest),
      validUntil: vector.validUntil,
    });
    expect(contentUrl(hexToBytes(vector.digest))).toBe(vector.url);
    expect(contentOfUrl(vector.url)).toEqual(hexToBytes(vector.digest));
    expect(bytesToHex(encodeHold([blob, hexToBytes(vector.digest)]))).toBe(vector.cases[0]!.bytes);
  });
});

describe.each([
  ['hold', decodeHold],
  ['relay', decodeRelay],
  ['sealed-back', (bytes: Uint8Array) => decodeSealedAnswer('sealed', bytes)],
] as const)('invalid vectors of %s', (name, decode) => {
  const invalid = read<{ cases: { name: string; code: string; bytes: string }[] }>('invalid', name);
  it.each(invalid.cases)('refuse $name', ({ code, bytes }) => {
    expect(() => decode(hexToBytes(bytes))).toThrow(expect.objectContaining({ name: 'ProtocolError', code }));
  });
});
