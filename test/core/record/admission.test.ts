/** §2 to §4 of the protocol: what a storing peer checks before it joins, cheapest first. */
import { describe, expect, it } from 'vitest';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../../src/core/cbor.ts';
import { createRotation, createTombstone } from '../../../src/core/identity/key-events.ts';
import { createRevocation } from '../../../src/core/identity/revocation.ts';
import { bundleBytesMax } from '../../../src/core/limits.ts';
import { admitBundle, agentIdOfBundle } from '../../../src/core/record/admission.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { decodeBundle, encodeBundle } from '../../../src/core/record/bundle-codec.ts';
import {
  admit,
  allVerify,
  authorAt,
  authorNamed,
  bundleOf,
  codeOf,
  fenceOf,
  operationOn,
  primaryUrl,
  revocationOf,
  startSeconds,
  stateFrom,
  tokenFor,
} from './fixtures.ts';

const author = authorNamed('admission', 'real');
const fence = fenceOf(author);
const token = tokenFor(author, 'delegate', { rights: 3 });
const delegateKey = author.key('delegate');
const delegateFence = fenceOf(author, { token, signer: delegateKey, issuedAt: startSeconds + 1 });
const operation = operationOn(author, fence.addr, { token, signer: delegateKey });
const full = { ...fence, delegations: [token], operations: [operation] };

function rotated() {
  const rotation = createRotation({
    state: author.keyState,
    rotationSigner: author.key('rotate 0'),
    signingKey: author.key('sign 1').publicKey,
    nextRotationKey: author.key('rotate 1').publicKey,
    issuedAt: startSeconds,
  });
  return authorAt([...author.keyEvents, rotation], author.key, 'sign 1');
}

function ended() {
  const tombstone = createTombstone({
    state: author.keyState,
    signer: author.key('rotate 0'),
    reason: 'cessationOfOperation',
    issuedAt: startSeconds,
  });
  return authorAt([...author.keyEvents, tombstone], author.key, 'sign 0');
}

describe('§2 a bundle', () => {
  const bytes = encodeBundle(bundleOf(author, full));
  const items = decodeCanonical(bytes, bundleBytesMax) as readonly CborValue[];
  const withItem = (index: number, value: CborValue): Uint8Array =>
    encodeCanonical(items.map((item, at) => (at === index ? value : item)));

  it('is [1, addr, urls, kel, delegations, ops, revocations] and decodes to what was encoded', () => {
    expect(items[0]).toBe(1);
    expect(items[1]).toEqual(fence.addr.bytes);
    expect(items[2]).toEqual([primaryUrl]);
    const bundle = decodeBundle(bytes);
    expect(bundle).toEqual(bundleOf(author, full));
    expect(encodeBundle(bundle)).toEqual(bytes);
  });

  it('is about 492 B with one inception and the three URLs of the paper', () => {
    const urls = {
      primary: 'https://TranslationAssistant.salesforce.com/.agent-facts',
      private: 'https://agentfactshost.com/550e8400-e29b-41d4-a716',
      adaptive: 'https://resolver.salesforce.com/dispatch/translation',
    };
    expect(encodeBundle(bundleOf(author, fenceOf(author, { urls }))).length).toBe(487);
  });

  it.each<[string, () => Uint8Array, string]>([
    ['another version', () => withItem(0, 2), 'wrong-version'],
    ['an addr over 120 bytes', () => withItem(1, new Uint8Array(121)), 'wrong-shape'],
    ['an addr that is a text', () => withItem(1, 'addr'), 'wrong-shape'],
    ['four URLs', () => withItem(2, ['a', 'b', 'c', 'd']), 'wrong-shape'],
    ['a URL over 255', () => withItem(2, [`https://a/${'x'.repeat(246)}`]), 'wrong-shape'],
    ['97 key events', () => withItem(3, Array(97).fill((items[3] as CborValue[])[0]!)), 'wrong-shape'],
    ['9 tokens', () => withItem(4, Array(9).fill((items[4] as CborValue[])[0]!)), 'wrong-shape'],
    ['65 operations', () => withItem(5, Array(65).fill((items[5] as CborValue[])[0]!)), 'wrong-shape'],
    ['17 revocations', () => withItem(6, Array(17).fill([])), 'wrong-shape'],
    ['six items', () => encodeCanonical(items.slice(0, 6)), 'wrong-shape'],
    ['eight items', () => encodeCanonical([...items, null]), 'wrong-shape'],
    ['more than 48 KiB', () => new Uint8Array(bundleBytesMax + 1), 'too-large'],
    ['a byte behind its end', () => Uint8Array.of(...bytes, 0), 'not-canonical'],
    ['a byte missing', () => bytes.slice(0, -1), 'not-canonical'],
    [
      'a longer integer than needed',
      () => Uint8Array.of(bytes[0]!, 0x18, 1, ...bytes.slice(2)),
      'not-canonical',
    ],
    ['an indefinite array', () => Uint8Array.of(0x9f, ...bytes.slice(1), 0xff), 'not-canonical'],
    ['no bytes', () => new Uint8Array(), 'not-canonical'],
  ])('is refused with %s', (_, make, code) => {
    expect(codeOf(() => decodeBundle(make()))).toBe(code);
  });

  it('is not judged without a key log', () => {
    const bundle = { ...bundleOf(author), keyEvents: [] };
    expect(codeOf(() => agentIdOfBundle(bundle))).toBe('bad-key-log');
    expect(codeOf(() => agentIdOfBundle({ ...bundle, keyEvents: rotated().keyEvents.slice(1) }))).toBe(
      'bad-key-log',
    );
  });
});

