import { describe, expect, it } from 'vitest';
import { recordValuesOf } from '../../../src/core/author/record-values.ts';
import { recoverAgent, rotateAgent } from '../../../src/core/author/rekey.ts';
import { tombstoneAgent } from '../../../src/core/author/tombstone.ts';
import { updateAgent } from '../../../src/core/author/update.ts';
import { controllerOf } from '../../../src/core/author/writer.ts';
import type { AgentState } from '../../../src/core/record/agent-state.ts';
import { accept, registered, signerNamed, startSeconds, values } from './fixtures.ts';

/** From the keys `from` to the keys `to`. */
function rotate(state: AgentState, from: string, to: string, nowSeconds = startSeconds + 10): AgentState {
  return rotateAgent({
    state,
    rotationSigner: signerNamed(`rotate ${from}`),
    signer: signerNamed(`sign ${to}`),
    nextRotationKey: signerNamed(`rotate ${to}`).publicKey,
    nowSeconds,
  });
}

function recover(state: AgentState, from: string, to: string, nowSeconds = startSeconds + 20): AgentState {
  return recoverAgent({
    state,
    recoverySigner: signerNamed(`recover ${from}`),
    signer: signerNamed(`sign ${to}`),
    nextRotationKey: signerNamed(`rotate ${to}`).publicKey,
    nextRecoveryKey: signerNamed(`recover ${to}`).publicKey,
    lastValues: values,
    nowSeconds,
  });
}

describe('rotateAgent', () => {
  it('moves the merged record under the new key and voids the old one’s operations', () => {
    const state = registered();
    const writer = controllerOf(state.keyState, signerNamed('sign 0'));
    const changes = { primary: 'https://changed.example/' };
    const updated = updateAgent({ state, writer, changes, nowSeconds: startSeconds + 1 }).state;
    const rotated = accept(updated, rotate(updated, '0', '1'), startSeconds + 10);
    expect(rotated.keyState.signingKey).toEqual(signerNamed('sign 1').publicKey);
    expect(rotated.operations).toEqual([]);
    expect(recordValuesOf(rotated)).toEqual({ ...values, ...changes });
    expect(() => controllerOf(rotated.keyState, signerNamed('sign 0'))).toThrow(
      expect.objectContaining({ code: 'bad-key' }),
    );
  });

  it('is the same bytes when repeated, so that a repeated publication forks nothing', () => {
    const state = registered();
    const once = accept(state, rotate(state, '0', '1'), startSeconds + 10);
    expect(accept(once, rotate(state, '0', '1'), startSeconds + 10)).toBe(once);
  });

  it('refuses a key that the log does not commit to', () => {
    expect(() => rotate(registered(), '1', '2')).toThrow(expect.objectContaining({ code: 'bad-key' }));
  });

  it('refuses an ephemeral agent', () => {
    expect(() => rotate(registered({ ephemeral: true }), '0', '1')).toThrow(
      expect.objectContaining({ code: 'bad-key' }),
    );
  });
});

describe('recoverAgent', () => {
  it('overrules a thief who rotated with a stolen key', () => {
    const state = registered();
    const stolen = rotate(state, '0', 'thief');
    const recovered = accept(stolen, recover(stolen, '0', '2'), startSeconds + 20);
    expect(recovered.keyState.signingKey).toEqual(signerNamed('sign 2').publicKey);
    expect(recordValuesOf(recovered)).toEqual(values);
  });

  it('ends a fork, and what the thief signs later in the same place changes nothing', () => {
    const state = registered();
    const mine = rotate(state, '0', '1');
    const forked = accept(mine, rotate(state, '0', 'thief'), startSeconds + 11);
    expect(forked.keyState.status).toBe('forked');
    expect(forked.addr).toBeNull();
    const recovered = accept(forked, recover(forked, '0', '2'), startSeconds + 20);
    expect(recovered.keyState.status).toBe('active');
    expect(recordValuesOf(recovered)).toEqual(values);
    const again = accept(recovered, rotate(state, '0', 'thief again'), startSeconds + 21);
    expect(again).toBe(recovered);
  });

  it('survives a fork below the rotations that it undoes, since it stands before all of them', () => {
    const second = rotate(rotate(registered(), '0', '1'), '1', '2');
    const recovered = recover(second, '0', '3');
    const fork = rotate(registered(), '0', 'thief');
    const joined = accept(accept(null, recovered, startSeconds + 20), fork, startSeconds + 20);
    expect(joined.keyState.status).toBe('active');
    expect(joined.keyState.signingKey).toEqual(signerNamed('sign 3').publicKey);
  });

  it('undoes a tombstone by rotation key', () => {
    const state = registered();
    const signer = signerNamed('rotate 0');
    const ended = tombstoneAgent({ state, signer, reason: 'unspecified', nowSeconds: startSeconds + 5 });
    const recovered = accept(ended, recover(ended, '0', '1'), startSeconds + 20);
    expect(recovered.keyState.status).toBe('active');
  });

  it('leaves an agent of whom no values are known without a record', () => {
    const forked = accept(
      rotate(registered(), '0', '1'),
      rotate(registered(), '0', 'thief'),
      startSeconds + 11,
    );
    const recovered = recoverAgent({
      state: forked,
      recoverySigner: signerNamed('recover 0'),
      signer: signerNamed('sign 2'),
      nextRotationKey: signerNamed('rotate 2').publicKey,
      nextRecoveryKey: signerNamed('recover 2').publicKey,
      nowSeconds: startSeconds + 20,
    });
    expect(recovered.keyState.status).toBe('active');
    expect(recovered.addr).toBeNull();
  });
});

describe('tombstoneAgent', () => {
  it('ends the agent by either key and leaves nothing of its record', () => {
    for (const name of ['rotate 0', 'recover 0']) {
      const state = registered();
      const signer = signerNamed(name);
      const sent = tombstoneAgent({
        state,
        signer,
        reason: 'cessationOfOperation',
        nowSeconds: startSeconds + 5,
      });
      const ended = accept(state, sent, startSeconds + 5);
      expect(ended.keyState.status).toBe('tombstoned');
      expect(ended.addr).toBeNull();
      expect(() => controllerOf(ended.keyState, signerNamed('sign 0'))).toThrow(
        expect.objectContaining({ code: 'tombstoned' }),
      );
    }
  });

  it('refuses the signing key', () => {
    const draft = { state: registered(), signer: signerNamed('sign 0'), reason: 'unspecified' as const };
    expect(() => tombstoneAgent({ ...draft, nowSeconds: startSeconds })).toThrow(
      expect.objectContaining({ code: 'bad-key' }),
    );
  });
});
