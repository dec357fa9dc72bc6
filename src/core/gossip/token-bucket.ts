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
    if (!hasTokens(this.tokens, count)) return false;
    this.tokens -= count;
    return true;
  }

  readyAtMs(nowMs: number): number {
    this.refill(nowMs);
    return this.tokens >= 1 ? nowMs : nowMs + Math.ceil(((1 - this.tokens) / this.rate.perSecond) * 1000);
  }

  private refill(nowMs: number): void {
    if (this.updatedAtMs !== 0) this.tokens = refilled(this.rate, this.tokens, nowMs - this.updatedAtMs);
    this.updatedAtMs = nowMs;
  }
}

/** What stands in a bucket so long after so many tokens stood in it; a clock that went back adds nothing. */
export function refilled({ burst, perSecond }: TokenRate, tokens: number, sinceMs: number): number {
  return Math.min(burst, tokens + (Math.max(0, sinceMs) / 1000) * perSecond);
}

/** Whether there are so many; sums of fractions fall a little short. */
export function hasTokens(tokens: number, count: number): boolean {
  return tokens + 1e-9 >= count;
}
