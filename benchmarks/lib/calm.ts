/** Waiting until what a starting network leaves running is done. */
import { setTimeout as delay } from 'node:timers/promises';

const windowMs = 500;
/** Share of one core below which this process counts as calm. */
const calmShare = 0.25;
const waitMsMax = 90_000;

/** Resolves once this process has used little of the processor for half a second, or after a minute and a half. */
export async function waitForCalm(): Promise<void> {
  const deadlineMs = performance.now() + waitMsMax;
  let share = 1;
  while (share > calmShare && performance.now() < deadlineMs) {
    const beganMs = performance.now();
    const before = process.cpuUsage();
    await delay(windowMs);
    const { user, system } = process.cpuUsage(before);
    share = (user + system) / 1000 / (performance.now() - beganMs);
  }
}
