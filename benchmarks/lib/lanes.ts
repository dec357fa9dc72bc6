/** Batches that several lanes work through at once. */

/** Runs `work` on the batch numbers 0 to `count - 1`, `lanes` at a time, in order of their start. */
export async function runInLanes(
  count: number,
  lanes: number,
  work: (batch: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}
