/** Grants that travel by hand (§7): what a delegate may sign below its own, and every way in which one does not hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantBelow, revokeBelow, revokeCredential } from '../../src/core/author/subgrant.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { encodeCanonical } from '../../src/core/cbor.ts';
import { createSigner, type Signer, verifyAdmitted } from '../../src/core/ed25519.ts';
import { isProtocolError, ProtocolError } from '../../src/core/errors.ts';
import {
  createDelegation,
  type Delegation,
  type DelegationDraft,
  delegationValue,
  rightBits,
} from '../../src/core/identity/delegation.ts';
import {
  createGrant,
  decodeGrant,
  formatGrant,
  type Grant,
  parseGrant,
} from '../../src/core/identity/delegation-grant.ts';
import { assertGrantHolds, chainStanding } from '../../src/core/identity/delegation-standing.ts';
import { createRevocation } from '../../src/core/identity/revocation.ts';
import { admitBundle } from '../../src/core/record/admission.ts';
import { type AgentState, bundleOfState } from '../../src/core/record/agent-state.ts';
import { bornAgent, rotated, signingKeyOf } from '../helpers/test-agent.ts';

const now = 1_800_000_000;
const owner = bornAgent('delegation owner', now - 1000);
const controller = signingKeyOf(owner);
const { state } = owner;
const keyOf = (fill: number): Signer => createSigner(new Uint8Array(32).fill(fill));
const [first, second, third, other] = [31, 32, 33, 34].map(keyOf) as [Signer, Signer, Signer, Signer];
const allOfHand = rightBits.sub + rightBits.revoke + rightBits.facts;
let drawn = 0;

function below(
  parent: Grant | null,
  signer: Signer,
  audience: Signer,
  rights = allOfHand,
  seconds = 600,
  on = state,
) {
  return grantBelow({
    ...{ state: on, parent, signer, audience: audience.publicKey, rights, nowSeconds: now },
    ...{ notBefore: now - 120, expiresAt: now + seconds, nonce: new Uint8Array(8).fill(++drawn) },
  });
}

/** A token as only somebody who ignores all rules of issuing signs it. */
function forged(parent: Delegation, signer: Signer, changes: Partial<DelegationDraft>): Delegation {
  const wide = {
    ...parent,
    rights: 31,
    fieldMask: 15,
    notBefore: 0,
    expiresAt: now + 86_400 * 30,
    depth: parent.depth,
  };
  return createDelegation({
    agentId: owner.agentId,
    establishment: parent.establishment,
    // The parent is made to look wide enough: what is signed is what the forger likes.
    parent: wide,
    signer,
    audience: other.publicKey,
    slot: 0,
    rights: rightBits.facts,
    fieldMask: 0,
    notBefore: parent.notBefore,
    expiresAt: parent.expiresAt,
    nonce: new Uint8Array(8).fill(1),
    ...changes,
  });
}

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'no error';
  } catch (error) {
    if (isProtocolError(error)) return error.code;
    throw error;
  }
};
const holds = (chain: readonly Delegation[], on: AgentState = state, at = now): string =>
  codeOf(() => {
    if (!assertGrantHolds(chain, on, at).every(verifyAdmitted))
      throw new TypeError('a signature does not fit');
  });

const root = below(null, controller, first);
const middle = below(root, first, second);
const leaf = below(middle, second, third, rightBits.facts);

