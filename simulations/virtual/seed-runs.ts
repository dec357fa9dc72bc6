/** Many runs, each a process of its own, as many at a time as there are processors: for `npm run sim:all` and for tests. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VirtualSettings } from './run-virtual.ts';
import { type VirtualResult, virtualCommand } from './virtual-result.ts';

const program = fileURLToPath(new URL('../run.ts', import.meta.url));
const outputBytesMax = 64 * 1024 * 1024;
/** The program is the same in all of them: it is compiled once. */
const compiled = join(tmpdir(), 'weft-simulations');

/** The JSON that `npm run sim` prints for these arguments. @throws Error with all that it said when it printed none. */
export function simulate<Result>(args: readonly string[]): Promise<Result> {
  const all = ['--max-semi-space-size=64', '--conditions=weft-source', program, ...args, '--json'];
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
    execFile(process.execPath, all, { maxBuffer: outputBytesMax, env }, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as Result);
      } catch {
        reject(
          new Error(
            `npm run sim -- ${args.join(' ')}: ${error?.message ?? 'no result'}\n${stderr.slice(-4_000)}`,
          ),
        );
      }
    });
  });
}

export function simulateVirtual({ seed, nodes, minutes }: VirtualSettings): Promise<VirtualResult> {
  return simulate(['virtual', '--seed', `${seed}`, '--nodes', `${nodes}`, '--minutes', `${minutes}`]);
}

/** Runs them all, so many at a time; each promise is that of one task. */
export function inTurns<Value>(tasks: readonly (() => Promise<Value>)[], atOnce: number): Promise<Value>[] {
  const starts: (() => void)[] = [];
  let running = 0;
  const next = (): void => {
    if (running >= atOnce) return;
    const start = starts.shift();
    if (start === undefined) return;
    running++;
    start();
  };
  return tasks.map((task) => {
    const done = new Promise<void>((resolve) => starts.push(resolve)).then(task);
    const free = (): void => {
      running--;
      next();
    };
    done.then(free, free);
    next();
    return done;
  });
}

/** What a person needs of a run that is not ok: what was wrong, what came before it, and how to see it again. */
export function failureOf(result: VirtualResult): string {
  const missed = result.thresholds.filter(({ ok }) => !ok);
  const broken = result.invariants.filter(({ ok }) => !ok);
  return [
    ...missed.map(
      ({ name, value, limit, comparison }) => `${name} is ${value}, ${comparison} ${limit} was asked`,
    ),
    ...broken.flatMap(({ name, violations }) => [`broken: ${name}`, ...violations.slice(0, 5)]),
    ...(missed.length + broken.length > 0 ? ['the last that happened:', ...result.story] : []),
    `repeat it: ${virtualCommand(result)}`,
  ].join('\n');
}
