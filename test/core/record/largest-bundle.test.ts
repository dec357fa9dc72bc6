/** §2: a bundle is at most 48 KiB, and the bounds of its parts keep every joined state within that. */
import { expect, it } from 'vitest';
import { createRecovery } from '../../../src/core/identity/key-events.ts';
import { createRevocation } from '../../../src/core/identity/revocation.ts';
import { bundleBytesMax, keyLogEventsMax } from '../../../src/core/limits.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { decodeBundle } from '../../../src/core/record/bundle-codec.ts';
import {
  type Author,
  authorAt,
  authorNamed,
  fenceOf,
  operationOn,
  startSeconds,
  stateFrom,
  tokenFor,
} from './fixtures.ts';

const longUrl = (end: string): string => `https://a/${end.padStart(245, 'x')}`;

/** A log of 32 events, each of the largest kind. */
function authorWithLongLog(): Author {
  let author = authorNamed('largest');
  for (let index = 1; index < keyLogEventsMax; index++) {
    const recovery = createRecovery({
      state: author.keyState,
      recoverySigner: author.key(`recover ${index - 1}`),
      signingKey: author.key(`sign ${index}`).publicKey,
      nextRotationKey: author.key(`rotate ${index}`).publicKey,
      nextRecoveryKey: author.key(`recover ${index}`).publicKey,
      issuedAt: startSeconds,
    });
    author = authorAt([...author.keyEvents, recovery], author.key, `sign ${index}`);
  }
  return author;
}

it('§2 the largest state that the bounds allow fits into 48 KiB', () => {
  const author = authorWithLongLog();
  const tokens = [1, 2, 3, 4, 5, 6, 7].map((slot) => tokenFor(author, `writer ${slot}`, { slot, rights: 3 }));
  const alternatives = [1, 2].map((nonce) =>
    tokenFor(author, 'twin', { slot: 7, rights: 3, nonce: new Uint8Array(8).fill(nonce) }),
  );
  const publisher = [...alternatives, tokens[6]!].sort((left, right) => (left.key < right.key ? 1 : -1))[0]!;
  const urls = { primary: longUrl('p'), private: longUrl('q'), adaptive: longUrl('r') };
  const fence = fenceOf(author, { urls, token: publisher, issuedAt: startSeconds });
  const counted = [...tokens, ...alternatives].filter(
    (token) =>
      !alternatives.concat(tokens[6]!).some((other) => other.slot === token.slot && other.key < token.key),
  );
  const operations = [undefined, ...counted].flatMap((token) =>
    Array.from({ length: 8 }, (_, index) => {
      const said = { n: index + 1, value: longUrl(`${index}`), left: new Uint8Array(16) };
      return operationOn(author, fence.addr, token === undefined ? said : { ...said, token });
    }),
  );
  const first = tokenFor(author, 'deputy', { slot: 0, rights: 4 + 16 });
  const second = tokenFor(author, 'under', {
    parent: first,
    signer: author.key('deputy'),
    slot: 0,
    rights: 4 + 16,
  });
  const revocations = Array.from({ length: 16 }, (_, index) => {
    const signer = author.key('under');
    const third = tokenFor(author, 'last', {
      parent: second,
      signer,
      slot: 0,
      rights: 16,
      nonce: new Uint8Array(8).fill(index),
    });
    const { agentId } = author.keyState;
    return createRevocation({
      ...{ agentId, kind: 'delegation', establishment: third.establishment, target: third.hash, depth: 2 },
      ...{ reason: 'superseded', issuedAt: startSeconds, expiresAt: third.expiresAt },
      chain: [first, second, third],
      signer,
    });
  });
  const state = stateFrom(author, {
    ...fence,
    delegations: [publisher, ...counted],
    operations,
    revocations,
  });
  expect([state.keyState.chain.length, state.delegations.length, state.operations.length]).toEqual([
    32, 8, 64,
  ]);
  expect(state.revocations).toHaveLength(16);
  const bytes = encodeState(state);
  expect(bytes.length).toBeLessThanOrEqual(bundleBytesMax);
  expect(bytes.length).toBeGreaterThan(bundleBytesMax - 3000);
  expect(decodeBundle(bytes).operations).toHaveLength(64);
});
