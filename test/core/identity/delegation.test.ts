/** Delegation tokens and revocations, one test per sentence of §5 and §7. Signatures are real and verified. */
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8ToBytes } from '../../../src/core/bytes.ts';
import { type Signer, verifyAdmitted } from '../../../src/core/ed25519.ts';
import { isProtocolError, type ProtocolErrorCode } from '../../../src/core/errors.ts';
import {
  allFields,
  assertNarrower,
  createDelegation,
  type Delegation,
  type DelegationDraft,
  decodeDelegation,
  delegationCheck,
  mayChangeField,
  rightBits,
} from '../../../src/core/identity/delegation.ts';
import {
  assertDelegationChain,
  delegationChainChecks,
  findDelegationChain,
} from '../../../src/core/identity/delegation-chain.ts';
import {
  assertRevocation,
  createDelegationRevocation,
  createRevocation,
  decodeRevocation,
  type RevocationDraft,
  revocationChecks,
  revokesDelegation,
} from '../../../src/core/identity/revocation.ts';
import { createController, signerNamed, startSeconds } from './fixtures.ts';

const owner = createController('delegating owner');
const controller = owner.key('sign 0');
const establishment = owner.stateOf().establishment;
const daySeconds = 86_400;
const [phone, laptop, agent] = ['phone', 'laptop', 'agent'].map(signerNamed) as [Signer, Signer, Signer];

function codeOf(action: () => unknown): ProtocolErrorCode | 'no error' {
  try {
    action();
    return 'no error';
  } catch (error) {
    if (isProtocolError(error)) return error.code;
    throw error;
  }
}

function grant(draft: Partial<DelegationDraft> = {}): Delegation {
  return createDelegation({
    agentId: owner.agentId,
    establishment,
    parent: null,
    signer: controller,
    audience: phone.publicKey,
    slot: 1,
    rights: rightBits.op,
    fieldMask: allFields,
    notBefore: startSeconds,
    expiresAt: startSeconds + daySeconds,
    nonce: new Uint8Array(8).fill(1),
    ...draft,
  });
}

const root = grant({ slot: 0, rights: rightBits.sub + rightBits.revoke + rightBits.facts });
const middle = grant({
  parent: root,
  signer: phone,
  audience: laptop.publicKey,
  slot: 0,
  rights: rightBits.sub + rightBits.revoke,
  expiresAt: startSeconds + daySeconds / 2,
});
const leaf = grant({
  ...{ parent: middle, signer: laptop, audience: agent.publicKey, slot: 0, rights: rightBits.revoke },
  expiresAt: startSeconds + daySeconds / 4,
});

