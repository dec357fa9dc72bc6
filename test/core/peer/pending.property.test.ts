import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPending } from '../../../src/core/peer/pending.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 1);

describe(`what waits for an answer (seed ${seed})`, () => {
  it('is taken once, under its own number, whatever else comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('add'), fc.nat(40)), { maxLength: 400 }), (steps) => {
        const pending = createPending<string>();
        const expected = new Map<number, string>();
        let latest = 0;
        for (const [index, step] of steps.entries()) {
          if (step === 'add') {
            const id = pending.add(`waiting ${index}`);
            expect(id).toBeGreaterThan(latest);
            latest = id;
            expected.set(id, `waiting ${index}`);
          } else {
            const id = [...expected.keys()][Number(step) % Math.max(1, expected.size)] ?? latest + 1;
            expect(pending.take(id)).toBe(expected.get(id));
            expected.delete(id);
            expect(pending.take(id)).toBeUndefined();
          }
          expect(pending.size()).toBe(expected.size);
        }
      }),
      { seed },
    );
  });

  it('is gone once all is taken out', () => {
    const pending = createPending<number>();
    const ids = [pending.add(1), pending.add(2), pending.add(3)];
    expect(pending.drain()).toEqual([1, 2, 3]);
    expect([pending.size(), ...ids.map((id) => pending.take(id))]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
