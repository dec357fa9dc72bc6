/** Fork choice is a join: the properties of §1 over random trees with equivocation of every kind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseLog, type KeyState } from '../../../src/core/identity/fork-choice.ts';
import type { KeyEvent } from '../../../src/core/identity/key-event.ts';
import { keyLogEventsMax, keyLogRetainedEventsMax } from '../../../src/core/limits.ts';
import { closedSubsets, type EventTree, eventTrees } from './event-trees.ts';

const numRuns = 400;
const treeSizeMax = 40;

/** Everything that a state says, as text that compares. */
function summary(state: KeyState): object {
  const keys = (events: readonly KeyEvent[]): string[] =>
    events.map((event) => Buffer.from(event.bytes).toString('hex'));
  return {
    ...state,
    chain: keys(state.chain),
    head: state.head.key,
    proof: state.proof && keys(state.proof),
    retained: keys(state.retained),
  };
}

function expectSame(left: KeyState, right: KeyState): void {
  expect(summary(left)).toEqual(summary(right));
}

/** A tree and some subsets of it, each with its ancestors. */
function treesWithParts(parts: number): fc.Arbitrary<{ tree: EventTree; subsets: KeyEvent[][] }> {
  return eventTrees(treeSizeMax).chain((tree) =>
    fc
      .array(closedSubsets(tree), { minLength: parts, maxLength: parts })
      .map((subsets) => ({ tree, subsets })),
  );
}

describe('fork choice as a join (§1)', () => {
  it('is independent of arrival order and of duplicates', () => {
    const shuffled = eventTrees(treeSizeMax).chain((tree) =>
      fc
        .shuffledSubarray([...tree.events, ...tree.events], { minLength: tree.events.length * 2 })
        .map((events) => ({ tree, events })),
    );
    fc.assert(
      fc.property(shuffled, ({ tree, events }) => {
        expectSame(chooseLog(tree.agentId, events), chooseLog(tree.agentId, tree.events));
      }),
      { numRuns },
    );
  });

  it('is idempotent: what it retains chooses the same state', () => {
    fc.assert(
      fc.property(eventTrees(treeSizeMax), (tree) => {
        const state = chooseLog(tree.agentId, tree.events);
        expectSame(chooseLog(tree.agentId, state.retained), state);
      }),
      { numRuns },
    );
  });

  it('loses nothing by the projection: chooseLog(retained(A) ∪ B) = chooseLog(A ∪ B)', () => {
    fc.assert(
      fc.property(treesWithParts(2), ({ tree, subsets: [a, b] }) => {
        const { retained } = chooseLog(tree.agentId, a!);
        expectSame(chooseLog(tree.agentId, [...retained, ...b!]), chooseLog(tree.agentId, [...a!, ...b!]));
      }),
      { numRuns: numRuns * 3 },
    );
  });

  it('is commutative and associative over what peers retain', () => {
    fc.assert(
      fc.property(treesWithParts(3), ({ tree, subsets }) => {
        const [a, b, c] = subsets.map((events) => chooseLog(tree.agentId, events)) as [
          KeyState,
          KeyState,
          KeyState,
        ];
        const join = (left: KeyState, right: KeyState): KeyState =>
          chooseLog(tree.agentId, [...left.retained, ...right.retained]);
        expectSame(join(a, b), join(b, a));
        expectSame(join(join(a, b), c), join(a, join(b, c)));
      }),
      { numRuns },
    );
  });

  it('brings partitioned peers together whatever each saw and in whatever order they meet', () => {
    const partitions = treesWithParts(4).chain(({ tree, subsets }) =>
      fc
        .array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })), { maxLength: 12 })
        .map((meetings) => ({ tree, subsets, meetings })),
    );
    fc.assert(
      fc.property(partitions, ({ tree, subsets, meetings }) => {
        const peers = subsets.map((events) => chooseLog(tree.agentId, events).retained);
        const meet = (left: number, right: number): void => {
          const joined = chooseLog(tree.agentId, [...peers[left]!, ...peers[right]!]).retained;
          peers[left] = joined;
          peers[right] = joined;
        };
        for (const [left, right] of meetings) meet(left, right);
        for (const peer of [1, 2, 3]) meet(0, peer);
        const all = chooseLog(tree.agentId, subsets.flat());
        expectSame(chooseLog(tree.agentId, peers[0]!), all);
      }),
      { numRuns },
    );
  });

  it('meets every row of its table in these trees', () => {
    const states = fc
      .sample(eventTrees(treeSizeMax), { numRuns: 1000, seed: 1 })
      .map((tree) => chooseLog(tree.agentId, tree.events));
    const count = (isSeen: (state: KeyState) => boolean): number => states.filter(isSeen).length;
    const provedBy = (state: KeyState): string =>
      (state.proof ?? []).map((event) => event.body.type).join(' ');
    const isRotation = (text: string): boolean => /^(rot|tomb) (rot|tomb)$/.test(text);
    expect(count((state) => /rec/.test(provedBy(state)))).toBeGreaterThan(50);
    expect(count((state) => isRotation(provedBy(state)))).toBeGreaterThan(50);
    expect(
      count((state) => isRotation(provedBy(state)) && state.retained.length > state.chain.length + 2),
    ).toBeGreaterThan(20);
    expect(count((state) => state.status === 'tombstoned')).toBeGreaterThan(50);
    expect(count((state) => state.status === 'active' && state.chain.length > 3)).toBeGreaterThan(50);
    const generations = (state: KeyState): number =>
      state.chain.filter((event) => event.body.type === 'rec').length;
    expect(count((state) => generations(state) > 1)).toBeGreaterThan(20);
  });

  it('stays within its bounds: 32 events on the chain, 96 retained', () => {
    fc.assert(
      fc.property(eventTrees(160), (tree) => {
        const state = chooseLog(tree.agentId, tree.events);
        expect(state.chain.length).toBeLessThanOrEqual(keyLogEventsMax);
        expect(state.retained.length).toBeLessThanOrEqual(keyLogRetainedEventsMax);
        expect(state.status === 'forked').toBe(state.proof !== null);
        expect(state.signingKey === null).toBe(state.status !== 'active');
      }),
      { numRuns: 100 },
    );
  });
});
