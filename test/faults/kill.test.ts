/** F8 end to end: kill -9 of a daemon during a stream of acknowledged puts. The power cut is in the tests of the store. */
import { expect, it } from 'vitest';
import { killRounds } from './kill-rounds.ts';

it('loses nothing acknowledged to kill -9 during a stream of puts, 3 times (F8; stock: 8% to 46% lost at a power cut)', async () => {
  const { acknowledged, lost, unacknowledged } = await killRounds(3, (round) => 120 + 90 * round);
  console.info(
    `F8: kill -9 of a daemon, 3 times: ${lost.length} of ${acknowledged} acknowledged puts lost (${unacknowledged} more were stored and not yet acknowledged); stock LevelDB: 8% to 46% at a power cut`,
  );
  expect(lost).toEqual([]);
  expect(acknowledged).toBeGreaterThan(600);
});
