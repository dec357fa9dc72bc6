/** Starts test/adapters/level/writer.ts and follows what it has had acknowledged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface WriterProcess {
  /** Numbers of the records acknowledged so far. */
  readonly acknowledged: readonly number[];
  /** Resolves when so many more are. @throws when the process ends before. */
  waitFor(count: number): Promise<void>;
  /** Stops every thread of it (SIGSTOP) and waits until they stand. */
  freeze(): Promise<void>;
  /** kill -9, and everything printed before it has been read. */
  kill(): Promise<void>;
}

/** `first` is the number of the first record. */
export function startWriter(kind: 'weft' | 'stock', directory: string, first: number): WriterProcess {
  const script = fileURLToPath(new URL('writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, kind, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const acknowledged: number[] = [];
  let complaints = '';
  let wanted: { readonly total: number; readonly resolve: () => void } | null = null;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') return;
    acknowledged.push(Number(line));
    if (wanted !== null && acknowledged.length >= wanted.total) wanted.resolve();
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    acknowledged,
    async waitFor(count) {
      const enough = new Promise<void>((resolve) => {
        wanted = { total: acknowledged.length + count, resolve };
      });
      const failed = ended.then(() => {
        throw new Error(`the writer ended early: ${complaints}`);
      });
      await Promise.race([enough, failed]);
    },
    async freeze() {
      child.kill('SIGSTOP');
      while (!(await isStopped(child.pid!))) await new Promise((resolve) => setImmediate(resolve));
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function isStopped(pid: number): Promise<boolean> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(
    tasks.map(async (task) => /\) (\w) /.exec(await readFile(`/proc/${pid}/task/${task}/stat`, 'utf8'))?.[1]),
  );
  return states.every((state) => state === 'T');
}
