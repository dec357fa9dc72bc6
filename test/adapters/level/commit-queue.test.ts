/** Writes that arrive during a commit share the next. */
import { describe, expect, it } from 'vitest';
import { type CommitItem, createCommitQueue } from '../../../src/adapters/level/commit-queue.ts';

interface NamedItem extends CommitItem {
  readonly name: number;
}

/** A queue whose commits wait until they are let go, and a way to push. */
function createSubject() {
  const groups: number[][] = [];
  const waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  const queue = createCommitQueue<NamedItem>(async (items) => {
    groups.push(items.map(({ name }) => name));
    await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    for (const item of items) item.resolve();
  });
  const push = (name: number, sizeBytes = 1): Promise<void> =>
    new Promise((resolve, reject) => queue.push({ name, sizeBytes, resolve, reject }));
  const begun = async (count: number): Promise<void> => {
    await expect.poll(() => waiting.length, { interval: 1 }).toBe(count);
  };
  return { groups, waiting, queue, push, begun };
}

describe('group commit', () => {
  it('gathers what is written in one turn, and what is written while a commit runs', async () => {
    const { groups, waiting, push, begun } = createSubject();
    const first = [push(1), push(2)];
    await begun(1);
    const second = [push(3), push(4), push(5)];
    waiting[0]!.resolve();
    await Promise.all(first);
    await begun(2);
    waiting[1]!.resolve();
    await Promise.all(second);
    expect(groups).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });

  it('bounds a group by its bytes, and never splits one call', async () => {
    const { groups, waiting, push, begun } = createSubject();
    const all = [push(1, 700_000), push(2, 700_000), push(3, 5_000_000), push(4)];
    for (let index = 0; index < 3; index++) {
      await begun(index + 1);
      waiting[index]!.resolve();
    }
    await Promise.all(all);
    expect(groups).toEqual([[1, 2], [3], [4]]);
  });

  it('fails the calls of a failed commit, and goes on with the next', async () => {
    const { waiting, push, begun } = createSubject();
    const failing = push(1);
    await begun(1);
    const next = push(2);
    waiting[0]!.reject(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    await begun(2);
    waiting[1]!.resolve();
    await next;
  });

  it('runs an exclusive task between two commits', async () => {
    const { groups, waiting, queue, push, begun } = createSubject();
    const first = push(1);
    await begun(1);
    const seen = queue.exclusive(async () => groups.length);
    const second = push(2);
    waiting[0]!.resolve();
    expect(await seen).toBe(1);
    await begun(2);
    waiting[1]!.resolve();
    await Promise.all([first, second]);
  });

  it('refuses what comes after it was closed, and finishes what came before', async () => {
    const { waiting, queue, push, begun } = createSubject();
    const before = push(1);
    const closed = queue.close();
    await expect(push(2)).rejects.toMatchObject({ code: 'closed' });
    await expect(queue.exclusive(async () => 1)).rejects.toMatchObject({ code: 'closed' });
    await begun(1);
    waiting[0]!.resolve();
    await Promise.all([before, closed]);
  });
});
