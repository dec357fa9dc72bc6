/**
 * Writes test/vectors/ed25519/: keys and signatures on which Ed25519 implementations differ, with the verdict of §1's
 * rule. Deterministic; run as `node test/vectors/generate-ed25519.ts`. The published cases (speccheck.json) are data, not
 * generated. Expected verdicts are stated here by construction, not computed by a verifier.
 */
import { writeFileSync } from 'node:fs';
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../../src/core/bytes.ts';

interface KeyVector {
  readonly name: string;
  readonly publicKey: string;
  readonly admissible: boolean;
}

interface SignatureVector {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}

const { n: groupOrder, p: fieldPrime } = Point.CURVE();
/** A point of order 8; its multiples are the eight points of small order. */
const torsion = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa');
const smallOrderPoints = Array.from({ length: 8 }, (_, index) =>
  Array.from({ length: index }).reduce<Point>((sum) => sum.add(torsion), Point.ZERO),
);

const secret = 0x1234_5678_9abc_def0_1234_5678_9abcn;
const keyPoint = Point.BASE.multiply(secret);
const text = utf8ToBytes('one verification rule everywhere');

function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
}

function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
}

/** R ‖ S with S = r + k·secret: the equation holds up to the torsion that R and A carry. */
function signWith(r: bigint, encodedR: Uint8Array, encodedKey: Uint8Array, message: Uint8Array): Uint8Array {
  const challenge = toInteger(sha512(concatBytes(encodedR, encodedKey, message)));
  return concatBytes(encodedR, toBytes((r + challenge * secret) % groupOrder));
}

function vector(
  name: string,
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  valid: boolean,
): SignatureVector {
  const hex = { publicKey: bytesToHex(key), message: bytesToHex(message), signature: bytesToHex(signature) };
  return { name, ...hex, valid };
}

function keyVectors(): KeyVector[] {
  const keys: KeyVector[] = [
    { name: 'prime order', publicKey: keyPoint.toHex(), admissible: true },
    { name: 'the base point', publicKey: Point.BASE.toHex(), admissible: true },
    { name: 'not on the curve (y = 2)', publicKey: bytesToHex(toBytes(2n)), admissible: false },
    { name: 'y = p, not reduced', publicKey: bytesToHex(toBytes(fieldPrime)), admissible: false },
    { name: 'y = p + 1, not reduced', publicKey: bytesToHex(toBytes(fieldPrime + 1n)), admissible: false },
    {
      name: 'x = 0 with the sign bit (y = 1)',
      publicKey: bytesToHex(toBytes(1n + (1n << 255n))),
      admissible: false,
    },
    {
      name: 'x = 0 with the sign bit (y = -1)',
      publicKey: bytesToHex(toBytes(fieldPrime - 1n + (1n << 255n))),
      admissible: false,
    },
    { name: 'all bits set', publicKey: 'ff'.repeat(32), admissible: false },
    { name: '31 bytes', publicKey: keyPoint.toHex().slice(2), admissible: false },
    { name: '33 bytes', publicKey: `${keyPoint.toHex()}00`, admissible: false },
    { name: 'no bytes', publicKey: '', admissible: false },
  ];
  for (const [index, point] of smallOrderPoints.entries()) {
    keys.push({
      name: `small order: ${index} times the torsion point`,
      publicKey: point.toHex(),
      admissible: false,
    });
    if (index === 0) continue;
    const mixed = keyPoint.add(point);
    keys.push({
      name: `mixed order: key plus ${index} times the torsion point`,
      publicKey: mixed.toHex(),
      admissible: false,
    });
  }
  for (let y = 0n; y < 19n; y++) {
    const encoded = toBytes(y + fieldPrime);
    keys.push({ name: `y = p + ${y}, not reduced`, publicKey: bytesToHex(encoded), admissible: false });
  }
  return keys;
}

