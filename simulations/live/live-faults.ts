/** Brings about those faults of a scenario that real nodes can have, at their times, on nodes that the seed picks. */
import type { Random } from '../../src/core/rng.ts';
import { type Absence, absences } from '../lib/churn.ts';
import type { Fault, Scenario } from '../lib/scenario.ts';
import type { LiveNetwork, LiveNode, Wire } from './live-network.ts';
import type { Timeline } from './timeline.ts';

/** Plans them from now on. Returns after how many seconds the last is over. */
export function planLiveFaults(
  network: LiveNetwork,
  { faults, network: { loss } }: Scenario,
  random: Random,
  timeline: Timeline,
): number {
  for (const fault of faults) {
    const picked = 'share' in fault ? pick(network, fault.share, random) : [];
    const beginMs = fault.atSeconds * 1000;
    const endMs = beginMs + fault.forSeconds * 1000;
    if (fault.type === 'churn') {
      for (const node of picked) comeAndGo(node, absences(fault, random, beginMs, endMs), timeline);
      continue;
    }
    const { begin, end } = effectOf(network, fault, picked, loss);
    timeline.at(beginMs, begin);
    timeline.at(endMs, end);
  }
  return Math.max(0, ...faults.map(({ atSeconds, forSeconds }) => atSeconds + forSeconds));
}

function pick({ nodes }: LiveNetwork, share: number, random: Random): readonly LiveNode[] {
  return random.pick(nodes, Math.round(nodes.length * share));
}

function effectOf(
  network: LiveNetwork,
  fault: Exclude<Fault, { type: 'churn' }>,
  picked: readonly LiveNode[],
  usualLoss: number,
): { begin(): Promise<void>; end(): Promise<void> } {
  const all = (act: (node: LiveNode) => Promise<void>) => async (): Promise<void> => {
    await Promise.all(picked.map(act));
  };
  switch (fault.type) {
    case 'crash':
      return { begin: all((node) => node.stop()), end: all((node) => node.start()) };
    case 'partition': {
      const apart = new Set(picked.map(({ index }) => index));
      const sideOf = (node: number): number => (apart.has(node) ? 1 : 0);
      const wire = wireOf(network);
      return {
        begin: () => wire.cut(sideOf, fault.oneWay ?? false),
        end: () => wire.cut(null, false),
      };
    }
    case 'loss': {
      const wire = wireOf(network);
      return { begin: () => wire.setLoss(fault.loss), end: () => wire.setLoss(usualLoss) };
    }
    default:
      // planLive refuses it.
      throw new Error(`the fault ${fault.type} cannot be live`);
  }
}

function wireOf({ wire }: LiveNetwork): Wire {
  if (wire === null) throw new Error('these nodes have no network that can be changed');
  return wire;
}

/** Each session and each absence as the scenario has it; a start that takes long delays the next stop. */
function comeAndGo(node: LiveNode, away: readonly Absence[], timeline: Timeline): void {
  let turn = Promise.resolve();
  for (const { fromMs, untilMs } of away) {
    timeline.at(fromMs, () => (turn = turn.then(() => node.stop())));
    timeline.at(untilMs, () => (turn = turn.then(() => node.start())));
  }
}
