/** What happened in a run, in order: a hash over all of it, and the last of what a person would tell. */
import { createHash } from 'node:crypto';

export interface Trace {
  /** One of very many: goes into the hash alone. */
  note(what: string): void;
  /** Something worth telling, with the time: who, what. */
  tell(who: string, what: string): void;
  readonly count: number;
  /** Lines with the seconds of virtual time, oldest first; at most `storyLinesMax`, and a few after `keep`. */
  story(): readonly string[];
  /** Something is wrong: what led to it stays in the story. Only the first call counts. */
  keep(): void;
  hash(): string;
}

export const storyLinesMax = 60;
const joinedMax = 512;
/** Lines of the story after something went wrong. */
const afterwardsMax = 5;

export function createTrace(startMs: number, nowMs: () => number): Trace {
  const hash = createHash('sha256');
  const lines: string[] = [];
  let waiting: string[] = [];
  let count = 0;
  let linesLeft = Number.POSITIVE_INFINITY;

  function note(what: string): void {
    count++;
    waiting.push(`${nowMs() - startMs} ${what}\n`);
    if (waiting.length >= joinedMax) flush();
  }

  function flush(): void {
    hash.update(waiting.join(''));
    waiting = [];
  }

  return {
    note,
    tell(who, what) {
      note(`${who} ${what}`);
      if (linesLeft-- <= 0) return;
      lines.push(`${((nowMs() - startMs) / 1000).toFixed(3).padStart(8)} s  ${who.padEnd(10)} ${what}`);
      if (lines.length > storyLinesMax && linesLeft === Number.POSITIVE_INFINITY) lines.shift();
    },
    get count() {
      return count;
    },
    story: () => [...lines],
    keep() {
      linesLeft = Math.min(linesLeft, afterwardsMax);
    },
    hash() {
      flush();
      return hash.copy().digest('hex').slice(0, 16);
    },
  };
}