describe('delegation token (§7)', () => {
  it('§7: is about 191 bytes and decodes to itself', () => {
    expect(grant().bytes.length).toBe(193);
    expect(decodeDelegation(leaf.bytes)).toEqual(leaf);
  });

  it('§7: the signature covers "weft/dlg/1", the agent id, the establishment and the body', () => {
    const body = root.bytes.subarray(1, root.bytes.length - 66);
    const check = delegationCheck(root, owner.agentId, controller.publicKey);
    expect(check.message).toEqual(concatBytes(utf8ToBytes('weft/dlg/1'), owner.agentId, establishment, body));
    expect(verifyAdmitted(check)).toBe(true);
    const elsewhere = delegationCheck(root, createController('another').agentId, controller.publicKey);
    expect(verifyAdmitted(elsewhere)).toBe(false);
    expect(root.hash).toEqual(sha256(concatBytes(utf8ToBytes('weft/dlg/1'), root.bytes)));
  });

  it('§7: tokens with op or publish are issued by the controller only, at depth 1', () => {
    for (const rights of [rightBits.op, rightBits.publish, rightBits.op + rightBits.publish]) {
      const wide = grant({ rights: 31 });
      const child = { parent: wide, signer: phone, audience: laptop.publicKey, rights };
      expect(codeOf(() => grant({ ...child, slot: 1 }))).toBe('bad-delegation');
      expect(codeOf(() => grant({ ...child, slot: 0 }))).toBe('bad-delegation');
    }
  });

  it('§7: tokens with op or publish have a slot of their own, 1 to 7, and others none', () => {
    expect(codeOf(() => grant({ slot: 0 }))).toBe('bad-delegation');
    expect(codeOf(() => grant({ slot: 8 }))).toBe('wrong-shape');
    expect(codeOf(() => grant({ slot: 7, rights: rightBits.publish }))).toBe('no error');
    expect(codeOf(() => grant({ slot: 1, rights: rightBits.revoke }))).toBe('bad-delegation');
    expect(codeOf(() => grant({ rights: 0 }))).toBe('wrong-shape');
  });

  it('§7: a token lasts at most 30 days', () => {
    const expiresAt = startSeconds + 30 * daySeconds;
    expect(codeOf(() => grant({ expiresAt }))).toBe('no error');
    expect(codeOf(() => grant({ expiresAt: expiresAt + 1 }))).toBe('bad-delegation');
    expect(codeOf(() => grant({ expiresAt: startSeconds }))).toBe('bad-delegation');
  });

  it('§7: the other rights chain to depth 3 and no deeper', () => {
    assertDelegationChain([root, middle, leaf], owner.agentId);
    expect([root.depth, middle.depth, leaf.depth]).toEqual([1, 2, 3]);
    const deepest = grant({
      ...{ parent: middle, signer: laptop, audience: agent.publicKey, slot: 0, expiresAt: startSeconds + 60 },
      rights: rightBits.sub,
    });
    const deeper = {
      parent: deepest,
      signer: agent,
      audience: phone.publicKey,
      slot: 0,
      rights: rightBits.sub,
    };
    expect(codeOf(() => grant({ ...deeper, expiresAt: startSeconds + 60 }))).toBe('wrong-shape');
  });

  it('§7: each hop narrows rights, mask, time and depth', () => {
    const parent = grant({ slot: 0, rights: rightBits.sub + rightBits.facts, fieldMask: 3 });
    const narrow = { parent, signer: phone, audience: laptop.publicKey, slot: 0, rights: 16, fieldMask: 1 };
    expect(codeOf(() => grant(narrow))).toBe('no error');
    expect(codeOf(() => grant({ ...narrow, rights: rightBits.revoke }))).toBe('bad-delegation');
    expect(codeOf(() => grant({ ...narrow, fieldMask: 5 }))).toBe('bad-delegation');
    expect(codeOf(() => grant({ ...narrow, notBefore: startSeconds - 1 }))).toBe('bad-delegation');
    expect(codeOf(() => grant({ ...narrow, expiresAt: parent.expiresAt + 1 }))).toBe('bad-delegation');
    expect(codeOf(() => assertNarrower(leaf, root))).toBe('bad-delegation');
  });

  it('§7: without sub a delegate cannot delegate', () => {
    const parent = grant({ slot: 0, rights: rightBits.revoke });
    const child = { parent, signer: phone, audience: laptop.publicKey, slot: 0, rights: rightBits.revoke };
    expect(codeOf(() => grant(child))).toBe('bad-delegation');
  });

  it('§7: it dies with a rotation: no chain spans two establishments', () => {
    const child = {
      parent: root,
      signer: phone,
      audience: laptop.publicKey,
      slot: 0,
      rights: rightBits.revoke,
    };
    expect(codeOf(() => grant({ ...child, establishment: new Uint8Array(32) }))).toBe('bad-delegation');
  });

  it('§7: a chain begins with the controller of this agent', () => {
    expect(codeOf(() => assertDelegationChain([middle, leaf], owner.agentId))).toBe('bad-delegation');
    expect(codeOf(() => assertDelegationChain([root], new Uint8Array(32)))).toBe('bad-delegation');
    expect(codeOf(() => assertDelegationChain([root, middle, leaf, leaf], owner.agentId))).toBe(
      'bad-delegation',
    );
  });

  it('§7: each token of a chain is signed by the audience of the one above it', () => {
    const checks = delegationChainChecks([root, middle, leaf], owner.agentId, controller.publicKey);
    expect(checks.map((check) => check.publicKey)).toEqual([
      controller.publicKey,
      phone.publicKey,
      laptop.publicKey,
    ]);
    expect(checks.map(verifyAdmitted)).toEqual([true, true, true]);
  });

  it('finds the chain of a token among others, in any order, and none when a parent is missing', () => {
    expect(findDelegationChain(leaf, [grant(), leaf, root, middle])).toEqual([root, middle, leaf]);
    expect(findDelegationChain(root, [])).toEqual([root]);
    expect(findDelegationChain(leaf, [root, leaf])).toBeNull();
  });

  it('§3: publish implies all fields, op those of its mask', () => {
    const limited = grant({ fieldMask: 5 });
    const fields = ['primary', 'private', 'adaptive', 'ttl'] as const;
    expect(fields.map((field) => mayChangeField(limited, field))).toEqual([true, false, true, false]);
    const publisher = grant({ rights: rightBits.publish, fieldMask: 0 });
    expect(fields.every((field) => mayChangeField(publisher, field))).toBe(true);
    expect(fields.some((field) => mayChangeField(root, field))).toBe(false);
  });
});

