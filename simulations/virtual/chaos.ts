/**
 * A plan of faults from a seed: every kind at least once, more of them the longer it lasts, all over at its end. They
 * overlap as they fall. Decides what breaks when; the network and the nodes do it.
 */
import type { Random } from '../../src/core/rng.ts';
import type { Trace } from './trace.ts';
import type { CrashKind, VirtualNetwork } from './virtual-network.ts';
import type { VirtualNode } from './virtual-node.ts';

export const faultKinds = [
  'partition',
  'one-way cut',
  'isolation',
  'crash',
  'power cut',
  'broken connections',
  'doubled connections',
  'slow machines',
  'loss',
  'full disks',
  'clock step',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  /** After the begin of the chaos. */
  readonly atMs: number;
  readonly forMs: number;
}

/** On the average, once there is one of each kind. */
const secondsPerFault = 12;
/** The last of these ends with the chaos: what follows begins in the worst state. */
const lastingKinds: readonly FaultKind[] = ['partition', 'isolation', 'crash', 'one-way cut'];
const shortestMs = 4_000;
const longestMs = 25_000;
const calmLoss = 0.001;
/** Two clocks that are as far apart as the protocol takes (120 s) are no fault to converge under. */
const skewMsMax = 50_000;

export function planChaos(random: Random, durationMs: number): PlannedFault[] {
  const extra = Math.max(0, Math.floor(durationMs / 1000 / secondsPerFault) - faultKinds.length);
  const kinds = [
    ...faultKinds,
    ...Array.from({ length: extra }, () => faultKinds[random.below(faultKinds.length)]!),
  ];
  const plan = kinds.map((kind) => {
    const forMs = Math.floor(Math.min(durationMs / 2, shortestMs + random.next() * (longestMs - shortestMs)));
    return { kind, forMs, atMs: random.below(durationMs - forMs) };
  });
  for (const kind of lastingKinds) {
    const last = plan.findLast((fault) => fault.kind === kind)!;
    last.atMs = durationMs - last.forMs;
  }
  return plan.sort((left, right) => left.atMs - right.atMs);
}

export interface Chaos {
  /** How often each kind began. */
  readonly begun: ReadonlyMap<FaultKind, number>;
  readonly counts: { restarts: number; doubled: number };
  readonly active: number;
  /** Restarts under way are through. */
  settled(): Promise<void>;
}

export interface ChaosParts {
  readonly nodes: readonly VirtualNode[];
  readonly network: VirtualNetwork;
  readonly random: Random;
  readonly trace: Trace;
  /** Those through which a node that comes back joins. */
  bootstrapOf(node: VirtualNode): readonly VirtualNode[];
}

/** Brings the plan about from now on. */
export function beginChaos(plan: readonly PlannedFault[], parts: ChaosParts): Chaos {
  const { nodes, network, random, trace } = parts;
  const begun = new Map<FaultKind, number>();
  const counts = { restarts: 0, doubled: 0 };
  const restarting = new Set<Promise<void>>();
  let active = 0;

  const some = (least: number, share: number): VirtualNode[] =>
    random.pick(nodes, least + random.below(Math.max(1, Math.round(nodes.length * share) - least + 1)));
  const names = (picked: readonly VirtualNode[]): string => picked.map(({ index }) => index).join(' ');
  const among = (picked: readonly VirtualNode[]): ReadonlySet<number> =>
    new Set(picked.map(({ index }) => index));

  for (const { kind, atMs, forMs } of plan) {
    setTimeout(() => {
      begun.set(kind, (begun.get(kind) ?? 0) + 1);
      active++;
      const { what, end } = begin(kind);
      trace.tell('fault', `${kind} begins: ${what}`);
      setTimeout(() => {
        active--;
        trace.tell('fault', `${kind} is over: ${what}`);
        end();
      }, forMs);
    }, atMs);
  }

  function begin(kind: FaultKind): { readonly what: string; readonly end: () => void } {
    switch (kind) {
      case 'partition': {
        const apart = some(2, 0.5);
        const side = among(apart);
        const isHard = random.next() < 0.5;
        const end = network.cut((from, to) => side.has(from) !== side.has(to), isHard);
        return { what: `${names(apart)} ${isHard ? 'broken off' : 'out of reach'}`, end };
      }
      case 'one-way cut': {
        const mute = some(1, 0.3);
        const side = among(mute);
        const end = network.cut((from, to) => side.has(from) && !side.has(to), false);
        return { what: `${names(mute)} hear and are not heard`, end };
      }
      case 'isolation': {
        const [alone] = some(1, 0);
        const { index } = alone!;
        return {
          what: names([alone!]),
          end: network.cut((from, to) => (from === index) !== (to === index), false),
        };
      }
      case 'crash':
        return crash('process');
      case 'power cut':
        return crash('power');
      case 'broken connections': {
        const share = 0.05 + random.next() / 4;
        network.breakSome(share);
        return { what: `${Math.round(share * 100)}%`, end: () => {} };
      }
      case 'doubled connections':
        return double(some(2, 0.3));
      case 'slow machines': {
        const slow = some(1, 0.3);
        const addedMs = 200 + random.below(2_000);
        return { what: `${names(slow)} by ${addedMs} ms`, end: network.slow(among(slow), addedMs) };
      }
      case 'loss': {
        const loss = 0.01 + random.next() * 0.2;
        network.setLoss(loss);
        return { what: `${Math.round(loss * 100)}%`, end: () => network.setLoss(calmLoss) };
      }
      case 'full disks': {
        const full = some(1, 0.2);
        for (const { disk } of full) disk.setFull(true);
        return {
          what: names(full),
          end: () => {
            for (const { disk } of full) disk.setFull(false);
          },
        };
      }
      case 'clock step': {
        const stepped = some(1, 0.3);
        const stepMs = Math.round((random.next() - 0.5) * 60_000);
        for (const node of stepped) node.clockSkewMs = clamp(node.clockSkewMs + stepMs);
        return { what: `${names(stepped)} by ${stepMs} ms`, end: () => {} };
      }
    }
  }

  function crash(kind: CrashKind): { what: string; end: () => void } {
    const up = nodes.filter(({ isUp }) => isUp);
    const down = random.pick(up, 1 + random.below(Math.round(nodes.length * 0.15)));
    for (const node of down) void node.crash(kind);
    return {
      what: names(down),
      end() {
        for (const node of down) {
          counts.restarts++;
          const done = node.start(parts.bootstrapOf(node)).finally(() => restarting.delete(done));
          restarting.add(done);
        }
      },
    };
  }

  /** A second connection beside an open one, as when both sides dial at once. */
  function double(picked: readonly VirtualNode[]): { what: string; end: () => void } {
    for (const node of picked) {
      if (!node.isUp) continue;
      const [connection] = random.pick(node.host.libp2p.getConnections(), 1);
      if (connection === undefined) continue;
      node.host.libp2p.dial(connection.remotePeer, { force: true }).then(
        () => void counts.doubled++,
        (error: unknown) => trace.tell(node.name, `has no second connection: ${(error as Error).message}`),
      );
    }
    return { what: names(picked), end: () => {} };
  }

  return {
    begun,
    counts,
    get active() {
      return active;
    },
    async settled() {
      await Promise.all(restarting);
    },
  };
}

function clamp(skewMs: number): number {
  return Math.max(-skewMsMax, Math.min(skewMsMax, skewMs));
}