describe('a grant that travels by hand (§7)', () => {
  it('is issued by the controller, and below it by its holder, to depth 3', () => {
    expect([root, middle, leaf].map(({ token }) => token.depth)).toEqual([1, 2, 3]);
    for (const grant of [root, middle, leaf]) expect(holds(grant.chain)).toBe('no error');
    expect(codeOf(() => below(leaf, third, other))).toBe('bad-delegation');
  });

  it('is the same text everywhere, of one agent, and nothing else is taken for one', () => {
    for (const grant of [root, middle, leaf]) {
      expect(parseGrant(`  ${formatGrant(grant)}\n`)).toEqual(grant);
      expect(decodeGrant(grant.bytes).agentId).toEqual(owner.agentId);
    }
    expect(leaf.bytes.length).toBeLessThanOrEqual(640);
    for (const text of [
      '',
      'weft-grant:',
      'weft-grant:####',
      formatGrant(leaf).slice(11),
      `${formatGrant(leaf)}=`,
    ])
      expect(codeOf(() => parseGrant(text))).toMatch(/wrong-shape|not-canonical|too-large/);
    expect(codeOf(() => parseGrant(`weft-grant:${'A'.repeat(9_000)}`))).toBe('wrong-shape');
    expect(codeOf(() => decodeGrant(concatBytes(leaf.bytes, new Uint8Array(1))))).toBe('not-canonical');
    expect(codeOf(() => decodeGrant(encodeCanonical([1, []])))).toBe('wrong-shape');
  });

  it('never breaks a reader, whatever its bytes', () => {
    const seed = 20_261_121;
    fc.assert(
      fc.property(fc.nat(leaf.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Uint8Array.from(leaf.bytes);
        bytes[at] = bytes[at]! ^ change;
        const outcome = codeOf(() => {
          const grant = decodeGrant(bytes);
          const isSigned = assertGrantHolds(grant.chain, state, now).every(verifyAdmitted);
          if (!isSigned) throw new ProtocolError('bad-signature', 'a signature does not fit');
        });
        expect(outcome).not.toBe('no error');
      }),
      { seed, numRuns: 200, examples: [] },
    );
  });

  it('is refused to a key that holds none, and to a delegate without "sub"', () => {
    expect(codeOf(() => below(root, second, third))).toBe('bad-key');
    expect(codeOf(() => below(null, first, third))).toBe('bad-key');
    const plain = below(root, first, other, rightBits.facts);
    expect(codeOf(() => below(plain, other, third, rightBits.facts))).toBe('bad-delegation');
  });

  it('takes no "op" and no "publish", which need a slot of the record', () => {
    for (const right of [rightBits.op, rightBits.publish])
      expect(codeOf(() => below(null, controller, first, right))).toBe('bad-delegation');
  });
});

describe('an attack on a grant', () => {
  const narrow = below(null, controller, first, rightBits.sub + rightBits.facts, 300);

  it.each<[string, Partial<DelegationDraft>]>([
    ['more rights than it has', { rights: rightBits.revoke }],
    ['a later end than its own', { expiresAt: now + 301 }],
    ['an earlier begin than its own', { notBefore: now - 121 }],
    ['fields that it does not have', { fieldMask: 1 }],
  ])('that signs %s holds nowhere', (_what, changes) => {
    const child = forged(narrow.token, first, changes);
    expect(codeOf(() => createGrant([narrow.token, child]))).toBe('bad-delegation');
    expect(holds([narrow.token, child])).toBe('bad-delegation');
  });

  it('by a fourth token in the chain holds nowhere', () => {
    expect(codeOf(() => forged(leaf.token, third, {}))).toMatch(/wrong-shape|bad-delegation/);
    const long = [...leaf.chain, leaf.token];
    expect(holds(long)).toBe('bad-delegation');
    expect(codeOf(() => decodeGrant(encodeCanonical([1, long.map(delegationValue)])))).toMatch(/wrong-shape/);
  });

  it('by a cycle, a key twice in the chain or the controller as its own delegate, holds nowhere', () => {
    expect(codeOf(() => below(middle, second, first))).toBe('bad-delegation');
    expect(codeOf(() => below(root, first, first))).toBe('bad-delegation');
    expect(codeOf(() => below(null, controller, controller))).toBe('bad-delegation');
    expect(holds([root.token, forged(root.token, first, { audience: first.publicKey })])).toBe(
      'bad-delegation',
    );
    expect(holds([root.token, forged(root.token, first, { audience: controller.publicKey })])).toBe(
      'bad-delegation',
    );
  });

  it('with the token of another agent holds nowhere', () => {
    const stranger = bornAgent('delegation stranger', now - 1000);
    const theirs = below(null, signingKeyOf(stranger), first, allOfHand, 600, stranger.state);
    expect(holds(theirs.chain, stranger.state)).toBe('no error');
    expect(holds(theirs.chain)).toBe('bad-delegation');
    // The same rights, claimed for this agent under the other's signature.
    const renamed = { ...theirs.token, issuer: owner.agentId, establishment: state.keyState.establishment };
    expect(() => assertGrantHolds([renamed], state, now).every(verifyAdmitted)).not.toThrow();
    expect(assertGrantHolds([renamed], state, now).every(verifyAdmitted)).toBe(false);
    const grafted = forged(theirs.token, first, {});
    expect(holds([root.token, grafted])).toBe('bad-delegation');
  });

  it('by a signature of somebody else in the chain holds nowhere', () => {
    const child = forged(root.token, other, { audience: third.publicKey });
    expect(() => holds([root.token, child])).toThrow('a signature does not fit');
  });
});

