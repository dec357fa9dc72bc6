/** Who makes room among the blobs of a storing peer, and when they go (docs/protocol.md §7, decision 0016). */
import { describe, expect, it } from 'vitest';
import { contentExpiresAt, createContentLedger } from '../../../src/core/content/content-ledger.ts';
import { contentKeptSeconds, contentRowBytesMin } from '../../../src/core/limits.ts';
import { createRandom } from '../../../src/core/rng.ts';

const now = 1_790_000_000;
const row = (key: string, from: string, sizeBytes = 5_000, validUntil = now + 10 * contentKeptSeconds) => ({
  ...{ key, from, sizeBytes, validUntil },
  expiresAt: contentExpiresAt(validUntil, now),
});

describe('the ledger of contents', () => {
  it('makes room at the expense of who brought the most', () => {
    const ledger = createContentLedger(50_000);
    for (let index = 0; index < 8; index++)
      expect(ledger.put(row(`flood ${index}`, 'a flooder'))).toEqual([]);
    expect(ledger.put(row('one', 'an honest peer'))).toEqual([]);
    const dropped = ledger.put(row('large', 'a flooder', 20_000));
    expect(dropped.length).toBeGreaterThan(0);
    expect(dropped.every((key) => key.startsWith('flood'))).toBe(true);
    for (let index = 0; index < 100; index++) ledger.put(row(`more ${index}`, 'a flooder'));
    expect(ledger.get('one')).toBeDefined();
    expect(ledger.sizeBytes).toBeLessThanOrEqual(50_000);
  });

  it('counts a small one for a block', () => {
    const ledger = createContentLedger(10 * contentRowBytesMin);
    for (let index = 0; index < 1000; index++) ledger.put(row(`tiny ${index}`, 'a peer', 64));
    expect(ledger.size).toBe(10);
  });

  it('keeps what is sent again, not past the end of the credential', () => {
    const ledger = createContentLedger(50_000);
    ledger.put(row('long', 'a peer'));
    ledger.put(row('short', 'a peer', 5_000, now + contentKeptSeconds + 60));
    const nearEnd = now + contentKeptSeconds - 1;
    expect(ledger.renew('long', 'a peer', nearEnd)).toBe(true);
    expect(ledger.renew('short', 'a peer', nearEnd)).toBe(true);
    expect(ledger.renew('none', 'a peer', nearEnd)).toBe(false);
    expect(ledger.sweep(nearEnd + 10)).toEqual([]);
    expect(ledger.sweep(nearEnd + 61)).toEqual(['short']);
    expect(ledger.sweep(nearEnd + contentKeptSeconds)).toEqual(['long']);
    expect([ledger.size, ledger.sizeBytes]).toEqual([0, 0]);
  });

  it('does not renew what has ended', () => {
    const ledger = createContentLedger(50_000);
    ledger.put(row('a', 'a peer'));
    expect(ledger.renew('a', 'a peer', now + contentKeptSeconds)).toBe(false);
  });

  it('counts a blob for the lighter of those who bring it, so that nobody pulls it down by passing it on', () => {
    const ledger = createContentLedger(50_000);
    ledger.put(row('victim', 'an honest peer'));
    for (let index = 0; index < 8; index++) ledger.put(row(`flood ${index}`, 'a flooder'));
    expect(ledger.renew('victim', 'a flooder', now)).toBe(true);
    expect(ledger.get('victim')?.from).toBe('an honest peer');
    expect(ledger.renew('flood 0', 'a new peer', now)).toBe(true);
    expect(ledger.get('flood 0')?.from).toBe('a new peer');
  });

  it('has no debt left after any course of events', () => {
    const seed = Uint8Array.from({ length: 16 }, () => Math.floor(Math.random() * 256));
    const random = createRandom(seed);
    const ledger = createContentLedger(100_000);
    for (let step = 0; step < 3_000; step++) {
      const key = `blob ${random.below(60)}`;
      const from = `peer ${random.below(5)}`;
      const what = random.below(4);
      if (what === 0) ledger.drop(key);
      else if (what === 1) ledger.renew(key, from, now + random.below(2 * contentKeptSeconds));
      else ledger.put(row(key, from, random.below(30_000)));
      expect(ledger.sizeBytes, `seed ${Buffer.from(seed).toString('hex')}`).toBeLessThanOrEqual(100_000);
    }
    ledger.sweep(now + 100 * contentKeptSeconds);
    expect([ledger.size, ledger.sizeBytes]).toEqual([0, 0]);
  });
});
