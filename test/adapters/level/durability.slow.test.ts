/** F8, more often. */
import { describe, expect, it } from 'vitest';
import { assertKillsLoseNothing, cutPowerUnder } from './durability-check.ts';

describe('an acknowledged write', () => {
  it('survives kill -9 of its process in the middle of a stream of them, 20 times', async () => {
    expect(await assertKillsLoseNothing(20)).toBeGreaterThan(20_000);
  });

  it.for([500, 2000, 5000, 12_000, 30_000])(
    'survives a power cut after %d writes',
    async (count, context) => {
      const figures = await cutPowerUnder('weft', count);
      if ('refusal' in figures) return context.skip(figures.refusal);
      console.info(`power cut: ${figures.lost} of ${figures.acknowledged} acknowledged writes lost`);
      expect(figures.lost).toBe(0);
    },
  );
});
