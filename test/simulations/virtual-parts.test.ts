/** The disk, the plan of faults and the trace of virtual runs. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createChance } from '../../simulations/lib/chance.ts';
import { faultKinds, planChaos } from '../../simulations/virtual/chaos.ts';
import { inTurns } from '../../simulations/virtual/seed-runs.ts';
import { createTrace, storyLinesMax } from '../../simulations/virtual/trace.ts';
import { createVirtualDisk } from '../../simulations/virtual/virtual-disk.ts';

describe('a virtual disk', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('keeps what it acknowledged over a crash, and loses what was under way', async () => {
    const disk = createVirtualDisk(createChance(1).stream('disk'));
    const store = disk.open();
    const kept = store.write([{ key: 'agent/a', value: Uint8Array.of(1) }]);
    await vi.advanceTimersByTimeAsync(600);
    await kept;
    const lost = store.write([{ key: 'agent/b', value: Uint8Array.of(2) }]);
    const failure = expect(lost).rejects.toThrow('before the write was durable');
    disk.crash();
    await vi.advanceTimersByTimeAsync(600);
    await failure;
    await expect(store.get('agent/a')).rejects.toThrow('closed');
    expect(await disk.open().get('agent/a')).toEqual(Uint8Array.of(1));
    expect([...disk.agents.keys()]).toEqual(['a']);
    expect(disk.counts.lostWrites).toBe(1);
  });

  it('takes nothing more while it is full', async () => {
    const disk = createVirtualDisk(createChance(1).stream('disk'));
    const store = disk.open();
    disk.setFull(true);
    const refused = expect(store.write([{ key: 'agent/a', value: Uint8Array.of(1) }])).rejects.toThrow(
      'full',
    );
    await vi.advanceTimersByTimeAsync(600);
    await refused;
    disk.setFull(false);
    const taken = store.write([{ key: 'agent/a', value: Uint8Array.of(1) }]);
    await vi.advanceTimersByTimeAsync(600);
    await taken;
    expect(disk.agents.size).toBe(1);
    expect(disk.counts.refusedWrites).toBe(1);
  });
});

describe('a plan of faults', () => {
  it('has every kind, ends in time, and comes from the seed', () => {
    for (let seed = 0; seed < 40; seed++) {
      const durationMs = 50_000 + seed * 20_000;
      const plan = planChaos(createChance(seed).stream('plan'), durationMs);
      expect(new Set(plan.map(({ kind }) => kind)), `seed ${seed}`).toEqual(new Set(faultKinds));
      expect(Math.max(...plan.map(({ atMs, forMs }) => atMs + forMs)), `seed ${seed}`).toBe(durationMs);
      expect(planChaos(createChance(seed).stream('plan'), durationMs)).toEqual(plan);
    }
  });
});

describe('a trace', () => {
  it('has another hash for another order, and tells the last', () => {
    const hashOf = (...events: string[]): string => {
      const trace = createTrace(0, () => 1_500);
      for (const event of events) trace.note(event);
      return trace.hash();
    };
    expect(hashOf('a', 'b')).toBe(hashOf('a', 'b'));
    expect(hashOf('a', 'b')).not.toBe(hashOf('b', 'a'));
    const trace = createTrace(0, () => 1_500);
    for (let event = 0; event < 100; event++) trace.tell('node 1', `does ${event}`);
    expect(trace.story()).toHaveLength(storyLinesMax);
    expect(trace.story().at(-1)).toBe('   1.500 s  node 1     does 99');
  });

  it('keeps what led to the first failure', () => {
    const trace = createTrace(0, () => 0);
    trace.tell('node 1', 'fails');
    trace.keep();
    for (let event = 0; event < 100; event++) trace.tell('node 2', 'goes on');
    expect(trace.story()[0]).toContain('fails');
    expect(trace.story().length).toBeLessThan(10);
    expect(trace.count).toBe(101);
  });
});

describe('many runs', () => {
  it('go so many at a time, and one that fails harms no other', async () => {
    let running = 0;
    let most = 0;
    const task = (index: number) => async (): Promise<number> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (index === 2) throw new Error('two');
      return index;
    };
    const results = await Promise.allSettled(inTurns([0, 1, 2, 3, 4].map(task), 2));
    expect(results.map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual([
      0,
      1,
      'failed',
      3,
      4,
    ]);
    expect(most).toBe(2);
  });
});
