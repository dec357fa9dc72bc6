/** F8: what the store acknowledged survives kill -9 and a power cut. */
import { describe, expect, it } from 'vitest';
import { assertKillsLoseNothing, cutPowerUnder } from './durability-check.ts';

describe('an acknowledged write', () => {
  it('survives kill -9 of its process in the middle of a stream of them, 3 times', async () => {
    expect(await assertKillsLoseNothing(3)).toBeGreaterThan(900);
  });

  it('survives a power cut (F8), where LevelDB with its defaults loses acknowledged writes', async (context) => {
    const ours = await cutPowerUnder('weft', 3000);
    const stock = await cutPowerUnder('stock', 16_000);
    if ('refusal' in ours) return context.skip(ours.refusal);
    if ('refusal' in stock) return context.skip(stock.refusal);
    const percent = ((100 * stock.lost) / stock.acknowledged).toFixed(1);
    console.info(
      `F8: power cut: weft lost ${ours.lost} of ${ours.acknowledged} acknowledged writes; ` +
        `LevelDB with its defaults lost ${stock.lost} of ${stock.acknowledged} (${percent}%; known: 8% to 46%)`,
    );
    expect(ours.lost).toBe(0);
    expect(stock.lost).toBeGreaterThan(0);
  });
});
