/** HPKE against the vectors of RFC 9180, the keys of peers, and what a seal keeps (docs/protocol.md §7). */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { createNativeAgreement } from '../../src/adapters/native/native-agreement.ts';
import { createNobleAgreement } from '../../src/adapters/system/noble-agreement.ts';
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../src/core/bytes.ts';
import {
  packAnswer,
  packQuestion,
  unpackAnswer,
  unpackQuestion,
} from '../../src/core/private/sealed-text.ts';
import { setupReceiver, setupSender } from '../../src/private/hpke.ts';
import { agreementKeyOf, agreementSecretOf } from '../../src/private/peer-keys.ts';
import { createSealing } from '../../src/private/sealing.ts';

interface Vector {
  readonly info: string;
  readonly pkEm: string;
  readonly skEm: string;
  readonly pkRm: string;
  readonly skRm: string;
  readonly pt: string;
  readonly aad: string;
  readonly ct: string;
  readonly exports: readonly { readonly context: string; readonly value: string }[];
}

const vectorPath = new URL('../vectors/hpke/rfc9180-a2-base.json', import.meta.url);
const vector = JSON.parse(readFileSync(vectorPath, 'utf8')) as Vector;
const agreements = [
  ['native', createNativeAgreement()],
  ['noble', createNobleAgreement()],
] as const;
const counting = (start: number) => {
  let count = start;
  return {
    randomBytes: (length: number): Uint8Array =>
      Uint8Array.from(createHash('sha256').update(`random ${count++}`).digest().subarray(0, length)),
  };
};

async function peerOf(seed: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toString();
}

describe.each(agreements)('HPKE in base mode with %s X25519', (_, agreement) => {
  const info = hexToBytes(vector.info);

  it('seals and exports as RFC 9180, A.2.1 does', () => {
    const sender = setupSender(agreement, hexToBytes(vector.pkRm), info, hexToBytes(vector.skEm))!;
    expect(bytesToHex(sender.encapsulated)).toBe(vector.pkEm);
    expect(bytesToHex(sender.context.seal(hexToBytes(vector.pt), hexToBytes(vector.aad)))).toBe(vector.ct);
    for (const { context, value } of vector.exports)
      expect(bytesToHex(sender.context.exportSecret(hexToBytes(context), 32))).toBe(value);
  });

  it('opens what was sealed so, and nothing that was changed', () => {
    const keys = { secret: hexToBytes(vector.skRm), publicKey: hexToBytes(vector.pkRm) };
    const context = setupReceiver(agreement, keys, info, hexToBytes(vector.pkEm))!;
    const sealed = hexToBytes(vector.ct);
    expect(bytesToHex(context.open(sealed, hexToBytes(vector.aad))!)).toBe(vector.pt);
    for (let index = 0; index < sealed.length; index++) {
      const changed = Uint8Array.from(sealed);
      changed[index]! ^= 1;
      expect(context.open(changed, hexToBytes(vector.aad))).toBeNull();
    }
    expect(context.open(sealed, utf8ToBytes('other'))).toBeNull();
    expect(context.open(new Uint8Array(0), hexToBytes(vector.aad))).toBeNull();
  });

  it('agrees with nobody whose key is a point of small order', () => {
    const secret = new Uint8Array(32).fill(9);
    const zero = new Uint8Array(32);
    const one = Uint8Array.from(zero);
    one[0] = 1;
    expect(agreement.agree(secret, zero)).toBeNull();
    expect(agreement.agree(secret, one)).toBeNull();
    expect(setupSender(agreement, zero, info, secret)).toBeNull();
  });

  it('computes what the other does', () => {
    const secret = new Uint8Array(32).fill(3);
    const other = generateKeyPairSync('x25519')
      .publicKey.export({ format: 'der', type: 'spki' })
      .subarray(12);
    expect(agreement.publicKey(secret)).toEqual(x25519.getPublicKey(secret));
    expect(agreement.agree(secret, other)).toEqual(x25519.getSharedSecret(secret, Uint8Array.from(other)));
  });
});

describe('the key of a peer', () => {
  it('is that of its Ed25519 key, for who has the id and for who has the seed', async () => {
    for (let fill = 1; fill <= 20; fill++) {
      const seed = new Uint8Array(32).fill(fill);
      const key = agreementKeyOf(await peerOf(seed));
      expect(key).toEqual(ed25519.utils.toMontgomery(ed25519.getPublicKey(seed)));
      expect(createNobleAgreement().publicKey(agreementSecretOf(seed))).toEqual(key);
    }
  });

  it('is not there for what is no Ed25519 peer id', () => {
    const rsa = 'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC';
    for (const text of ['', 'nobody', rsa, '12D3KooW', '0OIl']) expect(agreementKeyOf(text)).toBeNull();
  });
});

describe('a sealed question', () => {
  const seed = new Uint8Array(32).fill(7);
  const parts = { agreement: createNativeAgreement(), entropy: counting(0), network: '/weft' };
  const target = createSealing({ ...parts, self: seed });
  const asker = createSealing({ ...parts, entropy: counting(1000), self: null });
  const question = { minute: 29_000_000, body: utf8ToBytes('a question') };

  it('reaches its target alone, and the answer its asker alone', async () => {
    const call = asker.seal(await peerOf(seed), question)!;
    const opened = target.open(call.sealed)!;
    expect(opened.question).toEqual(question);
    expect(call.open(opened.seal(utf8ToBytes('an answer')))).toEqual(utf8ToBytes('an answer'));
    const stranger = createSealing({ ...parts, self: new Uint8Array(32).fill(8) });
    expect(stranger.open(call.sealed)).toBeNull();
    const other = asker.seal(await peerOf(seed), question)!;
    expect(other.open(opened.seal(utf8ToBytes('an answer')))).toBeNull();
    expect(bytesToHex(other.sealed)).not.toBe(bytesToHex(call.sealed));
  });

  it('of one network is none in another, and nobody opens without a key', async () => {
    const call = asker.seal(await peerOf(seed), question)!;
    expect(createSealing({ ...parts, network: '/other', self: seed }).open(call.sealed)).toBeNull();
    expect(asker.open(call.sealed)).toBeNull();
    expect(target.open(new Uint8Array(176))).toBeNull();
  });

  it('has one length, and its answer one of two', () => {
    const lengths = new Set<number>();
    for (let length = 0; length < 100; length++) {
      const packed = packQuestion({ minute: length, body: new Uint8Array(length) });
      expect(unpackQuestion(packed).body.length).toBe(length);
      lengths.add(packed.length);
    }
    expect([...lengths]).toEqual([128]);
    expect(packAnswer(new Uint8Array(0)).length).toBe(8192);
    expect(packAnswer(new Uint8Array(8189)).length).toBe(8192);
    expect(packAnswer(new Uint8Array(8190)).length).toBe(98_304);
    expect(unpackAnswer(packAnswer(utf8ToBytes('x')))).toEqual(utf8ToBytes('x'));
    expect(() => packAnswer(new Uint8Array(98_302))).toThrow(/fits no/);
    const padded = packAnswer(utf8ToBytes('x'));
    padded[8000] = 1;
    expect(() => unpackAnswer(padded)).toThrow(/zeros/);
  });
});
