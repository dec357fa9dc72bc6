import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesEqual } from '../../../src/core/bytes.ts';
import { comparePages, pageAfter } from '../../../src/core/sync/pages.ts';

type Row = readonly [key: string, id: Uint8Array];

const rows = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3 })), {
    selector: ([agent]) => agent,
    maxLength: 50,
  })
  .map((pairs) => pairs.map(([agent, id]): Row => [agent.toString(16).padStart(64, '0'), Uint8Array.of(id)]));

function sorted(keys: Iterable<string>): string[] {
  return [...keys].sort();
}

describe('pages of ids', () => {
  it('name every difference of two sets once, whatever fits on a page (§6)', () => {
    fc.assert(
      fc.property(rows, rows, fc.integer({ min: 1, max: 9 }), (own, theirs, idsMax) => {
        const [pull, push]: [string[], string[]] = [[], []];
        let after: string | null = null;
        let pages = 0;
        do {
          const found = comparePages(
            pageAfter(own, after, idsMax),
            pageAfter(theirs, after, idsMax),
            bytesEqual,
          );
          pull.push(...found.pull);
          push.push(...found.push);
          expect(found.pull.length).toBeLessThanOrEqual(idsMax);
          expect(found.push.length).toBeLessThanOrEqual(idsMax);
          expect(found.end === null || after === null || found.end > after).toBe(true);
          after = found.end;
          pages++;
        } while (after !== null);
        const [ours, others] = [new Map(own), new Map(theirs)];
        const differing = theirs.filter(([key, id]) => ours.get(key)?.[0] !== id[0]);
        expect(sorted(pull)).toEqual(sorted(differing.map(([key]) => key)));
        expect(sorted(push)).toEqual(sorted([...ours.keys()].filter((key) => !others.has(key))));
        expect(pages).toBeLessThanOrEqual(1 + (own.length + theirs.length) / idsMax);
      }),
    );
  });
});