describe('§0.5 every object proves itself', () => {
  it('owes a check for each key event, fence, token and operation, and all of them hold', () => {
    const { checks, leftOut } = admit(author, full);
    expect(checks).toHaveLength(4);
    expect(allVerify(checks)).toBe(true);
    expect(leftOut).toBeNull();
  });

  it('owes the check of a delegate’s fence under the audience of its token', () => {
    const { checks } = admit(author, delegateFence);
    expect(checks.map((check) => check.publicKey)).toContainEqual(delegateKey.publicKey);
    expect(allVerify(checks)).toBe(true);
  });

  it('owes the checks of a revocation', () => {
    const { checks } = admit(author, { ...fence, revocations: [revocationOf(author, token)] });
    expect(checks).toHaveLength(3);
    expect(allVerify(checks)).toBe(true);
  });

  it.each(['fence', 'token', 'operation', 'revocation'] as const)(
    'fails when the %s was signed by another',
    (what) => {
      const thief = author.key('thief');
      const stolen = { ...author, context: { ...author.context, signer: thief } };
      const record = {
        fence: () => fenceOf(stolen),
        token: () => ({ ...fence, delegations: [tokenFor(stolen, 'delegate')] }),
        operation: () => ({ ...fence, operations: [operationOn(stolen, fence.addr)] }),
        revocation: () => ({ ...fence, revocations: [revocationOf(stolen, token)] }),
      }[what]();
      const { checks } = admit(author, record);
      expect(checks.length).toBeGreaterThan(1);
      expect(allVerify(checks)).toBe(false);
    },
  );
});

