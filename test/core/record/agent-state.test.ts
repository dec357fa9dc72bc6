/** §3 and §5 of the protocol: fences, operations, tokens and revocations of one agent, joined. */
import { describe, expect, it } from 'vitest';
import { createRecovery, createRotation, createTombstone } from '../../../src/core/identity/key-events.ts';
import { bundleBytesMax } from '../../../src/core/limits.ts';
import {
  type AgentState,
  authorityState,
  encodeState,
  expireState,
  joinStates,
  stateDigest,
} from '../../../src/core/record/agent-state.ts';
import { compareAddrs } from '../../../src/core/record/fence-order.ts';
import { materialise } from '../../../src/core/record/merge.ts';
import type { Operation } from '../../../src/core/record/operation.ts';
import { decodeState } from '../../../src/core/record/stored-state.ts';
import {
  type Author,
  authorAt,
  authorNamed,
  fenceOf,
  operationOn,
  revocationOf,
  startSeconds,
  stateFrom,
  stateOfKeyEvents,
  tokenFor,
} from './fixtures.ts';

const author = authorNamed('joining');
const fence = fenceOf(author);
const publisher = tokenFor(author, 'publisher', { slot: 2, rights: 3 });
const writer = tokenFor(author, 'writer', { slot: 3 });

const join = (left: AgentState, right: AgentState, nowSeconds = startSeconds) =>
  joinStates(left, right, nowSeconds);
const joined = (...states: readonly AgentState[]): AgentState =>
  states.reduce((left, right) => join(left, right).state);
/** Both ways must agree before either is believed. */
const joinedEitherWay = (left: AgentState, right: AgentState): AgentState => {
  expect(encodeState(joined(left, right))).toEqual(encodeState(joined(right, left)));
  return joined(left, right);
};
const ordered = <Item extends { key: string }>(items: Item[]): [Item, Item] =>
  items.sort((left, right) => (left.key < right.key ? -1 : 1)) as [Item, Item];

function rotate(from: Author, name: string): Author {
  const rotation = createRotation({
    state: from.keyState,
    rotationSigner: from.key(`rotate ${from.keyState.sequence === 0 ? '0' : 'a'}`),
    signingKey: from.key(`sign ${name}`).publicKey,
    nextRotationKey: from.key(`rotate ${name}`).publicKey,
    issuedAt: startSeconds,
  });
  return authorAt([...from.keyEvents, rotation], from.key, `sign ${name}`);
}

describe('§3 order of fences on one establishment', () => {
  const stands = (left: ReturnType<typeof fenceOf>, right: ReturnType<typeof fenceOf>) =>
    joinedEitherWay(stateFrom(author, left), stateFrom(author, right)).addr;

  it('is iat first, a delegate’s fence over the controller’s too', () => {
    const later = fenceOf(author, { issuedAt: startSeconds + 1 });
    expect(stands(fence, later)).toEqual(later.addr);
    const delegated = fenceOf(author, { issuedAt: startSeconds + 1, token: publisher });
    expect(stands(fence, delegated)).toEqual(delegated.addr);
  });

  it('is then the lower slot: the controller may reuse a delegate’s iat and wins', () => {
    const delegated = fenceOf(author, { token: publisher });
    expect(stands(fence, delegated)).toEqual(fence.addr);
    const lower = fenceOf(author, { token: tokenFor(author, 'other', { slot: 1, rights: 2 }) });
    expect(stands(lower, delegated)).toEqual(lower.addr);
  });

  it('is then the lower body bytes', () => {
    const shorter = fenceOf(author, { ttlCode: 1 });
    expect(stands(fence, shorter)).toEqual(shorter.addr);
  });

  it('is then the lower signature', () => {
    const signature = fence.addr.signature.slice();
    signature[0]! ^= 0x80;
    const twin = { ...fence.addr, signature };
    const lower = signature[0]! < fence.addr.signature[0]! ? twin : fence.addr;
    expect(compareAddrs(fence.addr, twin) > 0 ? fence.addr : twin).toEqual(lower);
    expect(compareAddrs(fence.addr, twin)).toBe(-compareAddrs(twin, fence.addr));
  });

  it('is below a later establishment, which wins over any iat', () => {
    const later = rotate(author, 'a');
    const ahead = stateFrom(author, fenceOf(author, { issuedAt: startSeconds + 100 }));
    const behind = stateFrom(later, fenceOf(later, { issuedAt: startSeconds - 100 }));
    expect(joinedEitherWay(ahead, behind).addr).toEqual(behind.addr);
  });

  it('is idempotent on identical bytes, which never extend validity', () => {
    const state = stateFrom(author, fence);
    const outcome = join(state, stateFrom(author, fence), startSeconds + 1000);
    expect(outcome.state).toBe(state);
    expect(outcome.changed).toBe(false);
    expect(expireState(state, startSeconds + 48 * 3600 - 1)).toBe(state);
    expect(expireState(state, startSeconds + 48 * 3600).addr).toBeNull();
  });
});