describe('revocation (§5)', () => {
  const base = { agentId: owner.agentId, reason: 'keyCompromise', issuedAt: startSeconds + 60 } as const;
  const byController = createDelegationRevocation({ ...base, token: leaf, signer: controller });

  function revoke(draft: Partial<RevocationDraft>): ReturnType<typeof createRevocation> {
    return createRevocation({
      ...base,
      kind: 'delegation',
      establishment,
      target: leaf.hash,
      depth: 2,
      expiresAt: leaf.expiresAt,
      chain: [root, middle, leaf],
      signer: laptop,
      ...draft,
    });
  }

  it('§5: the controller revokes any token, without a chain, and the revocation proves itself', () => {
    expect(byController.chain).toEqual([]);
    expect(decodeRevocation(byController.bytes)).toEqual(byController);
    const checks = revocationChecks(byController, owner.agentId, controller.publicKey);
    expect(checks.map(verifyAdmitted)).toEqual([true]);
    expect(revokesDelegation(byController, leaf)).toBe(true);
    expect(revokesDelegation(byController, middle)).toBe(false);
  });

  it('§5: any issuer up the chain revokes what is below its own token', () => {
    const byLaptop = revoke({});
    const byPhone = revoke({ depth: 1, signer: phone });
    for (const revocation of [byLaptop, byPhone]) {
      assertRevocation(revocation, owner.agentId);
      expect(decodeRevocation(revocation.bytes)).toEqual(revocation);
      const checks = revocationChecks(revocation, owner.agentId, controller.publicKey);
      expect(checks.map(verifyAdmitted)).toEqual([true, true, true, true]);
    }
    expect(byLaptop.bytes.length).toBeLessThan(1024);
  });

  it('§5: nobody else does: neither the audience itself nor a chain that ends elsewhere', () => {
    expect(codeOf(() => revoke({ depth: 3, signer: agent }))).toBe('wrong-shape');
    expect(codeOf(() => revoke({ chain: [root, middle] }))).toBe('bad-revocation');
    expect(codeOf(() => revoke({ target: middle.hash }))).toBe('bad-revocation');
    expect(codeOf(() => revoke({ chain: [] }))).toBe('bad-revocation');
    expect(codeOf(() => revoke({ chain: [middle, leaf] }))).toBe('bad-delegation');
    expect(codeOf(() => revoke({ depth: 0, signer: controller }))).toBe('bad-revocation');
    const forged = revoke({ signer: agent });
    const [own] = revocationChecks(forged, owner.agentId, controller.publicKey);
    expect(verifyAdmitted(own!)).toBe(false);
  });

  it('§5: it carries the end of life of what it revokes', () => {
    expect(byController.expiresAt).toBe(leaf.expiresAt);
    expect(codeOf(() => revoke({ expiresAt: leaf.expiresAt - 1 }))).toBe('bad-revocation');
  });

  it('§5: it stands under one establishment, its chain with it', () => {
    expect(codeOf(() => revoke({ establishment: new Uint8Array(32) }))).toBe('bad-revocation');
  });

  it('§5: a credential is revoked by the controller or by a delegate with the right revoke', () => {
    const target = sha256(utf8ToBytes('a credential'));
    const credential = { kind: 'credential', target, expiresAt: startSeconds + 400 * daySeconds } as const;
    const byOwner = revoke({ ...credential, depth: 0, chain: [], signer: controller });
    expect(revocationChecks(byOwner, owner.agentId, controller.publicKey).map(verifyAdmitted)).toEqual([
      true,
    ]);
    const byPhone = revoke({ ...credential, depth: 1, chain: [root], signer: phone });
    expect(revocationChecks(byPhone, owner.agentId, controller.publicKey).map(verifyAdmitted)).toEqual([
      true,
      true,
    ]);
    expect(revokesDelegation(byPhone, root)).toBe(false);
    const writer = grant();
    expect(codeOf(() => revoke({ ...credential, depth: 1, chain: [writer], signer: phone }))).toBe(
      'bad-revocation',
    );
    expect(codeOf(() => revoke({ ...credential, depth: 1, chain: [root, middle] }))).toBe('bad-revocation');
  });
});
