/**
 * When each thing that is kept alive has its turn: one timer, through the clock, at the earliest time, and a few tasks at
 * once, so that many of them do not use up the quota of their storing peers in one moment.
 * Source: docs/protocol.md §4 (publishers re-fence at 22 h).
 */
import { type AgentAddr, addrExpiresAt } from '../core/record/agent-addr.ts';
import type { Clock } from '../ports/clock.ts';

export interface CustodySchedule {
  /** Replaces what was set for the key. */
  set(key: string, dueAtMs: number): void;
  remove(key: string): void;
  /** No task begins any more. */
  stop(): void;
  readonly size: number;
  /** When the earliest is due, milliseconds since 1970; null when nothing is planned. Looks at all of them. */
  nextMs(): number | null;
}

/** A record is fenced again at the latest when this part of its validity is over. */
const validityShareMax = 0.45;
/** Timers hold at most 2^31 ms; an early look is harmless. */
const delayMsMax = 24 * 3600 * 1000;
/** More wait. */
const tasksMax = 4;

/** Milliseconds since 1970. @param refenceSeconds the node's setting. */
export function refenceDueAtMs(addr: AgentAddr, refenceSeconds: number): number {
  const validity = addrExpiresAt(addr) - addr.issuedAt;
  return (addr.issuedAt + Math.floor(Math.min(refenceSeconds, validity * validityShareMax))) * 1000;
}

/** @param run called once for each key whose time has come, which is no longer scheduled then; never rejects */
export function createCustodySchedule(clock: Clock, run: (key: string) => Promise<void>): CustodySchedule {
  // Both bounded by what is kept alive.
  const dueByKey = new Map<string, number>();
  const waiting: string[] = [];
  let running = 0;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let cancel = (): void => {};
  let isStopped = false;

  function wakeBy(timeMs: number): void {
    if (isStopped || timeMs >= wakeAtMs) return;
    cancel();
    wakeAtMs = timeMs;
    cancel = clock.schedule(Math.min(delayMsMax, Math.max(0, timeMs - clock.nowMs())), wake);
  }

  function wake(): void {
    wakeAtMs = Number.POSITIVE_INFINITY;
    const nowMs = clock.nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    const due: string[] = [];
    for (const [key, timeMs] of dueByKey) {
      if (timeMs <= nowMs) due.push(key);
      else nextMs = Math.min(nextMs, timeMs);
    }
    for (const key of due) dueByKey.delete(key);
    wakeBy(nextMs);
    waiting.push(...due);
    runNext();
  }

  function runNext(): void {
    while (running < tasksMax) {
      const key = waiting.shift();
      if (key === undefined) return;
      running++;
      void run(key).finally(() => {
        running--;
        runNext();
      });
    }
  }

  return {
    set(key, dueAtMs) {
      dueByKey.set(key, dueAtMs);
      wakeBy(dueAtMs);
    },
    remove: (key) => void dueByKey.delete(key),
    stop() {
      isStopped = true;
      cancel();
      dueByKey.clear();
      waiting.length = 0;
    },
    get size() {
      return dueByKey.size;
    },
    nextMs() {
      let nextMs = Number.POSITIVE_INFINITY;
      for (const timeMs of dueByKey.values()) nextMs = Math.min(nextMs, timeMs);
      return dueByKey.size === 0 ? null : nextMs;
    },
  };
}