describe('§3 an older fence', () => {
  it('changes nothing, wherever it is put again: rollback', () => {
    const operation = operationOn(author, fence.addr);
    const old = stateFrom(author, { ...fence, operations: [operation] });
    const current = stateFrom(author, fenceOf(author, { issuedAt: startSeconds + 1 }));
    expect(join(current, old)).toMatchObject({ state: current, changed: false });
    const later = rotate(author, 'a');
    const rekeyed = stateFrom(later, fenceOf(later));
    expect(join(rekeyed, old)).toMatchObject({ state: rekeyed, changed: false });
    const withoutFence = stateFrom(later);
    expect(join(withoutFence, old)).toMatchObject({ state: withoutFence, changed: false });
  });

  it('takes its operations with it: those on the old base drop', () => {
    const state = stateFrom(author, { ...fence, operations: [operationOn(author, fence.addr)] });
    const next = stateFrom(author, fenceOf(author, { issuedAt: startSeconds + 1 }));
    expect(joinedEitherWay(state, next).operations).toEqual([]);
  });
});

describe('§3 the state of operations', () => {
  const place = (values: readonly string[], options: Parameters<typeof operationOn>[2] = {}) =>
    values.map((value) => operationOn(author, fence.addr, { value, ...options }));

  it('keeps, for each signer and n, the operation with the lowest hash: equivocation neither diverges nor grows it', () => {
    const clones = place(Array.from({ length: 20 }, (_, index) => `https://clone.example/${index}`));
    const states = clones.map((operation) => stateFrom(author, { ...fence, operations: [operation] }));
    const [lowest] = ordered([...clones]);
    expect(joined(...states).operations).toEqual([lowest]);
    expect(joined(...states.reverse()).operations).toEqual([lowest]);
  });

  it('keeps all with another n, in the order of slot and n', () => {
    const own = [3, 1, 2].map((n) => operationOn(author, fence.addr, { n }));
    const delegated = operationOn(author, fence.addr, { token: writer });
    const state = stateFrom(author, { ...fence, delegations: [writer], operations: [delegated, ...own] });
    expect(state.operations.map(({ slot, n }) => [slot, n])).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [3, 1],
    ]);
  });

  it('has at most 8 signers with 8 operations each, and then still fits a bundle with the longest URLs', () => {
    const url = `https://a/${'x'.repeat(245)}`;
    const tokens = [1, 2, 3, 4, 5, 6, 7].map((slot) => tokenFor(author, `writer ${slot}`, { slot }));
    const operations: Operation[] = [undefined, ...tokens].flatMap((token) =>
      Array.from({ length: 8 }, (_, index) => {
        const said = { n: index + 1, value: url, left: new Uint8Array(16) };
        return operationOn(author, fence.addr, token === undefined ? said : { ...said, token });
      }),
    );
    const state = stateFrom(author, { ...fence, delegations: tokens, operations });
    expect(state.operations).toHaveLength(64);
    expect(encodeState(state).length).toBeLessThan(bundleBytesMax - 20_000);
  });

  it('counts, of several tokens for one slot, the one with the lowest hash', () => {
    const tokens = ordered(['one', 'other'].map((name) => tokenFor(author, name, { slot: 3 })));
    const states = tokens.map((token) =>
      stateFrom(author, {
        ...fence,
        delegations: [token],
        operations: [operationOn(author, fence.addr, { token })],
      }),
    ) as [AgentState, AgentState];
    expect(encodeState(joinedEitherWay(...states))).toEqual(encodeState(states[0]));
  });

  it('counts a key that holds two slots in both', () => {
    const twice = [4, 5].map((slot) => tokenFor(author, 'busy', { slot }));
    const operations = twice.map((token) => operationOn(author, fence.addr, { token }));
    expect(stateFrom(author, { ...fence, delegations: twice, operations }).operations).toEqual(operations);
  });

  it('keeps the token of a publisher beside the one that holds its slot', () => {
    const tokens = ordered(['one', 'other'].map((name) => tokenFor(author, name, { slot: 2, rights: 3 })));
    const delegated = stateFrom(author, fenceOf(author, { token: tokens[1], issuedAt: startSeconds + 1 }));
    const state = joinedEitherWay(delegated, stateFrom(author, { ...fence, delegations: [tokens[0]] }));
    expect(state.addr).toEqual(delegated.addr);
    expect(state.delegations).toEqual([tokens[1], tokens[0]]);
    const next = stateFrom(author, fenceOf(author, { issuedAt: startSeconds + 2 }));
    expect(joinedEitherWay(state, next).delegations).toEqual([tokens[0]]);
  });
});

