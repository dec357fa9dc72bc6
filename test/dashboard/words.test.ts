/** The page's own reckoning, without a page. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentState, Change } from '../../dashboard/src/api/answers.ts';
import { placeOfAgent, pointAt, turnOf } from '../../dashboard/src/place.ts';
import { arrivalBoundMs } from '../../dashboard/src/propagation.ts';
import { count, duration, latency, rate, short, size } from '../../dashboard/src/words.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import { kadIdOfAgent } from '../../src/core/overlay/distance.ts';

describe('figures', () => {
  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [60, '1 min'],
    [3661, '1 h 1 min'],
    [86_400 * 3 + 7200, '3 d 2 h'],
    [-5, '0 s'],
  ])('say %d seconds as %s', (seconds, said) => expect(duration(seconds)).toBe(said));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [123_456, '123 kB'],
    [999_999, '1.0 MB'],
    [5e12, '5.0 TB'],
  ])('say %d bytes as %s', (bytes, said) => expect(size(bytes)).toBe(said));

  it('say rates, times and counts in three digits or so', () => {
    expect([0, 0.041, 3.21, 418.4, 12_345].map(rate)).toEqual(['0', '0.04', '3.2', '418', '12.3 k']);
    expect([0.42, 3.21, 12.4, 1300].map(latency)).toEqual(['0.42 ms', '3.2 ms', '12 ms', '1.3 s']);
    expect(count(1_234_567)).toBe('1,234,567');
    expect(short('12D3KooWabcdefghijk')).toBe('12D3Ko…fghijk');
  });
});

describe('the place of an agent', () => {
  it('is where the network stores its record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (agentId) => {
        const place = bytesToHex(kadIdOfAgent(agentId).bytes.subarray(0, 8));
        expect(await placeOfAgent(formatAgentId(agentId))).toBe(place);
        expect(await placeOfAgent(formatAgentDid(agentId))).toBe(place);
      }),
    );
  });

  it('is unknown for what is no agent id', async () => {
    for (const text of ['', 'nanda:', `nanda:${'1'.repeat(52)}`, `nanda:${'a'.repeat(53)}`])
      expect(await placeOfAgent(text)).toBeNull();
  });

  it('stands clockwise from the top', () => {
    expect(turnOf('8000000000000000')).toBe(0.5);
    const [top, right] = [pointAt(turnOf('00'), 10), pointAt(turnOf('40'), 10)];
    expect([top.x, top.y, right.x, Math.round(right.y)]).toEqual([0, -10, 10, -0]);
  });
});

describe('how long a change took', () => {
  const state: AgentState = {
    agentId: 'nanda:a',
    keys: {
      status: 'active',
      sequence: 1,
      establishment: '',
      signingKey: null,
      endReason: null,
      events: [
        { type: 'icp', digest: '', issuedAt: '2026-01-01T00:00:00Z' },
        { type: 'rot', digest: '', issuedAt: '2026-01-01T00:00:10Z' },
      ],
    },
    record: null,
    delegations: [],
    revocations: [
      {
        kind: 'delegation',
        target: '',
        reason: '',
        depth: 0,
        issuedAt: '2026-01-01T00:00:09Z',
        expiresAt: '',
        grants: [],
      },
    ],
  };
  const change = (kind: Change['change'], atMs: number): Change => ({
    type: 'change',
    id: '',
    agentId: 'nanda:a',
    change: kind,
    source: 'gossip',
    acceptedAtMs: Date.parse('2026-01-01T00:00:10Z') + atMs,
    state,
  });

  it('is at most the time from the second that its signature states', () => {
    expect(arrivalBoundMs(change('rotated', 834))).toBe(834);
    expect(arrivalBoundMs(change('delegation-revoked', 834))).toBe(1834);
  });

  it('is not said where nothing states a time, or one that is still to come', () => {
    expect(arrivalBoundMs(change('changed', 0))).toBeNull();
    expect(arrivalBoundMs(change('forked', 0))).toBeNull();
    expect(arrivalBoundMs(change('rotated', -500))).toBeNull();
  });
});
