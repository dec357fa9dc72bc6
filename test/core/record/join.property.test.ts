/** §3: joining is a semilattice on what was received, under shuffles, duplicates, partitions and equivocation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundleBytesMax, bundleDelegationsMax, operationsMax } from '../../../src/core/limits.ts';
import { admitBundle } from '../../../src/core/record/admission.ts';
import {
  type AgentState,
  bundleOfState,
  encodeState,
  expireState,
  joinStates,
  stateDigest,
} from '../../../src/core/record/agent-state.ts';
import { decodeBundle } from '../../../src/core/record/bundle-codec.ts';
import { materialise } from '../../../src/core/record/merge.ts';
import { agentId, bundleFor, carefulHistories, joinSeconds, stateFor, wildHistories } from './universe.ts';

/** WEFT_PROPERTY_RUNS=10000 for a long look. */
const numRuns = Number(process.env['WEFT_PROPERTY_RUNS'] ?? 300);

const join = (left: AgentState, right: AgentState): AgentState => joinStates(left, right, joinSeconds).state;
const joinAll = (states: readonly AgentState[]): AgentState => states.reduce(join);
const hex = (state: AgentState): string => Buffer.from(encodeState(state)).toString('hex');

const keyLog = (state: AgentState): string => state.keyState.retained.map((event) => event.key).join();

function expectSame(left: AgentState, right: AgentState): void {
  expect(hex(left)).toBe(hex(right));
}

/** The states joined along a random binary tree. */
function joinTree(states: readonly AgentState[], splits: readonly number[]): AgentState {
  if (states.length === 1) return states[0]!;
  const [split = 0, ...rest] = splits;
  const at = 1 + (split % (states.length - 1));
  return join(joinTree(states.slice(0, at), rest), joinTree(states.slice(at), rest));
}

const shuffled = <Item>(histories: fc.Arbitrary<Item[]>) =>
  histories.chain((items) =>
    fc.record({
      items: fc.constant(items),
      again: fc.shuffledSubarray([...items, ...items], { minLength: items.length * 2 }),
      splits: fc.array(fc.nat({ max: 20 }), { minLength: 14, maxLength: 14 }),
    }),
  );

describe('§3 joining, where whoever revokes sends the controller’s fence along', () => {
  it('comes to the same in every order, with duplicates', () => {
    fc.assert(
      fc.property(shuffled(carefulHistories), ({ items, again }) => {
        expectSame(joinAll(again.map(stateFor)), joinAll(items.map(stateFor)));
      }),
      { numRuns },
    );
  });

  it('comes to the same in every grouping: partitions that heal', () => {
    fc.assert(
      fc.property(shuffled(carefulHistories), ({ items, again, splits }) => {
        expectSame(joinTree(again.map(stateFor), splits), joinAll(items.map(stateFor)));
      }),
      { numRuns },
    );
  });
});

describe('§3 joining, whatever anybody signs', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(wildHistories, wildHistories, (left, right) => {
        const [a, b] = [joinAll(left.map(stateFor)), joinAll(right.map(stateFor))];
        expectSame(join(a, b), join(b, a));
      }),
      { numRuns },
    );
  });

  it('is idempotent and absorbs what it has: the very same state, and no change', () => {
    fc.assert(
      fc.property(wildHistories, wildHistories, (left, right) => {
        const [a, b] = [joinAll(left.map(stateFor)), joinAll(right.map(stateFor))];
        const joined = join(a, b);
        for (const part of [a, b, joined]) {
          const outcome = joinStates(joined, part, joinSeconds);
          expect(outcome).toEqual({
            state: joined,
            changed: false,
            keyLogChanged: false,
            revocationsChanged: false,
            recordChanged: false,
          });
          expect(outcome.state).toBe(joined);
        }
      }),
      { numRuns },
    );
  });

  it('converges: replicas with any part of the history agree after they have exchanged what they have', () => {
    fc.assert(
      fc.property(
        wildHistories.chain((items) =>
          fc.array(fc.shuffledSubarray(items, { minLength: 1 }), { minLength: 2, maxLength: 4 }),
        ),
        (parts) => {
          let replicas = parts.map((part) => joinAll(part.map(stateFor)));
          const rounds = 3 * replicas.length;
          for (let round = 0; round < rounds; round++) {
            replicas = replicas.map((own, index) => join(own, replicas[(index + 1) % replicas.length]!));
          }
          for (const replica of replicas) expectSame(replica, replicas[0]!);
        },
      ),
      { numRuns },
    );
  });

  it('says what changed', () => {
    fc.assert(
      fc.property(wildHistories, wildHistories, (left, right) => {
        const before = joinAll(left.map(stateFor));
        const { state, ...said } = joinStates(before, joinAll(right.map(stateFor)), joinSeconds);
        const changed = hex(before) !== hex(state);
        const keyLogChanged = keyLog(before) !== keyLog(state);
        expect(said.changed).toBe(changed);
        expect(said.keyLogChanged).toBe(keyLogChanged);
        expect(said.changed).toBe(said.keyLogChanged || said.revocationsChanged || said.recordChanged);
        expect(Buffer.compare(stateDigest(before), stateDigest(state)) !== 0).toBe(changed);
      }),
      { numRuns },
    );
  });

  it('keeps the bounds, and its bytes decode to the same state', () => {
    fc.assert(
      fc.property(wildHistories, (items) => {
        const state = joinAll(items.map(stateFor));
        const bytes = encodeState(state);
        expect(bytes.length).toBeLessThanOrEqual(bundleBytesMax);
        expect(state.delegations.length).toBeLessThanOrEqual(bundleDelegationsMax);
        expect(state.operations.length).toBeLessThanOrEqual(operationsMax);
        expect(decodeBundle(bytes)).toEqual(bundleOfState(state));
        const admitted = admitBundle(decodeBundle(bytes), agentId, joinSeconds, null);
        expect(admitted.leftOut).toBeNull();
        expectSame(admitted.state, state);
      }),
      { numRuns },
    );
  });

  it('does not depend on what admission left out because of the held state', () => {
    fc.assert(
      fc.property(wildHistories, wildHistories, (left, right) => {
        let [plain, pruned] = [joinAll(left.map(stateFor)), joinAll(left.map(stateFor))];
        for (const recipe of right) {
          plain = join(plain, stateFor(recipe));
          pruned = join(pruned, admitBundle(bundleFor(recipe), agentId, joinSeconds, pruned).state);
        }
        expectSame(pruned, plain);
      }),
      { numRuns },
    );
  });

  it('merges fields that depend on the state alone', () => {
    fc.assert(
      fc.property(shuffled(carefulHistories), ({ items, again }) => {
        const [one, other] = [joinAll(items.map(stateFor)), joinAll(again.map(stateFor))];
        if (one.addr !== null) expect(materialise(one)).toEqual(materialise(other));
      }),
      { numRuns },
    );
  });

  it('expires to a state that joins to itself', () => {
    fc.assert(
      fc.property(wildHistories, fc.nat({ max: 200_000 }), (items, later) => {
        const state = joinAll(items.map(stateFor));
        const expired = expireState(state, joinSeconds + later);
        expect(expireState(expired, joinSeconds + later)).toBe(expired);
        expectSame(joinStates(expired, state, joinSeconds + later).state, expired);
      }),
      { numRuns },
    );
  });
});