describe('§3 strong removal', () => {
  const byWriter = operationOn(author, fence.addr, { token: writer, value: 'https://writer.example' });
  const onTop = operationOn(author, fence.addr, { value: 'https://top.example', field: 'adaptive' });
  const state = stateFrom(author, { ...fence, delegations: [writer], operations: [byWriter, onTop] });
  const revoked = stateFrom(author, { ...fence, revocations: [revocationOf(author, writer)] });

  it('drops a revoked writer’s un-fenced operations and token, and leaves the others’', () => {
    const after = joinedEitherWay(state, revoked);
    expect(after.operations).toEqual([onTop]);
    expect(after.delegations).toEqual([]);
    expect(materialise(after).fields.primary.origin).toBeNull();
  });

  it('is terminal: the revoked thing never comes back', () => {
    const after = joined(state, revoked, state, stateFrom(author, { ...fence, delegations: [writer] }));
    expect(encodeState(after)).toEqual(
      encodeState(joined(revoked, stateFrom(author, { ...fence, operations: [onTop] }))),
    );
  });

  it('drops an expired writer’s operations at the second of its end', () => {
    const brief = tokenFor(author, 'brief', { expiresAt: startSeconds + 60 });
    const operation = operationOn(author, fence.addr, { token: brief });
    const before = stateFrom(author, { ...fence, delegations: [brief], operations: [operation] });
    expect(expireState(before, startSeconds + 59)).toBe(before);
    expect(expireState(before, startSeconds + 60)).toMatchObject({
      delegations: [],
      operations: [],
      addr: fence.addr,
    });
  });

  it('ends a delegate’s fence with its token’s revocation; a controller’s fence sent along stands', () => {
    const delegated = stateFrom(author, fenceOf(author, { token: publisher, issuedAt: startSeconds + 1 }));
    const alone = stateFrom(author, { revocations: [revocationOf(author, publisher)] });
    expect(joinedEitherWay(delegated, alone).addr).toBeNull();
    const next = fenceOf(author, { issuedAt: startSeconds + 1 });
    const along = stateFrom(author, { ...next, revocations: [revocationOf(author, publisher)] });
    expect(joinedEitherWay(delegated, along).addr).toEqual(next.addr);
  });

  it('ends a delegate’s fence with its token’s expiry', () => {
    const brief = tokenFor(author, 'brief', { rights: 2, expiresAt: startSeconds + 60 });
    const delegated = stateFrom(author, fenceOf(author, { token: brief }));
    expect(expireState(delegated, startSeconds + 60)).toMatchObject({
      addr: null,
      urls: [],
      delegations: [],
    });
    const later = joinStates(
      stateFrom(author, fenceOf(author, { issuedAt: startSeconds - 1 })),
      delegated,
      startSeconds + 60,
    );
    expect(later.state.addr?.slot).toBe(0);
  });
});

