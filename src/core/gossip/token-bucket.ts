/** A token bucket: `burst` at once, then `perSecond`. Time is an argument. */
export interface TokenBucket {
  /** Takes `count` tokens if there are so many. */
  take(nowMs: number, count?: number): boolean;
  /** When one token will be there, milliseconds since 1970. */
  readyAtMs(nowMs: number): number;
}

export function createTokenBucket(options: {
  readonly burst: number;
  readonly perSecond: number;
}): TokenBucket {
  const { burst, perSecond } = options;
  let tokens = burst;
  let updatedAtMs = 0;

  function refill(nowMs: number): void {
    if (updatedAtMs !== 0)
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - updatedAtMs) / 1000) * perSecond);
    updatedAtMs = nowMs;
  }

  return {
    take(nowMs, count = 1) {
      refill(nowMs);
      if (tokens + 1e-9 < count) return false;
      tokens -= count;
      return true;
    },
    readyAtMs(nowMs) {
      refill(nowMs);
      return tokens >= 1 ? nowMs : nowMs + Math.ceil(((1 - tokens) / perSecond) * 1000);
    },
  };
}
