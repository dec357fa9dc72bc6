import { describe, expect, it } from 'vitest';
import { delegateAgent, type GrantDraft, revokeDelegation } from '../../../src/core/author/grant.ts';
import { recordValuesOf } from '../../../src/core/author/record-values.ts';
import { refenceAgent } from '../../../src/core/author/refence.ts';
import { rotateAgent } from '../../../src/core/author/rekey.ts';
import { updateAgent } from '../../../src/core/author/update.ts';
import { delegateOf } from '../../../src/core/author/writer.ts';
import { rightBits } from '../../../src/core/identity/delegation.ts';
import type { AgentState } from '../../../src/core/record/agent-state.ts';
import { accept, opRight, publishRight, registered, signerNamed, startSeconds, values } from './fixtures.ts';

function grant(state: AgentState, audience: string, rights: number, more: Partial<GrantDraft> = {}) {
  return delegateAgent({
    state,
    signer: signerNamed('sign 0'),
    audience: signerNamed(audience).publicKey,
    rights,
    fieldMask: 15,
    notBefore: startSeconds,
    expiresAt: startSeconds + 86_400,
    nonce: new Uint8Array(8).fill(1),
    nowSeconds: startSeconds,
    ...more,
  });
}

const reason = 'privilegeWithdrawn';

describe('delegateAgent', () => {
  it('takes the lowest free slot and travels with the bundle', () => {
    const first = grant(registered(), 'one', opRight);
    const third = grant(first.state, 'three', opRight, { slot: 3 });
    const second = grant(third.state, 'two', publishRight);
    expect([first.token.slot, third.token.slot, second.token.slot]).toEqual([1, 3, 2]);
    expect(accept(null, second.state, startSeconds).delegations.map((token) => token.slot)).toEqual([
      1, 2, 3,
    ]);
  });

  it('refuses a slot that is taken, and the eighth delegate', () => {
    let { state } = grant(registered(), 'one', opRight);
    expect(() => grant(state, 'two', opRight, { slot: 1 })).toThrow(
      expect.objectContaining({ code: 'bad-delegation' }),
    );
    for (let index = 2; index <= 7; index++) state = grant(state, `delegate ${index}`, opRight).state;
    expect(() => grant(state, 'eighth', opRight)).toThrow(
      expect.objectContaining({ code: 'bad-delegation' }),
    );
  });

  it('leaves the state alone when the grant needs no slot', () => {
    const state = registered();
    const granted = grant(state, 'auditor', rightBits.revoke | rightBits.facts);
    expect(granted.state).toBe(state);
    expect(granted.token.slot).toBe(0);
  });

  it('refuses another signer than the controller', () => {
    expect(() => grant(registered(), 'one', opRight, { signer: signerNamed('thief') })).toThrow(
      expect.objectContaining({ code: 'bad-key' }),
    );
  });
});

describe('delegateOf', () => {
  it('finds the token whose audience is the key, and says why there is none', () => {
    const { state, token } = grant(registered(), 'one', opRight);
    expect(delegateOf(state, signerNamed('one'), startSeconds).token).toBe(state.delegations[0]);
    const codeOf = (one: AgentState, name: string, nowSeconds: number): string => {
      try {
        delegateOf(one, signerNamed(name), nowSeconds);
        return 'found';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(codeOf(state, 'two', startSeconds)).toBe('bad-delegation');
    expect(codeOf(state, 'one', startSeconds + 86_400)).toBe('expired');
    const signer = signerNamed('sign 0');
    const revoked = revokeDelegation({ state, signer, token, reason, nowSeconds: startSeconds });
    expect(codeOf({ ...revoked, delegations: state.delegations }, 'one', startSeconds)).toBe('revoked');
    expect(codeOf(revoked, 'one', startSeconds)).toBe('bad-delegation');
  });
});

describe('revokeDelegation', () => {
  it('removes the delegate and its operations, and keeps what others said', () => {
    const { state, token } = grant(registered(), 'one', opRight);
    const writer = delegateOf(state, signerNamed('one'), startSeconds);
    const changes = { primary: 'https://delegate.example/' };
    const written = updateAgent({ state, writer, changes, nowSeconds: startSeconds + 1 }).state;
    const draft = {
      state: written,
      signer: signerNamed('sign 0'),
      token,
      reason,
      nowSeconds: startSeconds + 2,
    } as const;
    const revoked = accept(written, revokeDelegation(draft), startSeconds + 2);
    expect(revoked.delegations).toEqual([]);
    expect(revoked.operations).toEqual([]);
    expect(revoked.addr).toEqual(state.addr);
    expect(recordValuesOf(revoked)).toEqual(values);
    expect(accept(revoked, written, startSeconds + 3)).toBe(revoked);
  });

  it('sends a controller’s fence along when the delegate could publish', () => {
    const { state, token } = grant(registered(), 'one', publishRight);
    const writer = delegateOf(state, signerNamed('one'), startSeconds);
    const changes = { primary: 'https://delegate.example/' };
    const fenced = refenceAgent({ state, writer, changes, nowSeconds: startSeconds + 1 });
    const draft = {
      state: fenced,
      signer: signerNamed('sign 0'),
      token,
      reason,
      nowSeconds: startSeconds + 2,
    } as const;
    const kept = accept(fenced, revokeDelegation(draft), startSeconds + 2);
    expect(kept.addr!.slot).toBe(0);
    expect(recordValuesOf(kept)).toEqual({ ...values, ...changes });
    const undone = accept(fenced, revokeDelegation({ ...draft, lastValues: values }), startSeconds + 2);
    expect(recordValuesOf(undone)).toEqual(values);
    expect(undone.revocations).toHaveLength(1);
  });

  it('frees the slot for another', () => {
    const { state, token } = grant(registered(), 'one', opRight);
    const signer = signerNamed('sign 0');
    const revoked = revokeDelegation({ state, signer, token, reason, nowSeconds: startSeconds });
    const again = grant(revoked, 'two', opRight);
    expect(again.token.slot).toBe(1);
    expect(accept(null, again.state, startSeconds).delegations).toHaveLength(1);
  });

  it('says that a token of before the rotation is void already', () => {
    const { state, token } = grant(registered(), 'one', opRight);
    const rotated = rotateAgent({
      state,
      rotationSigner: signerNamed('rotate 0'),
      signer: signerNamed('sign 1'),
      nextRotationKey: signerNamed('rotate 1').publicKey,
      nowSeconds: startSeconds + 1,
    });
    const draft = {
      state: rotated,
      signer: signerNamed('sign 1'),
      token,
      reason,
      nowSeconds: startSeconds,
    } as const;
    expect(() => revokeDelegation(draft)).toThrow(expect.objectContaining({ code: 'bad-revocation' }));
  });

  it('asks for a rotation in place of the seventeenth revocation', () => {
    let state = registered();
    const signer = signerNamed('sign 0');
    for (let index = 0; index < 16; index++) {
      const granted = grant(state, `many ${index}`, opRight);
      state = revokeDelegation({ ...granted, signer, reason, nowSeconds: startSeconds });
    }
    const granted = grant(state, 'one more', opRight);
    expect(() => revokeDelegation({ ...granted, signer, reason, nowSeconds: startSeconds })).toThrow(
      expect.objectContaining({ code: 'bad-revocation' }),
    );
  });
});
