/** Bitstring Status List v1.0: the bitstring and its text, lists as credentials, checking; and hosts that lie. */
import { gzipSync } from 'node:zlib';
import { base64url } from 'multiformats/bases/base64';
import { describe, expect, it } from 'vitest';
import { hexToBytes, utf8ToBytes } from '../../src/core/bytes.ts';
import { createRevocation } from '../../src/core/identity/revocation.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { addProof } from '../../src/facts/data-integrity.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { readStatusEntries, type StatusEntry } from '../../src/facts/status-entry.ts';
import { verifyFacts } from '../../src/facts/verify-facts.ts';
import {
  createBitstring,
  decodeBitstring,
  encodeBitstring,
  hasBit,
  setBit,
} from '../../src/trust/bitstring.ts';
import { createStatusChecker } from '../../src/trust/status-checker.ts';
import { issueStatusList } from '../../src/trust/status-list.ts';
import { verifyCredential } from '../../src/trust/verify-credential.ts';
import { contextOf, signedFacts } from '../facts/sample-facts.ts';
import { rotated, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';
import { agentOf, credentialOf, didOf, nowSeconds, throwing, worldOf } from './scene.ts';

const [agent, issuer, other] = ['agent', 'status issuer', 'other'].map(agentOf) as [
  TestAgent,
  TestAgent,
  TestAgent,
];
const url = 'https://issuer.example/status/1';

interface ListTerms {
  readonly by?: TestAgent;
  readonly at?: number;
  readonly on?: readonly number[];
  readonly purpose?: StatusEntry['purpose'];
  readonly bits?: number;
  readonly place?: string;
  readonly ttl?: number;
}

function listOf({
  by = issuer,
  at = nowSeconds - 10,
  on = [],
  purpose = 'revocation',
  bits,
  place = url,
  ttl,
}: ListTerms = {}) {
  const bitstring = createBitstring(bits);
  for (const index of on) setBit(bitstring, index, true);
  const signer = signingKeyOf(by);
  return issueStatusList({
    ...{
      url: place,
      issuer: didOf(by),
      verificationMethod: methodOfAgent(by.agentId, signer.publicKey),
      signer,
    },
    ...{ purpose, bitstring, nowSeconds: at, ...(ttl !== undefined && { ttlSeconds: ttl }) },
  });
}

/** A list whose document was changed and signed again by its issuer. */
function altered(change: (document: JsonObject) => JsonObject): string {
  const { proof: _proof, ...document } = change(JSON.parse(listOf().text) as JsonObject);
  const signer = signingKeyOf(issuer);
  const proof = {
    created: document['validFrom'] as string,
    verificationMethod: methodOfAgent(issuer.agentId, signer.publicKey),
    proofPurpose: 'assertionMethod' as const,
  };
  return JSON.stringify(addProof(document, proof, signer));
}
const subject = (changes: JsonObject) => (document: JsonObject) => ({
  ...document,
  credentialSubject: { ...(document['credentialSubject'] as JsonObject), ...changes },
});

/** A checker whose host says what the text is now. */
function checkerOf(text: () => string, at = () => nowSeconds, agents = [agent, issuer, other]) {
  let fetches = 0;
  const checker = createStatusChecker({
    fetch: async () => {
      fetches++;
      return utf8ToBytes(text());
    },
    context: () => ({ ...worldOf(agents), nowSeconds: at() }),
  });
  return { ...checker, fetches: () => fetches };
}
const entry = (index: number, purpose: StatusEntry['purpose'] = 'revocation'): StatusEntry => ({
  purpose,
  index,
  list: url,
});
const did = didOf(issuer);

describe('§3.2 the bitstring', () => {
  it('of the specification’s example is read: 16 KiB of zeros', () => {
    const bits = decodeBitstring('uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA');
    expect(bits).toEqual(new Uint8Array(16_384));
  });

  it('has index 0 left-most, and the last one right-most', () => {
    const bits = createBitstring();
    for (const index of [0, 9, 131_071]) setBit(bits, index, true);
    expect([bits[0], bits[1], bits[16_383]]).toEqual([0x80, 0x40, 0x01]);
    expect([0, 1, 8, 9, 131_070, 131_071, 131_072].map((index) => hasBit(bits, index))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
    setBit(bits, 9, false);
    expect(hasBit(bits, 9)).toBe(false);
  });

  it('comes back from its text, which begins with u and has no padding', () => {
    const bits = createBitstring();
    for (let index = 0; index < 131_072; index += 37) setBit(bits, index, true);
    const text = encodeBitstring(bits);
    expect(text).toMatch(/^u[A-Za-z0-9_-]+$/);
    expect(decodeBitstring(text)).toEqual(bits);
  });

  it.each<readonly [string, () => string]>([
    ['shorter than 16 KiB', () => base64url.encode(gzipSync(new Uint8Array(16_383)))],
    [
      'a bomb of 16 MiB in a few kilobytes',
      () => base64url.encode(gzipSync(new Uint8Array(16 * 1024 * 1024))),
    ],
    ['no GZIP', () => base64url.encode(new Uint8Array(100))],
    ['cut short', () => encodeBitstring(createBitstring()).slice(0, -8)],
    ['in another base', () => 'z6Mkabc'],
    ['with padding', () => `${encodeBitstring(createBitstring())}==`],
    ['empty', () => 'u'],
    ['larger than a list may be', () => `u${'A'.repeat(300_000)}`],
  ])('is refused when it is %s', (_what, text) => {
    expect(() => decodeBitstring(text())).toThrow(throwing('bad-status'));
  });

  it('is not made smaller than the least, nor larger than the most', () => {
    for (const bits of [8, 131_064, 131_073, 2 ** 21])
      expect(() => createBitstring(bits)).toThrow(RangeError);
  });
});

describe('§2.1 credentialStatus', () => {
  const good = {
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: '94567',
    statusListCredential: url,
  };
  const read = (status: unknown) => readStatusEntries({ credentialStatus: status } as JsonObject);

  it('is one entry or several, with or without an id', () => {
    expect(read(good)).toEqual([{ purpose: 'revocation', index: 94_567, list: url }]);
    expect(
      read([
        { ...good, id: `${url}#94567` },
        { ...good, statusPurpose: 'suspension' },
      ]),
    ).toHaveLength(2);
    expect(read({ ...good, statusSize: 1 })).toHaveLength(1);
    expect(readStatusEntries({})).toEqual([]);
  });

  it.each<readonly [string, unknown, string]>([
    ['no type', { ...good, type: undefined }, 'bad-status'],
    ['another type', { ...good, type: 'StatusList2021Entry' }, 'unsupported-status'],
    ['more bits than one', { ...good, statusSize: 2 }, 'unsupported-status'],
    ['a purpose that is not checked here', { ...good, statusPurpose: 'message' }, 'unsupported-status'],
    ['an index that is a number', { ...good, statusListIndex: 5 }, 'bad-status'],
    ['an index below 0', { ...good, statusListIndex: '-1' }, 'bad-status'],
    ['an index with a sign of zeros', { ...good, statusListIndex: '007' }, 'bad-status'],
    ['no list', { ...good, statusListCredential: undefined }, 'bad-status'],
    ['a list in a file', { ...good, statusListCredential: 'file:///etc/passwd' }, 'bad-status'],
    ['two ids', { ...good, id: ['urn:a:1', 'urn:a:2'] }, 'bad-status'],
    ['an id that is no URL', { ...good, id: 'not a url' }, 'bad-status'],
    ['nothing', [], 'bad-status'],
    ['a text', 'revoked', 'bad-status'],
    ['more entries than are read', Array.from({ length: 5 }, () => good), 'bad-status'],
  ])('is refused with %s', (_what, status, code) => {
    expect(() => read(status)).toThrow(throwing(code));
  });
});

describe('§3.2 checking', () => {
  it('says which are revoked and which suspended', async () => {
    const { check } = checkerOf(() => listOf({ on: [3, 131_071] }).text);
    await expect(check(entry(2), did)).resolves.toBeUndefined();
    await expect(check(entry(3), did)).rejects.toThrow(throwing('revoked'));
    await expect(check(entry(131_071), did)).rejects.toThrow(throwing('revoked'));
    const suspending = checkerOf(() => listOf({ on: [3], purpose: 'suspension' }).text);
    await expect(suspending.check(entry(3, 'suspension'), did)).rejects.toThrow(throwing('suspended'));
  });

  it('keeps a list for its ttl, and no longer than it is valid; asks once for many', async () => {
    let now = nowSeconds;
    const checker = checkerOf(
      () => listOf({ at: now, ttl: 60 }).text,
      () => now,
    );
    await Promise.all(Array.from({ length: 20 }, (_, index) => checker.check(entry(index), did)));
    expect(checker.fetches()).toBe(1);
    now += 59;
    await checker.check(entry(1), did);
    expect(checker.fetches()).toBe(1);
    now += 2;
    await checker.check(entry(1), did);
    expect(checker.fetches()).toBe(2);
    const ending = checkerOf(
      () => listOf({ at: nowSeconds - 110, ttl: 60 }).text,
      () => now,
    );
    now = nowSeconds;
    await ending.check(entry(1), did);
    now += 11;
    await expect(ending.check(entry(1), did)).rejects.toThrow(throwing('status-unknown'));
  });

  it.each<readonly [string, () => string, StatusEntry, string]>([
    ['of another issuer', () => listOf({ by: other }).text, entry(1), 'bad-status'],
    ['for another purpose', () => listOf({ purpose: 'suspension' }).text, entry(1), 'bad-status'],
    [
      'that is another one',
      () => listOf({ place: 'https://issuer.example/status/2' }).text,
      entry(1),
      'bad-status',
    ],
    ['that is too short for the index', () => listOf().text, entry(131_072), 'bad-status'],
    ['that has ended', () => listOf({ at: nowSeconds - 7200 }).text, entry(1), 'status-unknown'],
    ['from the future', () => listOf({ at: nowSeconds + 7200 }).text, entry(1), 'status-unknown'],
    [
      'that was altered',
      () => listOf().text.replace('"revocation"', '"suspension"'),
      entry(1, 'suspension'),
      'status-unknown',
    ],
    [
      'by an issuer that nobody knows',
      () => listOf({ by: agentOf('stranger') }).text,
      entry(1),
      'status-unknown',
    ],
    ['that is no JSON', () => '<html>', entry(1), 'bad-status'],
    [
      'of another type of credential',
      () => altered((document) => ({ ...document, type: ['VerifiableCredential', 'OtherCredential'] })),
      entry(1),
      'bad-status',
    ],
    [
      'with another type of subject',
      () => altered(subject({ type: 'StatusList2021' })),
      entry(1),
      'bad-status',
    ],
    [
      'without an end',
      () => altered(({ validUntil: _end, ...document }) => document),
      entry(1),
      'bad-status',
    ],
    [
      'that is a bomb',
      () => altered(subject({ encodedList: base64url.encode(gzipSync(new Uint8Array(8 * 1024 * 1024))) })),
      entry(1),
      'bad-status',
    ],
    ['larger than is taken', () => `${' '.repeat(300_000)}{}`, entry(1), 'status-unknown'],
  ])('refuses a list %s', async (_what, text, asked, code) => {
    await expect(checkerOf(text).check(asked, did)).rejects.toThrow(throwing(code));
  });

  it('takes no older list than it has seen', async () => {
    let now = nowSeconds;
    let text = listOf({ at: nowSeconds, on: [3], ttl: 60 }).text;
    const checker = checkerOf(
      () => text,
      () => now,
    );
    await expect(checker.check(entry(3), did)).rejects.toThrow(throwing('revoked'));
    text = listOf({ at: nowSeconds - 20, ttl: 100 }).text;
    now += 61;
    await expect(checker.check(entry(3), did)).rejects.toThrow(throwing('status-unknown'));
  });

  it('does not ask a host again at once that failed, and asks it later', async () => {
    let now = nowSeconds;
    let isDown = true;
    const checker = createStatusChecker({
      fetch: async () => {
        asked++;
        if (isDown) throw new Error('unplanned');
        return utf8ToBytes(listOf({ at: now }).text);
      },
      context: () => ({ ...worldOf([agent, issuer]), nowSeconds: now }),
    });
    let asked = 0;
    await expect(checker.check(entry(1), did)).rejects.toThrow('unplanned');
    const failing = checkerOf(
      () => '<html>',
      () => now,
    );
    for (let times = 0; times < 5; times++)
      await expect(failing.check(entry(1), did)).rejects.toThrow(throwing('bad-status'));
    expect(failing.fetches()).toBe(1);
    now += 6;
    await expect(failing.check(entry(1), did)).rejects.toThrow(throwing('bad-status'));
    expect(failing.fetches()).toBe(2);
    isDown = false;
    await checker.check(entry(1), did);
    expect(asked).toBe(2);
  });

  it('does not take a form of the list that its issuer has ended, or whose key was rotated', async () => {
    const signed = listOf();
    const over = createRevocation({
      ...{
        agentId: issuer.agentId,
        kind: 'credential',
        establishment: issuer.state.keyState.establishment,
        depth: 0,
        chain: [],
      },
      ...{ target: hexToBytes(signed.digest), reason: 'superseded', signer: signingKeyOf(issuer) },
      ...{ issuedAt: nowSeconds - 5, expiresAt: nowSeconds + 900 },
    });
    const ending = { ...issuer, state: { ...issuer.state, revocations: [over] } };
    await expect(checkerOf(() => signed.text, undefined, [ending]).check(entry(1), did)).rejects.toThrow(
      throwing('status-unknown'),
    );
    await expect(
      checkerOf(() => signed.text, undefined, [rotated(issuer, nowSeconds - 50_000)]).check(entry(1), did),
    ).rejects.toThrow(throwing('status-unknown'));
    const checker = checkerOf(() => signed.text);
    await checker.check(entry(1), did);
    expect(checker.drop('00'.repeat(32))).toBeNull();
    expect(checker.drop(signed.digest)).toBe(url);
    await checker.check(entry(1), did);
    checker.dropIssuer(did);
    await checker.check(entry(1), did);
    expect(checker.fetches()).toBe(3);
  });
});

describe('a status in facts and credentials', () => {
  const status = [entry(7)];
  const statusValue = {
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: '7',
    statusListCredential: url,
  };

  it('is checked where somebody can, and refused where nobody can', async () => {
    const credential = credentialOf({ by: issuer, about: agent, status });
    await expect(verifyCredential(credential, worldOf([issuer]))).rejects.toThrow(
      throwing('unsupported-status'),
    );
    const standing = checkerOf(() => listOf().text).check;
    await expect(
      verifyCredential(credential, worldOf([issuer], { checkStatus: standing })),
    ).resolves.toMatchObject({ issuer: did });
    const gone = checkerOf(() => listOf({ on: [7] }).text).check;
    await expect(verifyCredential(credential, worldOf([issuer], { checkStatus: gone }))).rejects.toThrow(
      throwing('revoked'),
    );
  });

  it('counts in facts, too', async () => {
    const { proof, ...unsigned } = signedFacts({ agentId: issuer.agentId, signer: signingKeyOf(issuer) });
    const {
      proofValue: _value,
      '@context': _context,
      type: _type,
      cryptosuite: _suite,
      ...options
    } = proof as never as Record<string, string>;
    const facts = addProof(
      { ...unsigned, credentialStatus: statusValue },
      options as never,
      signingKeyOf(issuer),
    );
    const context = contextOf([issuer.state]);
    await expect(verifyFacts(facts, context)).rejects.toThrow(throwing('unsupported-status'));
    const gone = checkerOf(() => listOf({ on: [7] }).text).check;
    await expect(verifyFacts(facts, { ...context, checkStatus: gone })).rejects.toThrow(throwing('revoked'));
    const standing = checkerOf(() => listOf({ on: [8] }).text).check;
    await expect(verifyFacts(facts, { ...context, checkStatus: standing })).resolves.toMatchObject({
      agentId: issuer.agentId,
    });
  });
});
