/**
 * When this node could be told of changes, and when it could not: what it holds is as fresh as the last time at which
 * either it was confirmed or a full node was connected without a break since.
 */
import type { Clock } from '../ports/clock.ts';

/** Breaks that are remembered one by one; older ones count as one long break. */
const breaksMax = 256;

export interface Contact {
  /** True while a full node is connected. */
  readonly isConnected: boolean;
  /** Since when no full node is connected, milliseconds since 1970; null while one is. */
  readonly offlineSinceMs: number | null;
  connected(): void;
  lost(): void;
  /** How long something that was confirmed then may have been overtaken unheard. */
  unheardMs(confirmedAtMs: number): number;
}

interface Break {
  readonly fromMs: number;
  toMs: number;
}

export function createContact(clock: Clock): Contact {
  const breaks: Break[] = [{ fromMs: clock.nowMs(), toMs: Number.POSITIVE_INFINITY }];

  const open = (): Break | null => {
    const last = breaks.at(-1);
    return last !== undefined && last.toMs === Number.POSITIVE_INFINITY ? last : null;
  };

  return {
    get isConnected() {
      return open() === null;
    },
    get offlineSinceMs() {
      return open()?.fromMs ?? null;
    },
    connected() {
      const last = open();
      if (last !== null) last.toMs = clock.nowMs();
    },
    lost() {
      if (open() !== null) return;
      breaks.push({ fromMs: clock.nowMs(), toMs: Number.POSITIVE_INFINITY });
      if (breaks.length > breaksMax) {
        const [first, second] = breaks.splice(0, 2);
        breaks.unshift({ fromMs: first!.fromMs, toMs: second!.toMs });
      }
    },
    unheardMs(confirmedAtMs) {
      const first = breaks.find(({ toMs }) => toMs > confirmedAtMs);
      return first === undefined ? 0 : Math.max(0, clock.nowMs() - Math.max(first.fromMs, confirmedAtMs));
    },
  };
}
