/** Brings a scenario's faults about and ends them again, at their times, on nodes that chance picks. */
import type { Random } from '../../src/core/rng.ts';
import { absences } from './churn.ts';
import type { Fault, Scenario } from './scenario.ts';
import type { World } from './world.ts';

export interface FaultPlan {
  /** Of those under way now, for who watches the run. */
  active(): readonly string[];
  /** When the last of them is over, seconds after the plan began. */
  readonly endSeconds: number;
}

/** @param random picks the nodes. Times count from now. */
export function planFaults(world: World, scenario: Scenario, random: Random): FaultPlan {
  const active = new Map<Fault, string>();
  const beginMs = world.queue.nowMs;
  for (const fault of scenario.faults) {
    const atMs = beginMs + fault.atSeconds * 1000;
    const endMs = atMs + fault.forSeconds * 1000;
    world.queue.at(atMs, () => {
      active.set(fault, fault.type);
      const end = begin(world, scenario, fault, random, endMs);
      world.queue.at(endMs, () => {
        active.delete(fault);
        end();
      });
    });
  }
  return {
    active: () => [...active.values()],
    endSeconds: Math.max(0, ...scenario.faults.map((fault) => fault.atSeconds + fault.forSeconds)),
  };
}

/** Begins it; returns what ends it. */
function begin(world: World, scenario: Scenario, fault: Fault, random: Random, endMs: number): () => void {
  const picked = (share: number): number[] =>
    random.pick(
      world.nodes.map(({ index }) => index),
      Math.round(world.nodes.length * share),
    );
  switch (fault.type) {
    case 'loss':
      world.network.setLoss(fault.loss);
      return () => world.network.setLoss(scenario.network.loss);
    case 'partition': {
      const apart = new Set(picked(fault.share));
      world.cut((node) => (apart.has(node) ? 1 : 0), fault.oneWay);
      return () => world.cut(null);
    }
    case 'crash': {
      const nodes = picked(fault.share).filter((node) => world.nodes[node]!.isUp);
      for (const node of nodes) world.crash(node);
      return () => {
        for (const node of nodes) world.restart(node);
      };
    }
    case 'slow':
      return forAll(picked(fault.share), (node, isBegun) => {
        world.nodes[node]!.slownessMs = isBegun ? fault.addedMs : 0;
      });
    case 'full-disks':
      return forAll(picked(fault.share), (node, isBegun) => {
        world.nodes[node]!.isFull = isBegun;
      });
    case 'churn':
      for (const node of picked(fault.share)) {
        for (const { fromMs, untilMs } of absences(fault, random, world.queue.nowMs, endMs)) {
          world.queue.at(fromMs, () => world.crash(node));
          world.queue.at(untilMs, () => world.restart(node));
        }
      }
      return () => {};
  }
}

function forAll(nodes: readonly number[], set: (node: number, isBegun: boolean) => void): () => void {
  for (const node of nodes) set(node, true);
  return () => {
    for (const node of nodes) set(node, false);
  };
}
