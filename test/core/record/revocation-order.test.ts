/** §2 and §5 of the protocol: which revocations a state keeps, and until when. */
import { describe, expect, it } from 'vitest';
import type { Delegation } from '../../../src/core/identity/delegation.ts';
import { createRevocation, type Revocation } from '../../../src/core/identity/revocation.ts';
import { bundleRevocationsMax } from '../../../src/core/limits.ts';
import {
  type AgentState,
  encodeState,
  expireState,
  joinStates,
} from '../../../src/core/record/agent-state.ts';
import { authorNamed, revocationOf, startSeconds, stateFrom, tokenFor } from './fixtures.ts';

const author = authorNamed('revoking');
const writer = tokenFor(author, 'writer', { slot: 3 });

const join = (left: AgentState, right: AgentState): AgentState => joinStates(left, right, startSeconds).state;

describe('§2 at most 16 revocations', () => {
  const credential = (index: number, expiresAt = startSeconds + 1000): Revocation =>
    createRevocation({
      agentId: author.keyState.agentId,
      kind: 'credential',
      establishment: author.keyState.establishment,
      target: new Uint8Array(32).fill(index),
      depth: 0,
      reason: 'unspecified',
      issuedAt: startSeconds,
      expiresAt,
      chain: [],
      signer: author.context.signer,
    });
  const chainOf = (count: number): { parent: Delegation; revocations: Revocation[] } => {
    const parent = tokenFor(author, 'deputy', { slot: 0, rights: 4 + 16 });
    const signer = author.key('deputy');
    const revocations = Array.from({ length: count }, (_, index) => {
      const child = tokenFor(author, 'child', {
        parent,
        signer,
        slot: 0,
        rights: 16,
        nonce: new Uint8Array(8).fill(index),
      });
      return createRevocation({
        agentId: author.keyState.agentId,
        kind: 'delegation',
        establishment: child.establishment,
        target: child.hash,
        depth: 1,
        reason: 'unspecified',
        issuedAt: startSeconds,
        expiresAt: child.expiresAt,
        chain: [parent, child],
        signer,
      });
    });
    return { parent, revocations };
  };
  const withRevocations = (revocations: readonly Revocation[]) => stateFrom(author, { revocations });

  it('keeps the same 16 in every order, those of the controller before a delegate’s', () => {
    const { revocations } = chainOf(16);
    const own = [1, 2, 3].map((index) => credential(index));
    const states = [withRevocations(revocations), withRevocations(own)] as const;
    const state = join(...states);
    expect(encodeState(join(states[1], states[0]))).toEqual(encodeState(state));
    expect(state.revocations).toHaveLength(bundleRevocationsMax);
    expect(state.revocations.slice(0, 3).map(({ target }) => target)).toEqual(
      own.map(({ target }) => target),
    );
    for (const part of states) expect(join(state, part)).toBe(state);
  });

  it('keeps delegations’ before credentials’, and one for each target: the one that lasts longest', () => {
    const own = revocationOf(author, writer);
    const two = [credential(1, startSeconds + 10), credential(1, startSeconds + 20)];
    expect(withRevocations([...two, own]).revocations).toEqual([own, two[1]]);
  });

  it('fits a bundle with the longest chains', () => {
    expect(encodeState(withRevocations(chainOf(16).revocations)).length).toBeLessThan(13_000);
  });

  it('is forgotten after the end of life of what it revokes', () => {
    const state = withRevocations([credential(1, startSeconds + 10)]);
    expect(expireState(state, startSeconds + 9)).toBe(state);
    expect(expireState(state, startSeconds + 10).revocations).toEqual([]);
  });
});
