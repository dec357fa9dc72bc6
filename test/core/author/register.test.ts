import { describe, expect, it } from 'vitest';
import { recordValuesDefault, recordValuesOf } from '../../../src/core/author/record-values.ts';
import { registerAgent } from '../../../src/core/author/register.ts';
import { ProtocolError } from '../../../src/core/errors.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { accept, registered, signerNamed, startSeconds, values } from './fixtures.ts';

describe('registerAgent', () => {
  it('makes an agent that a stranger accepts as it is', () => {
    const state = registered();
    expect(encodeState(accept(null, state, startSeconds))).toEqual(encodeState(state));
    expect(recordValuesOf(state)).toEqual(values);
    expect(state.addr!.bytes.length).toBe(120);
    expect(state.urls).toEqual([values.primary, values.private, values.adaptive]);
  });

  it('writes a lone short URL into the record itself', () => {
    const one = { ...recordValuesDefault, adaptive: 'https://resolver.example/dispatch' };
    const state = registered({ values: one });
    expect(state.addr!.pointers.adaptive).toEqual({ kind: 'inline', url: one.adaptive });
    expect(state.urls).toEqual([]);
    expect(state.addr!.bytes.length).toBe(72 + one.adaptive.length);
    expect(recordValuesOf(accept(null, state, startSeconds))).toEqual(one);
  });

  it('points to a lone long URL by digest', () => {
    const one = { ...recordValuesDefault, primary: `https://facts.example/${'a'.repeat(60)}` };
    const state = registered({ values: one });
    expect(state.addr!.bytes.length).toBe(88);
    expect(state.urls).toEqual([one.primary]);
    expect(recordValuesOf(accept(null, state, startSeconds))).toEqual(one);
  });

  it('carries a URL that two fields share once', () => {
    const shared = { ...values, private: values.primary };
    const state = registered({ values: shared });
    expect(state.urls).toEqual([values.primary, values.adaptive]);
    expect(recordValuesOf(accept(null, state, startSeconds))).toEqual(shared);
  });

  it('blinds the private facts without a word in the side-car', () => {
    const blinded = { ...values, private: new Uint8Array(16).fill(9) };
    const state = registered({ values: blinded });
    expect(state.urls).toEqual([values.primary, values.adaptive]);
    expect(recordValuesOf(accept(null, state, startSeconds))).toEqual(blinded);
  });

  it('commits an ephemeral agent to no other key', () => {
    const state = registered({ ephemeral: true });
    expect(state.keyState.rotationDigest).toBeNull();
    expect(state.keyState.recoveryDigest).toBeNull();
    expect(accept(null, state, startSeconds).keyState.status).toBe('active');
  });

  it('refuses a URL that no peer would store', () => {
    const draft = {
      signer: signerNamed('sign 0'),
      rotationKey: null,
      recoveryKey: null,
      nowSeconds: startSeconds,
      nonce: new Uint8Array(16),
    };
    const act = () => registerAgent({ ...draft, values: { ...values, primary: 'http://facts.example/' } });
    expect(act).toThrow(ProtocolError);
    expect(act).toThrow(expect.objectContaining({ code: 'bad-url' }));
  });
});
