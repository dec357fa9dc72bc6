/** Fork choice over many more and larger trees than the quick properties. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseLog } from '../../../src/core/identity/fork-choice.ts';
import { closedSubsets, eventTrees } from './event-trees.ts';

it('§1: chooses the same from what peers retain as from all that they saw, 50,000 trees', () => {
  const parts = eventTrees(80).chain((tree) =>
    fc
      .tuple(closedSubsets(tree), closedSubsets(tree), closedSubsets(tree))
      .map((subsets) => ({ tree, subsets })),
  );
  fc.assert(
    fc.property(parts, ({ tree, subsets }) => {
      const retained = subsets.flatMap((events) => chooseLog(tree.agentId, events).retained);
      const joined = chooseLog(tree.agentId, retained);
      const direct = chooseLog(tree.agentId, subsets.flat());
      expect(joined.status).toBe(direct.status);
      expect(joined.retained.map((event) => event.key)).toEqual(direct.retained.map((event) => event.key));
    }),
    { numRuns: 50_000 },
  );
});
