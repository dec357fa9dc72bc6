/** One line on stderr that is written over while something long goes on; nothing where nobody watches. */
import type { Terminal } from '../terminal.ts';

const everyMs = 200;
const eraseLine = '\r\u001b[K';

export interface Progress {
  show(text: () => string): void;
  /** Takes the line away. */
  end(): void;
}

export function createProgress({ stderr, json }: Terminal): Progress {
  const isShown = stderr.isTTY === true && !json;
  let shownAtMs = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      if (!isShown || performance.now() - shownAtMs < everyMs) return;
      shownAtMs = performance.now();
      stderr.write(`${eraseLine}${text()}`);
    },
    end() {
      if (shownAtMs !== Number.NEGATIVE_INFINITY) stderr.write(eraseLine);
    },
  };
}
