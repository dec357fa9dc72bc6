/** One live run: nodes find one another, agents are registered, load and faults go their way, and the nodes are asked what they counted. */
import { cpus } from 'node:os';
import type { Chance } from '../lib/chance.ts';
import { addCounters, type NodeCounters } from '../lib/node-counters.ts';
import type { Scenario } from '../lib/scenario.ts';
import { planLiveFaults } from './live-faults.ts';
import { createLiveLoad } from './live-load.ts';
import { createLiveMeasures, type LiveValues } from './live-measures.ts';
import type { LiveNetwork } from './live-network.ts';
import { createTimeline, type Timeline } from './timeline.ts';

export interface LiveOutcome extends LiveValues {
  readonly nodes: number;
  /** Of all processors of the machine while the load went on, whoever used it: 0 to 1; null in virtual time. */
  readonly cpuShare: number | null;
  /** Of the nodes, from the begin of the load to the end; null in virtual time. */
  readonly nodeCpuSeconds: number | null;
  /** Null where the same seed may give another run. */
  readonly traceHash: string | null;
  readonly store: string;
  readonly joinSeconds: number;
}

export interface LiveProgress {
  readonly phase: 'starting' | 'joining' | 'registering' | 'load' | 'settling';
  readonly detail: string;
}

/** Peers in a routing table beyond which a node counts as at home; neighbours in each mesh. */
const homePeers = 20;
const meshPeers = 4;
const joinMsMax = 300_000;
const pollMs = 250;
/** In virtual time what all nodes count is asked for less often, for that takes real time alone. */
const virtualPollMs = 2_500;
/** Share of one processor below which a network has found itself. */
const calmShare = 0.3;
const calmMsMax = 60_000;
/** In place of that where the time is not the machine's. */
const calmVirtualMs = 30_000;
/** After the last registration: copies beyond w leave 100 ms after the put, and no agent changes twice in a second. */
const registeredMs = 1_000;
/** A busy machine may be late: who has not heard of a revocation when all is over is waited for so long. */
const lateMsMax = 20_000;
const stepSeconds = 5;

/** @throws the reason of the signal; Error when the nodes do not find one another. */
export async function runLive(
  network: LiveNetwork,
  scenario: Scenario,
  chance: Chance,
  parts: { readonly signal: AbortSignal; onProgress(progress: LiveProgress): void },
): Promise<LiveOutcome> {
  const { signal, onProgress } = parts;
  const timeline = createTimeline(signal);
  const measures = createLiveMeasures();
  network.onEnded(measures.heard);
  try {
    const fromMs = performance.now();
    await joined(network, timeline, (detail) => onProgress({ phase: 'joining', detail }));
    const joinSeconds = (performance.now() - fromMs) / 1000;
    onProgress({ phase: 'registering', detail: `${scenario.agents} agents` });
    const load = createLiveLoad({ network, scenario, chance, timeline, measures, signal });
    await load.register();
    await timeline.pass(registeredMs);

    const before = await totals(network);
    const beginMs = performance.now();
    const faultSeconds = planLiveFaults(network, scenario, chance.stream('faults'), timeline);
    load.begin();
    const machine = machineTime();
    const loadSeconds = Math.max(scenario.load.seconds, faultSeconds);
    for (let passed = 0; passed < loadSeconds; passed += stepSeconds) {
      onProgress({ phase: 'load', detail: `${passed} of ${loadSeconds} s` });
      await timeline.pass(Math.min(stepSeconds, loadSeconds - passed) * 1000);
    }
    const cpuShare = before.cpuSeconds === null ? null : machine.busyShare();
    onProgress({ phase: 'settling', detail: `${scenario.settleSeconds} s` });
    await timeline.settled();
    await timeline.pass(scenario.settleSeconds * 1000);
    const after = await totals(network);
    const seconds = (performance.now() - beginMs) / 1000;
    const lateAtMs = performance.now() + lateMsMax;
    while (!measures.isHeardByAll(network.nodes.length) && performance.now() < lateAtMs) {
      await timeline.pass(pollMs);
    }
    const values = measures.values({
      nodes: network.nodes.length,
      seconds,
      counted: difference(after.counters, before.counters),
      sentBytes: after.sentBytes - before.sentBytes,
      gauges: after.gauges,
    });
    return {
      ...values,
      nodes: network.nodes.length,
      cpuShare,
      nodeCpuSeconds: cpuBetween(before, after),
      traceHash: network.traceHash?.() ?? null,
      store: network.store,
      joinSeconds,
    };
  } finally {
    timeline.close();
  }
}

