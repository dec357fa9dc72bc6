import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('./wait-for-end.ts', import.meta.url));

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s asks, and a second signal insists',
    async (signal) => {
      const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('running');
      child.kill(signal);
      expect((await lines.next()).value).toBe('asked');
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exit).toEqual([1, null]);
    },
  );
});