describe('the end of a grant', () => {
  const revokedBy = (signer: Signer, grant: Grant, on = state): AgentState =>
    revokeBelow({ state: on, signer, grant, reason: 'superseded', nowSeconds: now });
  const strangersAccept = (made: AgentState): boolean => {
    const { checks, leftOut, state: admitted } = admitBundle(bundleOfState(made), owner.agentId, now, null);
    return leftOut === null && checks.every(verifyAdmitted) && admitted.revocations.length > 0;
  };

  it('comes from any delegate above it, as every stranger accepts it, and everything below falls', () => {
    for (const signer of [first, second]) {
      const ended = revokedBy(signer, leaf);
      expect(strangersAccept(ended)).toBe(true);
      expect(holds(leaf.chain, ended)).toBe('revoked');
      expect(holds(middle.chain, ended)).toBe('no error');
    }
    const ended = revokedBy(first, middle);
    expect([root, middle, leaf].map(({ chain }) => holds(chain, ended))).toEqual([
      'no error',
      'revoked',
      'revoked',
    ]);
    expect(
      chainStanding(leaf.chain, ended, now).map(({ standing, isInherited }) => [standing, isInherited]),
    ).toEqual([
      ['holds', false],
      ['revoked', false],
      ['revoked', true],
    ]);
    expect(codeOf(() => below(middle, second, other, rightBits.facts, 60, ended))).toBe('revoked');
  });

  it('does not come from its holder, a sibling, or a key beside the chain', () => {
    const sibling = below(root, first, other);
    expect(codeOf(() => revokedBy(other, middle))).toBe('bad-revocation');
    expect(codeOf(() => revokedBy(third, leaf))).toBe('bad-revocation');
    expect(codeOf(() => revokedBy(second, sibling))).toBe('bad-revocation');
    // Also not by hand: the chain of the sibling's own token does not lead to the target.
    const draft = {
      ...{ agentId: owner.agentId, kind: 'delegation' as const, establishment: state.keyState.establishment },
      ...{ target: middle.token.hash, depth: 2, reason: 'superseded' as const, issuedAt: now, signer: other },
      ...{ expiresAt: middle.token.expiresAt, chain: [root.token, sibling.token, middle.token] },
    } as const;
    expect(codeOf(() => createRevocation(draft))).toBe('bad-delegation');
    expect(codeOf(() => createRevocation({ ...draft, chain: sibling.chain }))).toBe('bad-revocation');
  });

  it('is for ever: the grant replayed afterwards, and a state from before, bring nothing back', () => {
    const ended = revokedBy(first, middle);
    const { state: replayed } = admitBundle(bundleOfState(state), owner.agentId, now, ended);
    expect(
      holds(parseGrant(formatGrant(middle)).chain, { ...ended, ...replayed, revocations: ended.revocations }),
    ).toBe('revoked');
    // The same rights to the same key again are another grant, which its issuer must want.
    expect(holds(below(root, first, second, allOfHand, 600, ended).chain, ended)).toBe('no error');
  });

  it('comes with time at every use, for those above it as well', () => {
    const short = below(null, controller, first, allOfHand, 300);
    const under = below(short, first, second, rightBits.facts, 120);
    expect(holds(under.chain, state, now + 119)).toBe('no error');
    expect(holds(under.chain, state, now + 120)).toBe('expired');
    expect(holds(short.chain, state, now + 300)).toBe('expired');
    expect(holds(short.chain, state, now - 241)).toBe('from-the-future');
    expect(codeOf(() => below(short, first, second, rightBits.facts, 301))).toBe('bad-delegation');
  });

  it('comes with a rotation of the controller, for all of the chain', () => {
    const after = rotated(owner, now).state;
    for (const grant of [root, middle, leaf]) expect(holds(grant.chain, after)).toBe('wrong-establishment');
    expect(codeOf(() => revokedBy(first, leaf, after))).toBe('bad-revocation');
    expect(codeOf(() => below(root, first, second, rightBits.facts, 60, after))).toBe('wrong-establishment');
  });
});

describe('the right to revoke credentials', () => {
  const ended = (grant: Grant | null, signer: Signer): AgentState =>
    revokeCredential({
      ...{ state, grant, signer, reason: 'privilegeWithdrawn', nowSeconds: now },
      ...{ digest: new Uint8Array(32).fill(7), expiresAt: now + 3600 },
    });

  it('is that of the controller, and of a delegate with "revoke", as every stranger accepts it', () => {
    for (const made of [ended(null, controller), ended(root, first), ended(middle, second)]) {
      const { checks, leftOut } = admitBundle(bundleOfState(made), owner.agentId, now, null);
      expect(leftOut).toBe(null);
      expect(checks.every(verifyAdmitted)).toBe(true);
      expect(made.revocations).toMatchObject([{ kind: 'credential' }]);
    }
  });

  it('is nobody else’s', () => {
    expect(codeOf(() => ended(leaf, third))).toBe('bad-delegation');
    expect(codeOf(() => ended(root, second))).toBe('bad-key');
    expect(codeOf(() => ended(null, first))).toBe('bad-key');
  });
});
