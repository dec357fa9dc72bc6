/** What the network does to messages: the order in which they come, and how often. */
import { describe, expect, it } from 'vitest';
import { createChance } from '../../simulations/lib/chance.ts';
import { createNetwork } from '../../simulations/lib/network.ts';
import { createWorld } from '../../simulations/lib/world.ts';

const settings = { latency: 50, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 };
const sent = 10_000;

/** Times of arrival of messages of one node to another, one each millisecond. */
function arrivals(changes: Partial<Parameters<typeof createNetwork>[1]>) {
  const network = createNetwork(2, { ...settings, ...changes }, createChance(1).stream('network'));
  const timesMs = Array.from({ length: sent }, (_, atMs) => atMs + network.delayMs(0, 1, 100, atMs)!);
  return { network, timesMs };
}

const overtakers = (timesMs: readonly number[]): number =>
  timesMs.filter((timeMs, index) => index > 0 && timeMs < timesMs[index - 1]!).length;

describe('a network', () => {
  it('keeps the order of messages where nothing holds them back', () => {
    const { network, timesMs } = arrivals({});
    expect(overtakers(timesMs)).toBe(0);
    expect(network.messages).toEqual({ count: sent, heldBack: 0, duplicated: 0 });
  });

  it('holds back the share that it is told to, for up to a round trip', () => {
    const { network, timesMs } = arrivals({ reorder: 0.1 });
    expect(network.messages.heldBack / sent).toBeCloseTo(0.1, 1);
    expect(overtakers(timesMs)).toBeGreaterThan(0.8 * network.messages.heldBack);
    const delaysMs = timesMs.map((timeMs, atMs) => timeMs - atMs);
    expect(Math.min(...delaysMs)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...delaysMs)).toBeLessThan(151);
  });

  it('brings the share a second time that it is told to', () => {
    const { network } = arrivals({ duplicate: 0.1 });
    const seconds = Array.from({ length: sent }, () => network.secondMs(0, 1)).filter((ms) => ms !== null);
    expect(seconds.length / sent).toBeCloseTo(0.1, 1);
    expect(network.messages.duplicated).toBe(seconds.length);
    expect(Math.max(...seconds)).toBeLessThan(100);
  });

  it('brings requests and answers to the core as often as they come, and a call ends once', async () => {
    const listeners = { changed() {}, alarmed() {} };
    const network = { ...settings, duplicate: 1 };
    const world = createWorld({ nodes: 2, seed: 1, start: 'settled', network, peer: {} }, listeners);
    const statuses: string[] = [];
    world.nodes[0]!.resolve(new Uint8Array(32), ({ status }) => void statuses.push(status));
    world.run(2_000);
    const asked = world.network.messages.duplicated / 3;
    expect(asked).toBeGreaterThanOrEqual(1);
    // Of each: the request, and the answers to both times that it came.
    expect(world.requests[1]).toBe(2 * asked);
    expect(statuses).toEqual(['not-found']);
    expect(world.nodes[0]!.peer.snapshot().waitingRequests).toBe(0);
    await world.close();
  });
});
