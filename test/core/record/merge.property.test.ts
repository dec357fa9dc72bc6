/** §3: the merge by Yjs against a model of it in a few lines, over random operations in random orders. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { joinStates } from '../../../src/core/record/agent-state.ts';
import { fieldNames } from '../../../src/core/record/field.ts';
import { materialise, operationClient, placeOperations, yjsUpdates } from '../../../src/core/record/merge.ts';
import type { Operation } from '../../../src/core/record/operation.ts';
import { rootMapName } from '../../../src/core/record/yjs-update.ts';
import { authorNamed, fenceOf, operationOn, startSeconds, stateFrom, tokenFor } from './fixtures.ts';

/** WEFT_PROPERTY_RUNS=10000 for a long look. */
const numRuns = Number(process.env['WEFT_PROPERTY_RUNS'] ?? 300);
const author = authorNamed('merge model');
const fence = fenceOf(author, { urls: { primary: 'https://fence.example', adaptive: 'did:a:b' } });
const tokens = [1, 2, 3].map((slot) => tokenFor(author, `writer ${slot}`, { slot }));

interface Step {
  readonly slot: number;
  readonly n: number;
  readonly field: number;
  readonly value: number;
  /** Which earlier operation it overwrites; 0: none. */
  readonly left: number;
}

const steps = fc.array(
  fc.record({
    slot: fc.nat({ max: 3 }),
    n: fc.integer({ min: 1, max: 8 }),
    field: fc.nat({ max: 3 }),
    value: fc.nat({ max: 15 }),
    left: fc.nat({ max: 8 }),
  }),
  { maxLength: 32 },
);

/** Operations that overwrite earlier ones at random, of any field and slot. */
function operationsOf(history: readonly Step[]): Operation[] {
  const operations: Operation[] = [];
  for (const { slot, n, field, value, left } of history) {
    const name = fieldNames[field]!;
    const said = {
      n,
      field: name,
      value: name === 'ttl' ? value : value === 0 ? null : `https://op.example/${value}`,
      left: left === 0 ? null : (operations.at(-left)?.digest16 ?? new Uint8Array(16)),
    };
    const token = tokens[slot - 1];
    operations.push(operationOn(author, fence.addr, token === undefined ? said : { ...said, token }));
  }
  return operations;
}

/**
 * The model: from the fence's value down, always to the child with the highest client, until there is none. A child's
 * parent is the counted operation of its field that `left` names (of slot 0, for slot 0), else the fence.
 */
function modelWinner(operations: readonly Operation[], field: string): Operation | null {
  const own = operations.filter((operation) => operation.field === field);
  const parentOf = (operation: Operation): Operation | null => {
    const left = own.find(
      (other) => operation.left !== null && Buffer.compare(other.digest16, operation.left) === 0,
    );
    return left === undefined || (operation.slot === 0 && left.slot !== 0) ? null : left;
  };
  let winner: Operation | null = null;
  for (;;) {
    const children = own.filter((operation) => parentOf(operation) === winner);
    const [highest] = children.sort((left, right) => operationClient(right) - operationClient(left));
    if (highest === undefined) return winner;
    winner = highest;
  }
}

it('§3 agrees with the model, in every order and from partial deliveries', () => {
  const deliveries = steps.chain((history) =>
    fc.record({
      history: fc.constant(history),
      order: fc.shuffledSubarray(
        history.map((_, index) => index),
        { minLength: history.length },
      ),
      parts: fc.array(fc.subarray(history.map((_, index) => index)), { minLength: 1, maxLength: 4 }),
    }),
  );
  fc.assert(
    fc.property(deliveries, ({ history, order, parts }) => {
      const operations = operationsOf(history);
      const stateOf = (indexes: readonly number[]) =>
        stateFrom(author, {
          ...fence,
          delegations: tokens,
          operations: indexes.map((index) => operations[index]!),
        });
      const whole = stateOf(order);
      const { fields, counted } = materialise(whole);
      for (const field of fieldNames)
        expect(fields[field].origin).toEqual(modelWinner(whole.operations, field));
      expect(counted).toEqual(whole.operations.map((operation) => operation.key));
      const inParts = [...parts, order].map(stateOf);
      const joined = inParts.reduce((left, right) => joinStates(left, right, startSeconds).state);
      expect(materialise(joined)).toEqual({ fields, counted });
    }),
    { numRuns },
  );
});

it('§3 does not depend on the order in which the updates reach Yjs, and leaves none pending', () => {
  const shuffled = steps.chain((history) =>
    fc.record({
      history: fc.constant(history),
      order: fc.shuffledSubarray(
        [...history.keys(), ...[0, 1, 2, 3].map((index) => history.length + index)],
        {
          minLength: history.length + 4,
        },
      ),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ history, order }) => {
      const { operations } = stateFrom(author, {
        ...fence,
        delegations: tokens,
        operations: operationsOf(history),
      });
      const updates = yjsUpdates(fence.addr, fence.urls, placeOperations(operations));
      const [document, other] = [new Y.Doc(), new Y.Doc()];
      for (const update of updates) Y.applyUpdate(document, update);
      for (const index of order) if (updates[index] !== undefined) Y.applyUpdate(other, updates[index]);
      expect(document.store.pendingStructs).toBeNull();
      expect(document.getMap(rootMapName).toJSON()).toEqual(materialisedValues(operations));
      expect(other.store.pendingStructs).toBeNull();
      expect(other.getMap(rootMapName).toJSON()).toEqual(document.getMap(rootMapName).toJSON());
    }),
    { numRuns },
  );
});

function materialisedValues(operations: readonly Operation[]): Record<string, unknown> {
  const { fields } = materialise({ ...fence, operations });
  const { primary, private: privateFacts, adaptive, ttl } = fields;
  return { primary: primary.value, private: privateFacts.value, adaptive: adaptive.value, ttl: ttl.code };
}
