/**
 * The newest checkpoint for who asks: over all that was accepted, but at most one a second is made for questions, so that
 * nobody makes this node write by asking.
 */
import type { Clock } from '../../ports/clock.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import type { AuditLog } from './audit-log.ts';
import type { LogQueue } from './log-queue.ts';

const spacingMs = 1000;

export function createFreshLog(
  log: Pick<AuditLog, 'seal' | 'checkpoint'>,
  queue: Pick<LogQueue, 'length'>,
  clock: Clock,
): { checkpoint(): Promise<Checkpoint> } {
  let sealedAtMs = Number.NEGATIVE_INFINITY;
  let sealing: Promise<Checkpoint> | null = null;

  async function seal(): Promise<Checkpoint> {
    const waitMs = sealedAtMs + spacingMs - clock.nowMs();
    if (waitMs > 0 && waitMs <= spacingMs)
      await new Promise<void>((resolve) => void clock.schedule(waitMs, resolve));
    sealedAtMs = clock.nowMs();
    return log.seal();
  }

  return {
    checkpoint() {
      if (queue.length === 0) return log.checkpoint();
      sealing ??= seal().finally(() => {
        sealing = null;
      });
      return sealing;
    },
  };
}
