import { describe, expect, it } from 'vitest';
import { subjectNames } from '../../benchmarks/lib/subject.ts';
import { startSubjectProcess } from '../../benchmarks/lib/subject-client.ts';

const limits = { operationsMax: 6, budgetMs: 10_000 };

describe.each(subjectNames)('the subject %s', (name) => {
  it('stores records and finds each of them from a reader that never saw it', {
    timeout: 60_000,
  }, async () => {
    const client = await startSubjectProcess(name);
    try {
      const start = await client.start({ nodes: 4, seed: 11 });
      expect(start.residentBytesAfter).toBeGreaterThan(start.residentBytesBefore);
      const concurrent = { ...limits, operationsMin: 6, drainMsMax: 20_000 };
      const turn = await client.turn({ firstRecord: 100, sequential: limits, concurrent, inFlight: 4 });
      for (const series of [turn.put, turn.get, turn.concurrentPut, turn.concurrentGet]) {
        expect(series).toMatchObject({ failures: 0, errors: [] });
        expect(series!.done).toHaveLength(6);
      }
    } finally {
      await client.close();
    }
  });
});

describe('a subject process', () => {
  it('reports what failed in it to the harness', async () => {
    const client = await startSubjectProcess('hyperdht');
    try {
      await expect(
        client.turn({ firstRecord: 0, sequential: limits, concurrent: null, inFlight: 1 }),
      ).rejects.toThrow(/^hyperdht: /);
    } finally {
      await client.close();
    }
  });
});
