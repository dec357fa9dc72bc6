/**
 * A live run in network namespaces. `unshare` makes a place for it in which nothing outside is seen or changed, and the
 * kernel ends every process and takes away every namespace of it when the first process there ends, however that comes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { InsideTask } from './lab/inside.ts';
import type { LivePlan } from './live-scenario.ts';
import type { LiveOutcome, LiveProgress } from './run-live.ts';

/** This machine cannot: the message says what is missing. */
export class NoNamespacesError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoNamespacesError';
  }
}

const place = (name: string): string => fileURLToPath(new URL(`lab/${name}`, import.meta.url));
/** Own users, network, mounts and processes; all of them end with it. */
const alone = ['-Urnmpf', '--kill-child', '--mount-proc'];
const tools = ['unshare', 'nsenter', 'ip', 'iptables', 'mount', 'sysctl', 'gcc'];

/** @throws NoNamespacesError; the reason of the signal; Error with what went wrong inside */
export async function runInNamespaces(
  plan: LivePlan,
  seed: number,
  parts: { readonly signal: AbortSignal; onProgress(progress: LiveProgress): void },
): Promise<LiveOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-live-run-'));
  try {
    const program = join(directory, 'delay');
    const obstacle = namespacesObstacle(program);
    if (obstacle !== '') throw new NoNamespacesError(obstacle);
    return await runInside({ plan, seed, program, directory }, parts);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Why this machine cannot; empty when it can. Compiles the program between the namespaces to that file. */
export function namespacesObstacle(program: string): string {
  if (process.platform !== 'linux') return 'network namespaces are there on Linux alone';
  const missing = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length > 0) return `${missing.join(', ')} cannot be found`;
  const compile = ['-O2', place('delay.c'), '-lnetfilter_queue', '-lm', '-o', program];
  const compiled = spawnSync('gcc', compile, { encoding: 'utf8' });
  if (compiled.status !== 0) {
    const [first] = compiled.stderr.split('\n').filter((line) => /error|cannot/.test(line));
    return `delay.c cannot be compiled; is libnetfilter-queue-dev installed? ${first ?? ''}`.trim();
  }
  const steps = [
    'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip netns add probe',
    'ip link add wire type veth peer name eth0 netns probe',
    'iptables -A FORWARD -j NFQUEUE --queue-num 0',
    `'${program}' </dev/null`,
  ];
  const tried = spawnSync('unshare', [...alone, 'sh', '-c', steps.join(' && ')], { encoding: 'utf8' });
  if (tried.status === 0) return '';
  return `no such network can be made here: ${tried.error?.message ?? tried.stderr.trim().split('\n').at(-1)}`;
}

interface Said {
  readonly progress?: LiveProgress;
  readonly outcome?: LiveOutcome;
  readonly failed?: string;
}

function runInside(
  task: InsideTask,
  { signal, onProgress }: Parameters<typeof runInNamespaces>[2],
): Promise<LiveOutcome> {
  signal.throwIfAborted();
  const command = [process.execPath, '--conditions=weft-source', place('inside.ts'), JSON.stringify(task)];
  const child = spawn('unshare', [...alone, ...command], { stdio: ['pipe', 'pipe', 'pipe'] });
  // Its end is the end of everything inside.
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  let errors = '';
  let last: Said = {};
  child.stdin.on('error', () => {});
  child.stderr.on('data', (data) => {
    errors = (errors + String(data)).slice(-4_000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if (said.progress === undefined) last = said;
    else onProgress(said.progress);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason as Error);
      else if (last.outcome !== undefined) resolve(last.outcome);
      else reject(new Error(`the run in namespaces failed: ${last.failed ?? errors}`));
    });
  });
}
