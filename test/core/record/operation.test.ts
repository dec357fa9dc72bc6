/** §3 of the protocol: operations, their bytes, and who may sign them. */
import { describe, expect, it } from 'vitest';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../../src/core/cbor.ts';
import { verifyAdmitted } from '../../../src/core/ed25519.ts';
import { digest, digest16, domain } from '../../../src/core/hash.ts';
import { operationCheck } from '../../../src/core/record/operation.ts';
import {
  decodeOperation,
  operationBodyValue,
  operationValue,
} from '../../../src/core/record/operation-codec.ts';
import { assertOperation } from '../../../src/core/record/operation-validate.ts';
import { authorNamed, codeOf, fenceOf, operationOn, startSeconds, textBytes, tokenFor } from './fixtures.ts';

const author = authorNamed('operations', 'real');
const { agentId, establishment, signer } = author.context;
const fence = fenceOf(author);
const token = tokenFor(author, 'delegate');
const url = 'https://agent.example/.well-known/agent-facts.json';
const operation = operationOn(author, fence.addr, { value: url });

/** The operation with items of its body replaced, signature left as it was. */
function altered(changes: Record<number, CborValue>): Uint8Array {
  const body = operationBodyValue(operation).map((item, index) => changes[index] ?? item);
  for (const [index, value] of Object.entries(changes)) body[Number(index)] = value;
  return encodeCanonical([body, operation.signature]);
}

describe('§3 an operation', () => {
  it('is dCBOR [[1, base, slot, n, field, value, left, iat, delegation], signature], about 163 B with a URL', () => {
    expect(decodeCanonical(operation.bytes, 512)).toEqual([
      [1, fence.addr.digest16, 0, 1, 0, url, null, startSeconds, null],
      operation.signature,
    ]);
    const delegated = operationOn(author, fence.addr, { value: url, token, left: operation.digest16 });
    expect([operation.bytes.length, delegated.bytes.length]).toEqual([148, 180]);
  });

  it('decodes to what was signed', () => {
    const blinded = { field: 'private', value: new Uint8Array(16).fill(1) } as const;
    for (const options of [{}, { token }, blinded, { field: 'ttl', value: 15 } as const, { value: null }]) {
      const made = operationOn(author, fence.addr, options);
      expect(decodeOperation(made.bytes)).toEqual(made);
      expect(encodeCanonical(operationValue(made))).toEqual(made.bytes);
    }
  });

  it('signs "weft/op/1" ‖ aid ‖ estDigest ‖ dCBOR(body)', () => {
    const check = operationCheck(operation, agentId, establishment, signer.publicKey);
    const body = encodeCanonical(operationBodyValue(operation));
    expect([...check.message]).toEqual([...textBytes('weft/op/1'), ...agentId, ...establishment, ...body]);
    expect(verifyAdmitted(check)).toBe(true);
    expect(verifyAdmitted(operationCheck(operation, establishment, establishment, signer.publicKey))).toBe(
      false,
    );
    expect(verifyAdmitted(operationCheck(operation, agentId, agentId, signer.publicKey))).toBe(false);
  });

  it('has the digest H("weft/op/1" ‖ dCBOR([body, signature])), and base is H16("weft/fence/1" ‖ fence)', () => {
    expect(operation.digest).toEqual(digest(domain('weft/op/1'), operation.bytes));
    expect(operation.digest16).toEqual(operation.digest.slice(0, 16));
    expect(operation.base).toEqual(digest16(domain('weft/fence/1'), fence.addr.bytes));
  });

  it.each<[string, Record<number, CborValue>, string]>([
    ['another version', { 0: 2 }, 'wrong-version'],
    ['a base of 15 bytes', { 1: new Uint8Array(15) }, 'wrong-shape'],
    ['slot 8', { 2: 8 }, 'wrong-shape'],
    ['n 0', { 3: 0 }, 'wrong-shape'],
    ['n 9', { 3: 9 }, 'wrong-shape'],
    ['field 4', { 4: 4 }, 'wrong-shape'],
    ['a number where a URL stands', { 5: 7 }, 'bad-operation'],
    ['bytes where a URL stands', { 5: new Uint8Array(16) }, 'bad-operation'],
    ['a list where a URL stands', { 5: [url] }, 'bad-operation'],
    ['http outside loopback', { 5: 'http://agent.example' }, 'bad-url'],
    ['a URL of 256 bytes', { 5: `https://a/${'x'.repeat(246)}` }, 'bad-url'],
    ['a blinded pointer of 15 bytes', { 4: 1, 5: new Uint8Array(15) }, 'bad-operation'],
    ['ttl code 16', { 4: 3, 5: 16 }, 'bad-operation'],
    ['a ttl that is null', { 4: 3, 5: null }, 'bad-operation'],
    ['a ttl that is a URL', { 4: 3, 5: url }, 'bad-operation'],
    ['left of 32 bytes', { 6: new Uint8Array(32) }, 'wrong-shape'],
    ['an iat over u32', { 7: 2 ** 32 }, 'wrong-shape'],
    ['a token beside slot 0', { 8: new Uint8Array(16) }, 'bad-operation'],
    ['slot 1 without a token', { 2: 1 }, 'bad-operation'],
  ])('is refused with %s', (_, changes, code) => {
    expect(codeOf(() => decodeOperation(altered(changes)))).toBe(code);
  });

  it('is refused over 512 bytes, with another length, or with a signature that is not 64 bytes', () => {
    expect(codeOf(() => decodeOperation(new Uint8Array(513)))).toBe('too-large');
    const body = operationBodyValue(operation);
    expect(codeOf(() => decodeOperation(encodeCanonical([body.slice(1), operation.signature])))).toBe(
      'wrong-shape',
    );
    expect(codeOf(() => decodeOperation(encodeCanonical([body, operation.signature.slice(1)])))).toBe(
      'wrong-shape',
    );
    expect(codeOf(() => decodeOperation(encodeCanonical([body])))).toBe('wrong-shape');
  });

  it('is not made with what would be refused', () => {
    expect(codeOf(() => operationOn(author, fence.addr, { n: 9 }))).toBe('wrong-shape');
    expect(codeOf(() => operationOn(author, fence.addr, { value: 'ftp://a' }))).toBe('bad-url');
  });
});

