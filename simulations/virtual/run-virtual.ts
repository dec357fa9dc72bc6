/**
 * One virtual run: nodes join, agents are registered, chaos, and then peace in which the network must converge. The result
 * depends on the seed, the number of nodes and of minutes alone, but for `wallSeconds`.
 */
import { bytesToHex } from '../../src/core/bytes.ts';
import { decodeEntry } from '../../src/core/peer/entry.ts';
import { authorityState, bundleDigest, encodeState } from '../../src/core/record/agent-state.ts';
import { decodeState } from '../../src/core/record/stored-state.ts';
import { type Chance, normal } from '../lib/chance.ts';
import { acknowledgedIsKept } from '../lib/invariants/acknowledged-is-kept.ts';
import type { Invariant } from '../lib/invariants/invariant.ts';
import { markNeverBack } from '../lib/invariants/mark-never-back.ts';
import { nothingAfterRevocation } from '../lib/invariants/nothing-after-revocation.ts';
import { onlyWhatWasSigned } from '../lib/invariants/only-what-was-signed.ts';
import { replicasAgree } from '../lib/invariants/replicas-agree.ts';
import { beginChaos, type Chaos, planChaos } from './chaos.ts';
import { createTrace, type Trace } from './trace.ts';
import { createVirtualLoad, type VirtualLoad } from './virtual-load.ts';
import { createVirtualNetwork, type VirtualNetwork } from './virtual-network.ts';
import { createVirtualNode, type VirtualNode } from './virtual-node.ts';
import { judge, type VirtualResult } from './virtual-result.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface VirtualSettings {
  readonly seed: number;
  readonly nodes: number;
  readonly minutes: number;
}

export interface VirtualProgress {
  readonly phase: 'joining' | 'registering' | 'chaos' | 'peace' | 'reading';
  readonly virtualSeconds: number;
  readonly faults: number;
}

const joinMs = 16_000;
const registerMs = 6_000;
const peaceMs = 40_000;
const readMs = 8_000;
const agentsPerMinute = 8;
const bootstraps = 3;
const skewMs = 2_000;

export interface VirtualWorld {
  readonly nodes: readonly VirtualNode[];
  readonly network: VirtualNetwork;
  readonly load: VirtualLoad;
  readonly invariants: readonly Invariant[];
  readonly trace: Trace;
  /** What happened that never may: errors that nobody caught, and such that a node logs. */
  readonly failures: string[];
  /** Changes that nodes accepted, by what and from where. */
  readonly heard: ReadonlyMap<string, number>;
}

/** @param time installed, with a seed of its own, before this module was loaded. */
export async function runVirtual(
  settings: VirtualSettings,
  time: VirtualTime,
  chance: Chance,
  onProgress: (progress: VirtualProgress) => void,
): Promise<VirtualResult> {
  const wallFrom = process.uptime();
  const cpuFrom = process.cpuUsage();
  const startMs = time.nowMs;
  const world = createWorld(settings, time, chance);
  let chaos: Chaos | null = null;
  const pass = async (phase: VirtualProgress['phase'], durationMs: number): Promise<void> => {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 1_000) {
      await time.runFor(Math.min(leftMs, 1_000));
      if (world.invariants.some(({ violations }) => violations.length > 0)) world.trace.keep();
      const virtualSeconds = (time.nowMs - startMs) / 1_000;
      onProgress({ phase, virtualSeconds, faults: chaos?.active ?? 0 });
    }
  };
  join(world, chance);
  await pass('joining', joinMs);
  world.load.register(agentsPerMinute * settings.minutes, registerMs / 2);
  await pass('registering', registerMs);
  const chaosMs = settings.minutes * 60_000 - (joinMs + registerMs + peaceMs + readMs);
  chaos = beginChaos(planChaos(chance.stream('plan'), chaosMs), {
    ...world,
    random: chance.stream('chaos'),
    bootstrapOf: (node) => world.nodes.slice(0, bootstraps).filter((other) => other !== node),
  });
  world.load.begin(chaosMs);
  await pass('chaos', chaosMs);
  world.trace.tell('peace', 'the last fault is over');
  const converged = await converge(world, pass);
  const resolvable = await readAll(world, pass);
  for (const invariant of world.invariants) invariant.ended?.(world);
  const counters = await allCounters(world.nodes);
  world.trace.note('end');
  const { user, system } = process.cpuUsage(cpuFrom);
  return judge(settings, {
    world,
    chaos,
    counters,
    convergedSeconds: converged,
    resolvable,
    fired: time.fired,
    virtualSeconds: (time.nowMs - startMs) / 1_000,
    wallSeconds: process.uptime() - wallFrom,
    cpuSeconds: (user + system) / 1e6,
  });
}