describe('§0.4 one rotation invalidates what the old key signed', () => {
  const full = stateFrom(author, {
    ...fence,
    delegations: [writer],
    operations: [operationOn(author, fence.addr, { token: writer })],
    revocations: [revocationOf(author, publisher)],
  });

  it('drops record, grants, operations and revocations at once, and is a state like any other', () => {
    const later = rotate(author, 'a');
    const outcome = join(full, stateFrom(later));
    expect(outcome).toMatchObject({
      changed: true,
      keyLogChanged: true,
      revocationsChanged: true,
      recordChanged: true,
    });
    expect(outcome.state).toMatchObject({
      addr: null,
      urls: [],
      delegations: [],
      operations: [],
      revocations: [],
    });
    expect(outcome.state.keyState.status).toBe('active');
  });

  it('freezes the agent on duplicity, and a recovery before the fork gives it a record again', () => {
    const forks = ['a', 'b'].map((name) => stateFrom(rotate(author, name))) as [AgentState, AgentState];
    const frozen = joinedEitherWay(...forks);
    expect(frozen.keyState.status).toBe('forked');
    expect(joinedEitherWay(frozen, full)).toMatchObject({ addr: null, revocations: [] });
    const recovery = createRecovery({
      state: frozen.keyState,
      recoverySigner: author.key('recover 0'),
      signingKey: author.key('sign r').publicKey,
      nextRotationKey: author.key('rotate r').publicKey,
      nextRecoveryKey: author.key('recover r').publicKey,
      issuedAt: startSeconds,
    });
    const recovered = authorAt([...author.keyEvents, recovery], author.key, 'sign r');
    const back = stateFrom(recovered, fenceOf(recovered));
    expect(joinedEitherWay(frozen, back)).toMatchObject({ addr: back.addr });
    expect(joinedEitherWay(frozen, back).keyState.status).toBe('active');
  });

  it('ends with a tombstone', () => {
    const tombstone = createTombstone({
      state: author.keyState,
      signer: author.key('rotate 0'),
      reason: 'cessationOfOperation',
      issuedAt: startSeconds,
    });
    const ended = stateOfKeyEvents(author.keyState.agentId, [...author.keyEvents, tombstone]);
    expect(joinedEitherWay(full, ended)).toMatchObject({ addr: null, delegations: [], operations: [] });
    expect(join(ended, full)).toMatchObject({ state: ended, changed: false });
  });
});

describe('§5, §6 parts and bytes of a state', () => {
  const state = stateFrom(author, {
    ...fence,
    delegations: [writer],
    operations: [operationOn(author, fence.addr, { token: writer })],
    revocations: [revocationOf(author, publisher)],
  });

  it('has an authority part: key log and revocations only', () => {
    expect(authorityState(state)).toEqual({
      ...stateOfKeyEvents(author.keyState.agentId, author.keyEvents),
      revocations: state.revocations,
    });
  });

  it('has equal bytes and an equal digest of 16 bytes when it is equal', () => {
    const again = joinedEitherWay(stateFrom(author, fence), state);
    expect(stateDigest(again)).toEqual(stateDigest(state));
    expect(stateDigest(state)).toHaveLength(16);
    expect(stateDigest(authorityState(state))).not.toEqual(stateDigest(state));
  });

  it('comes back from its bytes', () => {
    expect(decodeState(encodeState(state))).toEqual(state);
  });

  it('is all new to a peer that holds nothing', () => {
    expect(joinStates(null, state, startSeconds)).toEqual({
      state,
      changed: true,
      keyLogChanged: true,
      revocationsChanged: true,
      recordChanged: true,
    });
    expect(joinStates(null, stateFrom(author), startSeconds)).toMatchObject({
      revocationsChanged: false,
      recordChanged: false,
    });
  });
});
