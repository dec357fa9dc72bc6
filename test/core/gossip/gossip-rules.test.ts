/** Gossip admission and budgets (docs/protocol.md §5). */
import { describe, expect, it } from 'vitest';
import { gossipVerdict } from '../../../src/core/gossip/admit.ts';
import { gossipTopic, gossipTopics, readGossipTopic } from '../../../src/core/gossip/announcement.ts';
import { createGossipBudgets } from '../../../src/core/gossip/budgets.ts';
import { createTokenBucket } from '../../../src/core/gossip/token-bucket.ts';

describe('topics', () => {
  it('are 16, by the top 4 bits of the aid (§5)', () => {
    const topics = gossipTopics('/weft');
    expect(new Set(topics).size).toBe(16);
    expect(topics).toContain('/weft/1/rev/a');
    expect(gossipTopic('/weft', Uint8Array.of(0xa7, ...new Uint8Array(31)))).toBe('/weft/1/rev/a');
    expect(topics.map((topic) => readGossipTopic('/weft', topic))).toEqual([...topics.keys()]);
    for (const other of ['/weft/1/rev/', '/weft/1/rev/g', '/weft/1/rev/A', '/weft/1/rev/00', '/left/1/rev/0'])
      expect(readGossipTopic('/weft', other)).toBe(-1);
  });
});

describe('the verdict on a message', () => {
  it('rejects what no honest neighbour sends, and penalises for it (§5)', () => {
    for (const code of [
      'too-large',
      'not-canonical',
      'wrong-shape',
      'bad-signature',
      'bad-key-log',
    ] as const) {
      expect(gossipVerdict(code, [], true)).toBe('reject');
    }
  });
  it('ignores what is in the state already, and what is over budget (§5)', () => {
    expect(gossipVerdict(null, [], true)).toBe('ignore');
    expect(gossipVerdict(null, ['changed'], true)).toBe('ignore');
    expect(gossipVerdict(null, ['rotated'], false)).toBe('ignore');
    expect(gossipVerdict('busy', [], true)).toBe('ignore');
  });
  it('accepts what is new and proves itself (§5)', () => {
    expect(gossipVerdict(null, ['tombstoned'], true)).toBe('accept');
  });
});

describe('budgets per agent', () => {
  it('let 3 rotations through at once, then one an hour (§5)', () => {
    const budgets = createGossipBudgets();
    const now = 1_000_000;
    const spend = (atMs: number) => budgets.spend('agent', ['rotated'], atMs);
    expect([spend(now), spend(now), spend(now), spend(now)]).toEqual([true, true, true, false]);
    expect(spend(now + 3_599_000)).toBe(false);
    expect(spend(now + 2 * 3_600_000)).toBe(true);
    expect(budgets.spend('another', ['rotated'], now)).toBe(true);
  });
  it('let 10 revocations a minute through (§5)', () => {
    const budgets = createGossipBudgets();
    const results = Array.from({ length: 11 }, () => budgets.spend('agent', ['delegation-revoked'], 5_000));
    expect(results.filter(Boolean)).toHaveLength(10);
    expect(budgets.spend('agent', ['delegation-revoked'], 5_000 + 6_001)).toBe(true);
  });
  it('never throttle a recovery, a tombstone or a proof of duplicity (§5)', () => {
    const budgets = createGossipBudgets();
    for (let index = 0; index < 20; index++) budgets.spend('agent', ['rotated'], 1_000);
    for (const change of ['recovered', 'tombstoned', 'forked'] as const) {
      expect(budgets.spend('agent', [change], 1_000)).toBe(true);
    }
  });
  it('say when there is budget again', () => {
    const budgets = createGossipBudgets();
    for (let index = 0; index < 3; index++) budgets.spend('agent', ['rotated'], 1_000);
    const readyAtMs = budgets.readyAtMs('agent', 1_000);
    expect(readyAtMs).toBe(1_000 + 3_600_000);
    expect(budgets.spend('agent', ['rotated'], readyAtMs)).toBe(true);
  });
});

describe('a token bucket', () => {
  it('gives its burst at once and refills with time, never over the burst', () => {
    const bucket = createTokenBucket({ burst: 5, perSecond: 10 });
    expect(bucket.take(1, 5)).toBe(true);
    expect(bucket.take(1)).toBe(false);
    expect(bucket.take(101)).toBe(true);
    expect(bucket.take(1_000_000, 6)).toBe(false);
    expect(bucket.take(1_000_000, 5)).toBe(true);
  });
  it('is not emptied by a clock that steps back', () => {
    const bucket = createTokenBucket({ burst: 2, perSecond: 1 });
    expect(bucket.take(10_000)).toBe(true);
    expect(bucket.take(5_000)).toBe(true);
    expect(bucket.take(5_000)).toBe(false);
  });
});
