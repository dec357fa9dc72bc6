/**
 * The machines of a virtual run and what lies between them: who listens where, how long bytes take, which paths are cut.
 * Delays are those of the simulator's network (lib/network); every draw comes from the seed, every arrival is in the trace.
 */
import type { Random } from '../../src/core/rng.ts';
import { createNetwork, type NetworkSettings } from '../lib/network.ts';
import type { Trace } from './trace.ts';
import { createWire, type Wire, type WireEnd, type WirePath } from './virtual-wire.ts';

/** How a machine is gone: `process`: its system answers with resets and refusals; `power`: nothing answers. */
export type CrashKind = 'process' | 'power';

/** A connection as it comes in. */
export interface Incoming {
  readonly end: WireEnd;
  readonly from: string;
}

export interface VirtualNetwork {
  /** The machine runs (again). Returns its run, which every call of that process names. */
  boot(machine: number): number;
  crash(machine: number, kind: CrashKind): void;
  /** At `/ip4/10.0.x.y/tcp/4001` of that machine. Returns what ends it. */
  listen(machine: number, run: number, accept: (incoming: Incoming) => void): () => void;
  /** @throws Error when it is refused; waits while nobody answers, until the signal says otherwise. */
  dial(machine: number, run: number, address: string, signal: AbortSignal): Promise<WireEnd>;
  /** Nothing passes on these paths until the function that is returned is called. `isHard`: connections on them break at once. */
  cut(isCut: (from: number, to: number) => boolean, isHard: boolean): () => void;
  /** Added to each arrival at or from these machines. */
  slow(machines: ReadonlySet<number>, addedMs: number): () => void;
  setLoss(loss: number): void;
  /** Breaks open connections, each with this probability. */
  breakSome(share: number): void;
  /** Wires that are open between two machines that both run. */
  readonly open: number;
  readonly counts: NetworkCounts;
  /** By all machines so far, with the headers of each packet. */
  sentBytes(): number;
  addressOf(machine: number): string;
}

export interface NetworkCounts {
  arrivals: number;
  bytes: number;
  /** Connections that a fault ended or held back. */
  cutConnections: number;
  heldConnections: number;
  dials: number;
  dialsRefused: number;
  dialsUnanswered: number;
}

interface Link {
  readonly wire: Wire;
  readonly machines: readonly [number, number];
  readonly runs: readonly [number, number];
}

/** Pauses before a dial that nobody answers is tried again: TCP's own. */
const synRetriesMs = [1_000, 2_000, 4_000];
/** The longest that TCP waits after a cut before it tries again, where the cut was long. */
const longestResumeMs = 5_000;
const dialBytes = 60;
const port = 4001;

/** Where nothing else is said. */
const usualSettings: NetworkSettings = {
  latency: 'regions',
  jitter: 0.05,
  loss: 0.001,
  uplinkBitsPerSecond: 20_000_000,
};