describe('§4 a storing peer', () => {
  it('requires aid = H(icp)', () => {
    const { agentId } = author.keyState;
    expect(codeOf(() => admitBundle(bundleOf(author, fence), agentId, startSeconds, null))).toBe('none');
    const other = new Uint8Array(32);
    expect(codeOf(() => admitBundle(bundleOf(author, fence), other, startSeconds, null))).toBe('wrong-agent');
    const held = stateFrom(authorNamed('another'));
    expect(codeOf(() => admit(author, fence, { held }))).toBe('bad-argument');
  });

  it('refuses a record of an agent that is tombstoned or forked, and takes the key log alone', () => {
    expect(codeOf(() => admit(ended(), fence))).toBe('tombstoned');
    expect(codeOf(() => admit(ended(), { delegations: [token] }))).toBe('tombstoned');
    const { state, checks } = admit(ended());
    expect([state.keyState.status, state.addr, checks.length]).toEqual(['tombstoned', null, 2]);
  });

  it('refuses a record that was signed under another key event than the head', () => {
    const later = rotated();
    expect(codeOf(() => admit(later, fence))).toBe('wrong-establishment');
    expect(codeOf(() => admit(later, { ...fenceOf(later), delegations: [token] }))).toBe(
      'wrong-establishment',
    );
    expect(codeOf(() => admit(later, { revocations: [revocationOf(author, token)] }))).toBe(
      'wrong-establishment',
    );
    const forged = { ...later, context: { ...author.context, establishment: author.keyState.establishment } };
    expect(allVerify(admit(later, fenceOf(forged)).checks)).toBe(false);
  });

  it('refuses an iat more than 120 s ahead', () => {
    expect(codeOf(() => admit(author, fenceOf(author, { issuedAt: startSeconds + 120 })))).toBe('none');
    expect(codeOf(() => admit(author, fenceOf(author, { issuedAt: startSeconds + 121 })))).toBe(
      'from-the-future',
    );
  });

  it('refuses a fence whose validity is over', () => {
    const short = fenceOf(author, { validityCode: 0 });
    expect(codeOf(() => admit(author, short, { nowSeconds: startSeconds + 3599 }))).toBe('none');
    expect(codeOf(() => admit(author, short, { nowSeconds: startSeconds + 3600 }))).toBe('expired');
  });

  it('refuses a side-car that is not the one that was signed over', () => {
    expect(codeOf(() => admit(author, { ...fence, urls: ['https://swapped.example'] }))).toBe('bad-side-car');
    expect(codeOf(() => admit(author, { ...fence, urls: [] }))).toBe('bad-side-car');
    expect(codeOf(() => admit(author, { urls: [primaryUrl] }))).toBe('bad-side-car');
    expect(codeOf(() => admit(author, fenceOf(author, { urls: { primary: 'http://a.example' } })))).toBe(
      'bad-url',
    );
  });

  it('takes tokens of the controller that hold a slot, and no others', () => {
    const facts = tokenFor(author, 'delegate', { slot: 0, rights: 20 });
    expect(codeOf(() => admit(author, { ...fence, delegations: [facts] }))).toBe('bad-delegation');
    const foreign = { ...author, context: { ...author.context, agentId: new Uint8Array(32) } };
    const stranger = tokenFor(foreign, 'delegate', { agentId: new Uint8Array(32) });
    expect(codeOf(() => admit(author, { ...fence, delegations: [stranger] }))).toBe('bad-delegation');
  });

  it('takes a delegate’s fence only with its token first, its slot, `publish`, in time and not revoked', () => {
    const onlyOp = tokenFor(author, 'delegate', { rights: 1 });
    const late = tokenFor(author, 'delegate', { rights: 2, expiresAt: startSeconds });
    const slotTwo = tokenFor(author, 'delegate', { rights: 2, slot: 2 });
    expect(codeOf(() => admit(author, delegateFence))).toBe('none');
    expect(codeOf(() => admit(author, { ...delegateFence, delegations: [] }))).toBe('bad-delegation');
    expect(codeOf(() => admit(author, { ...delegateFence, delegations: [slotTwo, token] }))).toBe(
      'bad-delegation',
    );
    expect(codeOf(() => admit(author, fenceOf(author, { token: onlyOp })))).toBe('bad-delegation');
    expect(codeOf(() => admit(author, fenceOf(author, { token: late })))).toBe('expired');
    const revocations = [revocationOf(author, token)];
    expect(codeOf(() => admit(author, { ...delegateFence, revocations }))).toBe('revoked');
  });

  it('refuses a revocation that its signer may not make', () => {
    const wrong = { ...revocationOf(author, token), depth: 1, chain: [token] };
    expect(codeOf(() => admit(author, { ...fence, revocations: [wrong] }))).toBe('bad-revocation');
  });

  it('refuses an operation on another fence, without its token, or outside its rights', () => {
    expect(codeOf(() => admit(author, { ...delegateFence, operations: [operation] }))).toBe('stale-base');
    expect(codeOf(() => admit(author, { operations: [operation] }))).toBe('stale-base');
    expect(codeOf(() => admit(author, { ...fence, operations: [operation] }))).toBe('bad-delegation');
    const narrow = tokenFor(author, 'delegate', { fieldMask: 2 });
    const outside = operationOn(author, fence.addr, { token: narrow });
    expect(codeOf(() => admit(author, { ...fence, delegations: [narrow], operations: [outside] }))).toBe(
      'bad-operation',
    );
  });
});

describe('§3 first what is not valid now goes', () => {
  it('leaves out an expired or early token with its operations, and says so', () => {
    const late = tokenFor(author, 'delegate', { expiresAt: startSeconds });
    const byLate = operationOn(author, fence.addr, { token: late });
    const admission = admit(author, { ...fence, delegations: [late], operations: [byLate] });
    expect(admission.state).toMatchObject({ delegations: [], operations: [] });
    expect(admission.leftOut).toBe('expired');
    expect(admission.checks).toHaveLength(2);
    const early = tokenFor(author, 'delegate', { notBefore: startSeconds + 121 });
    expect(admit(author, { ...fence, delegations: [early] }).leftOut).toBe('from-the-future');
    const soon = tokenFor(author, 'delegate', { notBefore: startSeconds + 120 });
    expect(admit(author, { ...fence, delegations: [soon] }).leftOut).toBeNull();
  });

  it('leaves out an operation from the future, and keeps the rest of the bundle', () => {
    const ahead = operationOn(author, fence.addr, { issuedAt: startSeconds + 121 });
    const admission = admit(author, { ...fence, operations: [ahead] });
    expect(admission.state.operations).toEqual([]);
    expect(admission.state.addr).toEqual(fence.addr);
    expect(admission.leftOut).toBe('from-the-future');
  });

  it('leaves out a revoked token with its operations', () => {
    const admission = admit(author, { ...full, revocations: [revocationOf(author, token)] });
    expect(admission.state).toMatchObject({ delegations: [], operations: [] });
    expect(admission.leftOut).toBe('revoked');
  });

  it('leaves out a revocation that is of no use any more', () => {
    const past = createRevocation({
      agentId: author.keyState.agentId,
      kind: 'credential',
      establishment: author.keyState.establishment,
      target: new Uint8Array(32),
      depth: 0,
      reason: 'superseded',
      issuedAt: startSeconds - 10,
      expiresAt: startSeconds,
      chain: [],
      signer: author.context.signer,
    });
    const admission = admit(author, { ...fence, revocations: [past] });
    expect(admission.state.revocations).toEqual([]);
    expect(admission.leftOut).toBe('expired');
  });
});