/** Under the admitted key: what a holder of the key can sign and what a stranger can bend. */
function signatureVectors(): SignatureVector[] {
  const key = keyPoint.toBytes();
  const r = 0xfeed_beef_0123_4567n;
  const pointR = Point.BASE.multiply(r);
  const honest = signWith(r, pointR.toBytes(), key, text);
  const scalar = toInteger(honest.subarray(32));
  const withScalar = (value: bigint): Uint8Array => concatBytes(honest.subarray(0, 32), toBytes(value));
  const vectors = [
    vector('honest', key, text, honest, true),
    vector(
      'honest, empty message',
      key,
      new Uint8Array(),
      signWith(r, pointR.toBytes(), key, new Uint8Array()),
      true,
    ),
    vector('another message', key, utf8ToBytes('another'), honest, false),
    vector('another key', Point.BASE.toBytes(), text, honest, false),
    vector('S + L', key, text, withScalar(scalar + groupOrder), false),
    vector('S + 2L', key, text, withScalar(scalar + 2n * groupOrder), false),
    vector('S = L', key, text, withScalar(groupOrder), false),
    vector('S = 0', key, text, withScalar(0n), false),
    vector('-S', key, text, withScalar(groupOrder - scalar), false),
    vector('-R', key, text, concatBytes(pointR.negate().toBytes(), honest.subarray(32)), false),
    vector('R is the identity', key, text, signWith(0n, Point.ZERO.toBytes(), key, text), false),
    vector(
      'R is the identity as y = p + 1',
      key,
      text,
      signWith(0n, toBytes(fieldPrime + 1n), key, text),
      false,
    ),
    vector(
      'R is the identity with the sign bit',
      key,
      text,
      signWith(0n, toBytes(1n + (1n << 255n)), key, text),
      false,
    ),
    vector('R not on the curve', key, text, signWith(r, toBytes(2n), key, text), false),
    vector('all zero', key, text, new Uint8Array(64), false),
    vector('63 bytes', key, text, honest.subarray(0, 63), false),
    vector('65 bytes', key, text, concatBytes(honest, new Uint8Array(1)), false),
    vector('no bytes', key, text, new Uint8Array(), false),
  ];
  for (const [index, point] of smallOrderPoints.entries()) {
    if (index === 0) continue;
    const mixedR = pointR.add(point).toBytes();
    vectors.push(vector(`mixed-order R, ${index}`, key, text, signWith(r, mixedR, key, text), false));
    vectors.push(
      vector(`small-order R, ${index}`, key, text, signWith(0n, point.toBytes(), key, text), false),
    );
  }
  return vectors;
}

/** Keys that no verifier admits, though the cofactored equation holds for all and the cofactorless one for some. */
function oddKeyVectors(): SignatureVector[] {
  const vectors: SignatureVector[] = [];
  for (const [index, point] of smallOrderPoints.entries()) {
    const mixedKey = keyPoint.add(point).toBytes();
    for (let attempt = 1n; index > 0 && attempt <= 8n; attempt++) {
      const encodedR = Point.BASE.multiply(attempt).toBytes();
      const name = `mixed-order key, ${index}, nonce ${attempt}`;
      vectors.push(vector(name, mixedKey, text, signWith(attempt, encodedR, mixedKey, text), false));
    }
    const encodedBase = concatBytes(Point.BASE.toBytes(), toBytes(1n));
    vectors.push(
      vector(`small-order key, ${index}, R = B, S = 1`, point.toBytes(), text, encodedBase, false),
    );
    const zero = concatBytes(point.toBytes(), toBytes(0n));
    vectors.push(vector(`small-order key and R, ${index}, S = 0`, point.toBytes(), text, zero, false));
  }
  const identityKey = hexToBytes(`01${'00'.repeat(31)}`);
  vectors.push(
    vector(
      'identity key, R = B, S = 1',
      identityKey,
      text,
      concatBytes(Point.BASE.toBytes(), toBytes(1n)),
      false,
    ),
  );
  return vectors;
}

function write(name: string, content: object): void {
  writeFileSync(new URL(`./ed25519/${name}.json`, import.meta.url), `${JSON.stringify(content, null, 2)}\n`);
}

write('keys', { keys: keyVectors() });
write('signatures', { signatures: [...signatureVectors(), ...oddKeyVectors()] });