export function createVirtualNetwork(
  machines: number,
  parts: {
    readonly random: Random;
    readonly trace: Trace;
    readonly nowMs: () => number;
    readonly settings?: NetworkSettings;
  },
): VirtualNetwork {
  const { random, trace, nowMs, settings = usualSettings } = parts;
  const delays = createNetwork(machines, settings, random);
  const runs = new Int32Array(machines);
  const stateOf: ('up' | CrashKind)[] = Array.from({ length: machines }, () => 'process');
  const listeners: (((incoming: Incoming) => void) | null)[] = Array.from({ length: machines }, () => null);
  const cuts = new Set<{ readonly isCut: (from: number, to: number) => boolean; readonly sinceMs: number }>();
  const slowed = new Set<{ readonly machines: ReadonlySet<number>; readonly addedMs: number }>();
  const links = new Set<Link>();
  const counts: NetworkCounts = {
    arrivals: 0,
    bytes: 0,
    cutConnections: 0,
    heldConnections: 0,
    dials: 0,
    dialsRefused: 0,
    dialsUnanswered: 0,
  };
  let lastPort = 30_000;

  const addressOf = (machine: number): string => `/ip4/10.0.${machine >> 8}.${machine & 255}/tcp/${port}`;
  const isCut = (from: number, to: number): boolean => [...cuts].some((cut) => cut.isCut(from, to));
  const isUp = (machine: number, run: number): boolean => stateOf[machine] === 'up' && runs[machine] === run;

  function delayMs(from: number, to: number, sizeBytes: number): number | null {
    if (isCut(from, to) || stateOf[from] === 'power') return null;
    let addedMs = 0;
    for (const one of slowed) if (one.machines.has(from) || one.machines.has(to)) addedMs += one.addedMs;
    return Math.max(1, delays.delayMs(from, to, sizeBytes, nowMs())! + addedMs);
  }

  function pathOf(from: number, to: number, run: number): WirePath {
    return {
      delayMs: (sizeBytes) => delayMs(from, to, sizeBytes),
      isAlive: () => isUp(to, run),
      isSilent: () => stateOf[to] === 'power',
      arrived(kind, sizeBytes) {
        counts.arrivals++;
        counts.bytes += sizeBytes;
        trace.note(`${from}>${to} ${kind} ${sizeBytes}`);
      },
    };
  }

  function connect(from: number, to: number): WireEnd {
    const ofRuns = [runs[from]!, runs[to]!] as const;
    const wire = createWire([pathOf(from, to, ofRuns[1]), pathOf(to, from, ofRuns[0])], nowMs);
    for (const link of links) if (link.wire.isOver) links.delete(link);
    links.add({ wire, machines: [from, to], runs: ofRuns });
    lastPort = lastPort >= 60_000 ? 30_001 : lastPort + 1;
    const fromAddress = addressOf(from).replace(/\d+$/, String(lastPort));
    trace.note(`${from}>${to} connected`);
    listeners[to]!({ end: wire.ends[1], from: fromAddress });
    return wire.ends[0];
  }

  async function dial(machine: number, run: number, address: string, signal: AbortSignal): Promise<WireEnd> {
    const to = machineOf(address);
    counts.dials++;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      if (!isUp(machine, run)) throw new Error('the network of this machine is down');
      const thereMs = delayMs(machine, to, dialBytes);
      const backMs = delayMs(to, machine, dialBytes);
      if (thereMs !== null && backMs !== null) {
        await pause(thereMs + backMs, signal);
        if (isUp(machine, run) && !isCut(machine, to) && !isCut(to, machine) && stateOf[to] !== 'power') {
          if (stateOf[to] === 'up' && listeners[to] !== null) return connect(machine, to);
          counts.dialsRefused++;
          trace.note(`${machine}>${to} refused`);
          throw new Error(`connection refused by ${address}`);
        }
      }
      if (attempt === 0) counts.dialsUnanswered++;
      trace.note(`${machine}>${to} unanswered`);
      await pause(synRetriesMs[Math.min(attempt, synRetriesMs.length - 1)]!, signal);
    }
  }

  function machineOf(address: string): number {
    const match = /^\/ip4\/10\.0\.(\d+)\.(\d+)\//.exec(address);
    if (match === null) throw new Error(`nobody is at ${address}`);
    return Number(match[1]) * 256 + Number(match[2]);
  }

  const isLive = ({ wire, machines: [left, right], runs: [leftRun, rightRun] }: Link): boolean =>
    !wire.isOver && isUp(left, leftRun) && isUp(right, rightRun);

  return {
    boot(machine) {
      stateOf[machine] = 'up';
      return ++runs[machine]!;
    },
    crash(machine, kind) {
      stateOf[machine] = kind;
      listeners[machine] = null;
      for (const { wire, machines: between } of links) {
        const side = between.indexOf(machine);
        if (side < 0 || wire.isOver) continue;
        counts.cutConnections++;
        // A process that dies leaves its connections to its system, which resets them.
        if (kind === 'process') wire.ends[side as 0 | 1].reset();
        wire.orphan(side as 0 | 1);
      }
    },
    listen(machine, run, accept) {
      if (!isUp(machine, run)) throw new Error('the network of this machine is down');
      listeners[machine] = accept;
      return () => {
        if (listeners[machine] === accept) listeners[machine] = null;
      };
    },
    dial,
    cut(isNowCut, isHard) {
      const cut = { isCut: isNowCut, sinceMs: nowMs() };
      const crossed = (between: Link): boolean =>
        isNowCut(...between.machines) || isNowCut(between.machines[1], between.machines[0]);
      const across = [...links].filter((link) => isLive(link) && crossed(link));
      if (isHard) {
        counts.cutConnections += across.length;
        for (const { wire } of across) wire.breakNow();
      } else counts.heldConnections += across.length;
      cuts.add(cut);
      return () => {
        cuts.delete(cut);
        const waitMs = (): number =>
          1 + Math.floor(random.next() * Math.min(longestResumeMs, nowMs() - cut.sinceMs));
        for (const link of links) if (crossed(link)) link.wire.resume(waitMs);
      };
    },
    slow(which, addedMs) {
      const one = { machines: which, addedMs };
      slowed.add(one);
      return () => void slowed.delete(one);
    },
    setLoss: delays.setLoss,
    breakSome(share) {
      for (const link of links) {
        if (!isLive(link) || random.next() >= share) continue;
        counts.cutConnections++;
        link.wire.breakNow();
      }
    },
    get open() {
      return [...links].filter(isLive).length;
    },
    counts,
    sentBytes: () => delays.sentBytes.reduce((sum, bytes) => sum + bytes, 0),
    addressOf,
  };
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, Math.ceil(delayMs));
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