describe('§3 what is held already', () => {
  const held = stateFrom(author, full);

  it('is not verified again', () => {
    expect(admit(author, full, { held }).checks).toEqual([]);
    const more = operationOn(author, fence.addr, { n: 2 });
    expect(admit(author, { ...fence, operations: [more] }, { held }).checks).toHaveLength(1);
    expect(admit(author, fenceOf(author, { issuedAt: startSeconds + 1 }), { held }).checks).toHaveLength(1);
  });

  it('is verified again under another key event, and a later key event owes its own check', () => {
    const later = rotated();
    const { checks, state } = admit(later, fenceOf(later), { held });
    expect(checks).toHaveLength(2);
    expect(allVerify(checks)).toBe(true);
    expect(state.keyState.sequence).toBe(1);
  });

  it('makes an older fence void: left out as `stale-base`, without a check', () => {
    const newer = stateFrom(author, fenceOf(author, { issuedAt: startSeconds + 1 }));
    const admission = admit(author, full, { held: newer });
    expect(admission.leftOut).toBe('stale-base');
    expect(admission.checks).toHaveLength(1);
    expect(admission.state).toMatchObject({ addr: null, urls: [], operations: [], delegations: [token] });
  });

  it('makes a record under an older key event void: left out as `wrong-establishment`, without a check', () => {
    const later = rotated();
    const admission = admit(author, full, { held: stateFrom(later, fenceOf(later)) });
    expect([admission.leftOut, admission.checks.length]).toEqual(['wrong-establishment', 0]);
    expect(admission.state.addr).toBeNull();
  });

  it('makes a revoked delegate’s fence and operations void: left out as `revoked`, without a check', () => {
    const revoked = stateFrom(author, { ...fence, revocations: [revocationOf(author, token)] });
    const replayed = admit(author, delegateFence, { held: revoked });
    expect([replayed.leftOut, replayed.checks.length, replayed.state.addr]).toEqual(['revoked', 0, null]);
    const written = admit(author, full, { held: revoked });
    expect([written.leftOut, written.checks.length]).toEqual(['revoked', 0]);
  });

  it('displaces an operation in the same place with a higher hash', () => {
    const twins = ['https://a', 'https://b'].map((value) => operationOn(author, fence.addr, { value }));
    const [lower, higher] = twins.sort((left, right) => (left.key < right.key ? -1 : 1)) as [
      typeof operation,
      typeof operation,
    ];
    const winner = stateFrom(author, { ...fence, operations: [lower] });
    const admission = admit(author, { ...fence, operations: [higher] }, { held: winner });
    expect([admission.leftOut, admission.checks.length]).toEqual(['displaced', 0]);
    const loser = stateFrom(author, { ...fence, operations: [higher] });
    expect(admit(author, { ...fence, operations: [lower] }, { held: loser }).leftOut).toBeNull();
  });

  it('owes a check for the same fence under another token, by that token’s audience', () => {
    const first = stateFrom(author, delegateFence);
    const tokens = Array.from({ length: 40 }, (_, index) =>
      tokenFor(author, 'other', { rights: 2, nonce: new Uint8Array(8).fill(index) }),
    );
    const lower = tokens.find((candidate) => candidate.key < token.key)!;
    const claimed = admit(author, { ...delegateFence, delegations: [lower] }, { held: first });
    expect(allVerify(claimed.checks)).toBe(false);
    const higher = tokens.find((candidate) => candidate.key > token.key)!;
    const void_ = admit(author, { ...delegateFence, delegations: [higher] }, { held: first });
    expect(void_.checks).toEqual([]);
    expect(encodeState(void_.state)).toEqual(encodeState(first));
  });
});
