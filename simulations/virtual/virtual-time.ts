/**
 * Time and chance of a whole process, from a seed: timers, Date, performance, AbortSignal.timeout, Math.random and
 * crypto.getRandomValues. Install it before the network stack is loaded: some packages take their timers at import.
 * One timer fires at a time, and the promises that it settles have their turn before the next: nothing depends on how
 * fast the machine is, as long as nothing that runs waits for a thread or a socket. Modules that are loaded late are
 * waited for.
 */
import { install } from '@sinonjs/fake-timers';
import type { Chance } from '../lib/chance.ts';

export interface VirtualTime {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Timers that fired so far. */
  readonly fired: number;
  /** Resolves when everything that was due by then has happened. One call at a time. */
  runFor(durationMs: number): Promise<void>;
  /** Hears of what a timer's callback throws: the end of a real process. */
  onUncaught: (error: unknown) => void;
}

/** At which it is looked whether a task is through. */
const stepMs = 10;

/** For the rest of the process. */
export function installVirtualTime(startMs: number, chance: Chance): VirtualTime {
  const realTurn = globalThis.setImmediate;
  const turn = (): Promise<void> => new Promise((resolve) => realTurn(resolve));
  /** Promises, ticks and microtasks are through when the event loop comes round; a file that is read takes no time. */
  const settled = async (): Promise<void> => {
    do await turn();
    while (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq')));
  };
  const clock = install({
    now: startMs,
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'Date',
      'performance',
      'hrtime',
    ],
  });
  seedChance(chance);
  AbortSignal.timeout = (delayMs) => {
    const controller = new AbortController();
    const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    setTimeout(() => controller.abort(reason), delayMs);
    return controller.signal;
  };
  let fired = 0;

  const time: VirtualTime = {
    get nowMs() {
      return clock.now;
    },
    get fired() {
      return fired;
    },
    async runFor(durationMs) {
      let isOver = false;
      setTimeout(() => {
        isOver = true;
      }, durationMs);
      while (!isOver) {
        await settled();
        try {
          clock.next();
        } catch (error) {
          time.onUncaught(error);
        }
        fired++;
      }
      await settled();
    },
    onUncaught(error) {
      throw error;
    },
  };
  return time;
}

/** Time passes until the task is through. */
export async function whileTimePasses<Value>(time: VirtualTime, task: () => Promise<Value>): Promise<Value> {
  let isOver = false;
  const result = task().finally(() => {
    isOver = true;
  });
  // Of a failure whoever waits for the result is told.
  result.catch(() => {});
  while (!isOver) await time.runFor(stepMs);
  return result;
}

function seedChance(chance: Chance): void {
  const random = chance.stream('Math.random');
  Math.random = random.next;
  const bytes = chance.stream('crypto.getRandomValues');
  const getRandomValues = <Values extends ArrayBufferView | null>(values: Values): Values => {
    if (values === null) return values;
    const view = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let index = 0; index < view.length; index++) view[index] = bytes.below(256);
    return values;
  };
  Object.defineProperty(globalThis.crypto, 'getRandomValues', { value: getRandomValues });
}
