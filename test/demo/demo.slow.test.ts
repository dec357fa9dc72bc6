/** The demo as a user runs it: one JSON object on stdout, every step held, nothing left behind. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('weft-demo-'));

describe('npm run demo -- --json', () => {
  it('tells the whole life in one object within its time, and cleans up', async () => {
    const before = leftovers();
    // A run that failed says where, in the same object.
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'demo', '--', '--json'], {
      cwd: root,
    }).catch((error: { stdout: string }) => error);
    const answer = JSON.parse(stdout) as { ok: boolean; steps: { name: string; ok: boolean; ms: number }[] };
    expect(answer).toMatchObject({ ok: true, nodes: 8, lost: 0, merge: { converged: true } });
    expect(Object.keys(answer)).toEqual([
      'ok',
      'nodes',
      'steps',
      'recordBytes',
      'revocation',
      'rotation',
      'merge',
      'lost',
      'targets',
    ]);
    expect(answer.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(leftovers()).toEqual(before);
  });
});