/** Everybody knows its neighbours and has a mesh, and what the joining left running is done. */
async function joined(
  network: LiveNetwork,
  timeline: Timeline,
  say: (detail: string) => void,
): Promise<void> {
  const { nodes } = network;
  const wanted = {
    peers: Math.min(nodes.length - 1, homePeers),
    mesh: Math.min(nodes.length - 1, meshPeers),
  };
  const deadlineMs = performance.now() + joinMsMax;
  for (let polls = 0; ; polls++) {
    const counters = await Promise.all(nodes.map((node) => node.counters()));
    const peers = Math.min(...counters.map((values) => values.get('weft_routed_peers') ?? 0));
    const mesh = Math.min(...counters.map(smallestMesh));
    if (peers >= wanted.peers && mesh >= wanted.mesh) break;
    const state = `everybody knows ${peers} of ${wanted.peers} peers, with ${mesh} of ${wanted.mesh} in each mesh`;
    if (performance.now() > deadlineMs) throw new Error(`the nodes do not find one another: ${state}`);
    const isVirtual = network.mode === 'virtual';
    if (isVirtual || polls % 20 === 0) say(state);
    await timeline.pass(isVirtual ? virtualPollMs : pollMs);
  }
  await calmed(network, timeline);
}

async function calmed(network: LiveNetwork, timeline: Timeline): Promise<void> {
  const deadlineMs = performance.now() + calmMsMax;
  for (let share = 1; share > calmShare && performance.now() < deadlineMs; ) {
    const before = { cpuSeconds: await network.cpuSeconds(), atMs: performance.now() };
    if (before.cpuSeconds === null) return timeline.pass(calmVirtualMs);
    await timeline.pass(2 * pollMs);
    const used = cpuBetween(before, { cpuSeconds: await network.cpuSeconds() });
    share = used! / ((performance.now() - before.atMs) / 1000);
  }
}

interface CpuReading {
  readonly cpuSeconds: number | null;
}

function cpuBetween(before: CpuReading, after: CpuReading): number | null {
  return before.cpuSeconds === null || after.cpuSeconds === null
    ? null
    : after.cpuSeconds - before.cpuSeconds;
}

function smallestMesh(values: NodeCounters): number {
  const sizes = [...values].flatMap(([name, size]) =>
    name.startsWith('weft_gossip_mesh_peers{') ? [size] : [],
  );
  return sizes.length === 0 ? 0 : Math.min(...sizes);
}

/** Sums over all nodes. */
async function totals(network: LiveNetwork) {
  const counters = new Map<string, number>();
  const gauges = new Map<string, number>();
  for (const values of await Promise.all(network.nodes.map((node) => node.counters()))) {
    addCounters(counters, values);
    for (const [name, value] of values) gauges.set(name, (gauges.get(name) ?? 0) + value);
  }
  return {
    counters,
    gauges,
    sentBytes: await network.sentBytes(),
    cpuSeconds: await network.cpuSeconds(),
  };
}

function difference(after: NodeCounters, before: NodeCounters): NodeCounters {
  return new Map([...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)]));
}

/** Of the whole machine, since now. */
function machineTime() {
  const read = (): { busy: number; all: number } => {
    const times = cpus().map((processor) => processor.times);
    const all = times.reduce(
      (sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq,
      0,
    );
    return { all, busy: all - times.reduce((sum, { idle }) => sum + idle, 0) };
  };
  const before = read();
  return {
    busyShare(): number {
      const now = read();
      return now.all === before.all ? 0 : (now.busy - before.busy) / (now.all - before.all);
    },
  };
}
