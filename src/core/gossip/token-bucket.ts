/** A token bucket: `burst` at once, then `perSecond`. Time is an argument. */
export interface TokenBucket {
  /** Takes `count` tokens if there are so many. */
  take(nowMs: number, count?: number): boolean;
  /** When one token will be there, milliseconds since 1970. */
  readyAtMs(nowMs: number): number;
}

export interface TokenRate {
  readonly burst: number;
  readonly perSecond: number;
}

export function createTokenBucket(rate: TokenRate): TokenBucket {
  return new Bucket(rate);
}

/** A class, since functions of its own in each bucket take four times its memory: a peer has some for each neighbour. */
class Bucket implements TokenBucket {
  private readonly rate: TokenRate;
  private tokens: number;
  private updatedAtMs = 0;

  constructor(rate: TokenRate) {
    this.rate = rate;
    this.tokens = rate.burst;
  }

  take(nowMs: number, count = 1): boolean {
    this.refill(nowMs);
    if (this.tokens + 1e-9 < count) return false;
    this.tokens -= count;
    return true;
  }

  readyAtMs(nowMs: number): number {
    this.refill(nowMs);
    return this.tokens >= 1 ? nowMs : nowMs + Math.ceil(((1 - this.tokens) / this.rate.perSecond) * 1000);
  }

  private refill(nowMs: number): void {
    const { burst, perSecond } = this.rate;
    if (this.updatedAtMs !== 0)
      this.tokens = Math.min(burst, this.tokens + (Math.max(0, nowMs - this.updatedAtMs) / 1000) * perSecond);
    this.updatedAtMs = nowMs;
  }
}
