/** F8 end to end, at length. */
import { expect, it } from 'vitest';
import { killRounds } from './kill-rounds.ts';

it('loses nothing acknowledged to kill -9 during a stream of puts, 20 times (F8)', async () => {
  const { acknowledged, lost, unacknowledged } = await killRounds(20, (round) => 60 + ((round * 97) % 400));
  console.info(
    `F8: kill -9 of a daemon, 20 times: ${lost.length} of ${acknowledged} acknowledged puts lost (${unacknowledged} more were stored and not yet acknowledged)`,
  );
  expect(lost).toEqual([]);
  expect(acknowledged).toBeGreaterThan(3000);
});
