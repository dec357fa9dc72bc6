import { describe, expect, it } from 'vitest';
import { delegateAgent } from '../../../src/core/author/grant.ts';
import { recordValuesOf } from '../../../src/core/author/record-values.ts';
import { refenceAgent } from '../../../src/core/author/refence.ts';
import { operationsOfBusiestSlot, updateAgent } from '../../../src/core/author/update.ts';
import { controllerOf, delegateOf, type Writer } from '../../../src/core/author/writer.ts';
import { type AgentState, encodeState, joinStates } from '../../../src/core/record/agent-state.ts';
import {
  accept,
  allRecordFields,
  opRight,
  publishRight,
  registered,
  signerNamed,
  startSeconds,
  values,
} from './fixtures.ts';

const controller = (state: AgentState): Writer => controllerOf(state.keyState, signerNamed('sign 0'));

/** The agent with a delegate whose key is `delegate`. */
function withDelegate(
  rights: number = opRight,
  fieldMask: number = allRecordFields,
): { state: AgentState; writer: Writer } {
  const { state } = delegateAgent({
    state: registered(),
    signer: signerNamed('sign 0'),
    audience: signerNamed('delegate').publicKey,
    rights,
    fieldMask,
    notBefore: startSeconds,
    expiresAt: startSeconds + 86_400,
    nonce: new Uint8Array(8),
    nowSeconds: startSeconds,
  });
  return { state, writer: delegateOf(state, signerNamed('delegate'), startSeconds) };
}

describe('updateAgent', () => {
  it('changes each named field by one operation on the same fence', () => {
    const state = registered();
    const changes = { primary: 'https://new.example/', private: null, ttlCode: 3 };
    const update = updateAgent({ state, writer: controller(state), changes, nowSeconds: startSeconds + 1 });
    expect(update.operations.map(({ field, n }) => [field, n])).toEqual([
      ['primary', 1],
      ['private', 2],
      ['ttl', 3],
    ]);
    expect(update.state.addr).toBe(state.addr);
    const accepted = accept(state, update.state, startSeconds + 1);
    expect(recordValuesOf(accepted)).toEqual({ ...values, ...changes });
    expect(encodeState(accepted)).toEqual(encodeState(update.state));
  });

  it('lets the last of several updates of one writer stand', () => {
    let state = registered();
    for (const primary of ['https://one.example/', 'https://two.example/', 'https://three.example/']) {
      state = updateAgent({
        state,
        writer: controller(state),
        changes: { primary },
        nowSeconds: startSeconds,
      }).state;
    }
    expect(recordValuesOf(accept(null, state, startSeconds))!.primary).toBe('https://three.example/');
    expect(operationsOfBusiestSlot(state)).toBe(3);
  });

  it('merges writers that did not see one another, the controller first, in either order of arrival', () => {
    const { state, writer } = withDelegate();
    const nowSeconds = startSeconds + 5;
    const mine = { primary: 'https://controller.example/', ttlCode: 4 };
    const theirs = { primary: 'https://delegate.example/', adaptive: 'https://delegate.example/adaptive' };
    const left = updateAgent({ state, writer: controller(state), changes: mine, nowSeconds }).state;
    const right = updateAgent({ state, writer, changes: theirs, nowSeconds }).state;
    const oneWay = accept(left, right, nowSeconds);
    const otherWay = accept(right, left, nowSeconds);
    expect(encodeState(oneWay)).toEqual(encodeState(otherWay));
    expect(recordValuesOf(oneWay)).toEqual({ ...values, ...theirs, ...mine });
  });

  it("lets a delegate's later word stand when it saw the controller's", () => {
    const { state, writer } = withDelegate();
    const first = updateAgent({
      state,
      writer: controller(state),
      changes: { primary: 'https://controller.example/' },
      nowSeconds: startSeconds + 1,
    }).state;
    const second = updateAgent({
      state: first,
      writer,
      changes: { primary: 'https://delegate.example/' },
      nowSeconds: startSeconds + 2,
    }).state;
    expect(recordValuesOf(second)!.primary).toBe('https://delegate.example/');
    const third = updateAgent({
      state: second,
      writer: controller(second),
      changes: { primary: 'https://last.example/' },
      nowSeconds: startSeconds + 3,
    }).state;
    expect(recordValuesOf(accept(null, third, startSeconds + 3))!.primary).toBe('https://last.example/');
  });

  it('signs a fence once the places of the slot do not suffice', () => {
    let state = registered();
    for (let index = 0; index < 8; index++) {
      const changes = { primary: `https://p${index}.example/` };
      state = updateAgent({ state, writer: controller(state), changes, nowSeconds: startSeconds }).state;
    }
    const changes = { adaptive: 'https://ninth.example/' };
    const update = updateAgent({ state, writer: controller(state), changes, nowSeconds: startSeconds });
    expect(update.operations).toEqual([]);
    expect(update.state.operations).toEqual([]);
    expect(update.state.addr!.issuedAt).toBe(startSeconds + 1);
    expect(recordValuesOf(accept(state, update.state, startSeconds))).toEqual({
      ...values,
      primary: 'https://p7.example/',
      ...changes,
    });
  });

  it('signs a fence to change the validity', () => {
    const state = registered();
    const update = updateAgent({
      state,
      writer: controller(state),
      changes: { validityCode: 0 },
      nowSeconds: startSeconds + 9,
    });
    expect(update.state.addr!.validityCode).toBe(0);
    expect(recordValuesOf(accept(state, update.state, startSeconds + 9))).toEqual({
      ...values,
      validityCode: 0,
    });
  });

  it('says so when a delegate has no place left and may not publish', () => {
    let { state, writer } = withDelegate();
    for (let index = 0; index < 8; index++) {
      const changes = { primary: `https://p${index}.example/` };
      state = updateAgent({ state, writer, changes, nowSeconds: startSeconds }).state;
    }
    const act = () =>
      updateAgent({
        state,
        writer,
        changes: { primary: 'https://ninth.example/' },
        nowSeconds: startSeconds,
      });
    expect(act).toThrow(expect.objectContaining({ code: 'over-quota' }));
  });

  it('refuses a delegate outside its fields, and an update of nothing', () => {
    const { state, writer } = withDelegate(opRight, 1);
    const adaptive = { adaptive: 'https://x.example/' };
    expect(() => updateAgent({ state, writer, changes: adaptive, nowSeconds: startSeconds })).toThrow(
      expect.objectContaining({ code: 'bad-delegation' }),
    );
    expect(() => updateAgent({ state, writer, changes: {}, nowSeconds: startSeconds })).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    );
  });
});