describe('§3 who may sign an operation', () => {
  const judge = (options: Parameters<typeof operationOn>[2], tokens = [token]) =>
    codeOf(() => assertOperation(operationOn(author, fence.addr, options), fence.addr, tokens));

  it('is the controller for slot 0, and the audience of a token with `op` for its slot', () => {
    expect(judge({}, [])).toBe('none');
    expect(judge({ token })).toBe('none');
  });

  it('needs the fence that it names as base', () => {
    const other = fenceOf(author, { issuedAt: startSeconds + 1 });
    expect(codeOf(() => assertOperation(operation, other.addr, []))).toBe('stale-base');
    expect(codeOf(() => assertOperation(operation, null, []))).toBe('stale-base');
  });

  it('needs the token that it names', () => {
    expect(judge({ token }, [])).toBe('bad-delegation');
    expect(judge({ token }, [tokenFor(author, 'other', { slot: 1 })])).toBe('bad-delegation');
  });

  it('keeps to the slot of its token', () => {
    expect(judge({ token, slot: 2 })).toBe('bad-operation');
  });

  it('keeps to the field mask of its token', () => {
    const narrow = tokenFor(author, 'narrow', { fieldMask: 4 });
    expect(judge({ token: narrow, field: 'adaptive', value: null }, [narrow])).toBe('none');
    expect(judge({ token: narrow, field: 'primary' }, [narrow])).toBe('bad-operation');
    expect(judge({ token: narrow, field: 'ttl', value: 1 }, [narrow])).toBe('bad-operation');
  });

  it('may write all fields with `publish`, which implies them', () => {
    const publisher = tokenFor(author, 'publisher', { rights: 2, fieldMask: 0 });
    expect(judge({ token: publisher, field: 'ttl', value: 1 }, [publisher])).toBe('none');
  });
});