function createWorld({ nodes: count }: VirtualSettings, time: VirtualTime, chance: Chance): VirtualWorld {
  const nowMs = (): number => time.nowMs;
  const trace = createTrace(time.nowMs, nowMs);
  const failures: string[] = [];
  const heard = new Map<string, number>();
  const invariants = [
    acknowledgedIsKept(),
    nothingAfterRevocation(),
    onlyWhatWasSigned(),
    markNeverBack(),
    replicasAgree(),
  ];
  const network = createVirtualNetwork(count, { random: chance.stream('network'), trace, nowMs });
  const fail = (who: string, what: string): void => {
    trace.tell(who, what);
    trace.keep();
    if (failures.length < 20) failures.push(`${who}: ${what}`);
  };
  const uncaught = (error: unknown): void => fail('process', `uncaught: ${(error as Error)?.stack ?? error}`);
  time.onUncaught = uncaught;
  process.on('unhandledRejection', uncaught);
  const nodes = Array.from({ length: count }, (_, index) =>
    createVirtualNode(index, network, chance, {
      changed(node, { agentId, change, source, state }) {
        const key = `${change}:${source}`;
        heard.set(key, (heard.get(key) ?? 0) + 1);
        const what = `hears by ${source}: ${bytesToHex(agentId).slice(0, 8)} ${change}`;
        if (change === 'changed') trace.note(`${node.name} ${what}`);
        else trace.tell(node.name, what);
        for (const invariant of invariants) invariant.changed?.(node, { agentId, change, state });
      },
      failed: (node, message) => fail(node.name, message),
    }),
  );
  const load = createVirtualLoad({ nodes, chance, trace, invariants, nowMs });
  return { nodes, network, load, invariants, trace, failures, heard };
}

/** One after the other, a few a second; the clocks are not quite right from the start. */
function join({ nodes, trace, failures }: VirtualWorld, chance: Chance): void {
  const random = chance.stream('join');
  for (const node of nodes) {
    node.clockSkewMs = Math.round(normal(random) * skewMs);
    const begin = (): void => {
      node.start(nodes.slice(0, Math.min(node.index, bootstraps))).then(
        () => trace.tell(node.name, 'runs'),
        (error: unknown) => failures.push(`${node.name} does not start: ${(error as Error).message}`),
      );
    };
    setTimeout(begin, node.index === 0 ? 0 : 500 + Math.floor((node.index + random.next()) * 250));
  }
}

/** Seconds after the last fault until all live nodes agreed, for good; null when they do not. */
async function converge(
  world: VirtualWorld,
  pass: (phase: 'peace', durationMs: number) => Promise<void>,
): Promise<number | null> {
  let since: number | null = null;
  for (let second = 1; second <= peaceMs / 1_000; second++) {
    await pass('peace', 1_000);
    if (!isConverged(world)) since = null;
    else since ??= second;
  }
  return since;
}

const viewByEntry = new WeakMap<Uint8Array, { readonly view: string; readonly status: string }>();

function viewOf(entry: Uint8Array): { readonly view: string; readonly status: string } {
  let known = viewByEntry.get(entry);
  if (known === undefined) {
    const state = decodeState(decodeEntry(entry).bundle);
    known = {
      view: bytesToHex(bundleDigest(encodeState(authorityState(state)))),
      status: state.keyState.status,
    };
    viewByEntry.set(entry, known);
  }
  return known;
}

/** Everybody runs, nothing waits, all have one view of each agent, and all know of each end and each fork. */
function isConverged({ nodes, load }: VirtualWorld): boolean {
  if (load.waiting > 0 || nodes.some(({ isUp }) => !isUp)) return false;
  const views = new Map<string, string>();
  for (const { store } of nodes) {
    for (const [key, entry] of store) {
      const { view } = viewOf(entry);
      if ((views.get(key) ?? view) !== view) return false;
      views.set(key, view);
    }
    const knows = (key: string, status: string): boolean => {
      const entry = store.get(key);
      return entry !== undefined && viewOf(entry).status === status;
    };
    for (const key of load.endedKeys) if (!knows(key, 'tombstoned')) return false;
    for (const key of load.forkedKeys) if (!knows(key, 'forked')) return false;
  }
  return true;
}

/** Every node reads every other agent, anew; the share of right answers. */
async function readAll(
  { nodes, load, trace, invariants }: VirtualWorld,
  pass: (phase: 'reading', durationMs: number) => Promise<void>,
): Promise<number> {
  const expected = load.expected();
  let asked = 0;
  let right = 0;
  for (const node of nodes) {
    for (const [index, { agent, statuses }] of expected.entries()) {
      if ((node.index + index) % 2 === 1) continue;
      asked++;
      const read = async (): Promise<void> => {
        const resolution = await node.node.resolve(agent.agentId, { fresh: true });
        for (const invariant of invariants) invariant.resolved?.(node, resolution);
        const isNewest =
          resolution.status !== 'ok' ||
          (resolution.state?.addr?.issuedAt ?? 0) >= (agent.state.addr?.issuedAt ?? 0);
        trace.note(`${node.name} reads ${agent.number} ${resolution.status}`);
        if (statuses.includes(resolution.status) && isNewest) right++;
        else
          trace.tell(
            node.name,
            `reads agent ${agent.number} as ${resolution.status}, not ${statuses.join(' or ')}`,
          );
      };
      setTimeout(
        () => {
          if (node.isUp)
            read().catch((error: unknown) =>
              trace.tell(node.name, `cannot read: ${(error as Error).message}`),
            );
        },
        Math.floor((index * readMs) / 2 / expected.length),
      );
    }
  }
  await pass('reading', readMs);
  return right / asked;
}

async function allCounters(nodes: readonly VirtualNode[]): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const node of nodes) {
    for (const [name, value] of await node.counters()) sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return sums;
}
