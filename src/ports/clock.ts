/** Time as the driver sees it; a simulation brings its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Calls back once after the delay; returns the cancellation. */
  schedule(delayMs: number, callback: () => void): () => void;
}