describe('refenceAgent', () => {
  it('folds the operations of all writers and keeps what they say', () => {
    const { state, writer } = withDelegate();
    const written = updateAgent({
      state,
      writer,
      changes: { private: new Uint8Array(16).fill(3) },
      nowSeconds: startSeconds + 1,
    }).state;
    const fenced = refenceAgent({
      state: written,
      writer: controller(written),
      nowSeconds: startSeconds + 2,
    });
    expect(fenced.operations).toEqual([]);
    expect(fenced.delegations).toEqual(state.delegations);
    expect(recordValuesOf(accept(written, fenced, startSeconds + 2))).toEqual(recordValuesOf(written));
  });

  it('lets a delegate with "publish" sign, with its token first, also beside others', () => {
    const { state, writer } = withDelegate(publishRight);
    const { state: both } = delegateAgent({
      state,
      signer: signerNamed('sign 0'),
      audience: signerNamed('other').publicKey,
      rights: publishRight,
      fieldMask: 0,
      notBefore: startSeconds,
      expiresAt: startSeconds + 86_400,
      nonce: new Uint8Array(8),
      nowSeconds: startSeconds,
    });
    const other = delegateOf(both, signerNamed('other'), startSeconds);
    for (const one of [other, writer]) {
      const fenced = refenceAgent({ state: both, writer: one, nowSeconds: startSeconds + 1 });
      const accepted = accept(both, fenced, startSeconds + 1);
      expect(accepted.addr!.slot).toBe(one.slot);
      expect(accepted.delegations).toHaveLength(2);
    }
  });

  it('refuses a delegate that may only write operations', () => {
    const { state, writer } = withDelegate();
    expect(() => refenceAgent({ state, writer, nowSeconds: startSeconds })).toThrow(
      expect.objectContaining({ code: 'bad-delegation' }),
    );
  });

  it('brings an ended record back from what the author kept, and not from nothing', () => {
    const state = registered();
    const nowSeconds = startSeconds + 49 * 3600;
    const ended = joinStates(state, { ...state, urls: [] }, nowSeconds).state;
    const gone = { ...ended, addr: null, urls: [] };
    const writer = controller(state);
    expect(() => refenceAgent({ state: gone, writer, nowSeconds })).toThrow(
      expect.objectContaining({ code: 'expired' }),
    );
    const again = refenceAgent({ state: gone, writer, lastValues: values, nowSeconds });
    expect(recordValuesOf(accept(null, again, nowSeconds))).toEqual(values);
  });

  it('takes the iat after the held one, reuses a delegate’s, and does not run ahead of the clock', () => {
    const state = registered();
    const again = refenceAgent({ state, writer: controller(state), nowSeconds: startSeconds - 30 });
    expect(again.addr!.issuedAt).toBe(startSeconds + 1);
    const { state: delegated, writer } = withDelegate(publishRight);
    const theirs = refenceAgent({ state: delegated, writer, nowSeconds: startSeconds });
    const mine = refenceAgent({ state: theirs, writer: controller(theirs), nowSeconds: startSeconds - 30 });
    expect(mine.addr!.issuedAt).toBe(theirs.addr!.issuedAt);
    expect(joinStates(theirs, mine, startSeconds).state.addr!.slot).toBe(0);
    expect(() => refenceAgent({ state, writer: controller(state), nowSeconds: startSeconds - 200 })).toThrow(
      expect.objectContaining({ code: 'from-the-future' }),
    );
  });
});
