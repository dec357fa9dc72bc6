/** What must hold in every run, whatever the scenario. Each invariant is a file; it hears what happens and says what was wrong. */
import type { Resolution } from '../../../src/core/peer/effects.ts';
import type { SimulatedAgent } from '../agents.ts';
import type { Change, SimulatedNode } from '../node-shell.ts';
import type { World } from '../world.ts';

export interface Invariant {
  readonly name: string;
  authored?(agent: SimulatedAgent): void;
  /** A publish was acknowledged by at least w peers. */
  acknowledged?(agent: SimulatedAgent): void;
  changed?(node: SimulatedNode, change: Change): void;
  resolved?(node: SimulatedNode, resolution: Resolution): void;
  /** The faults are over and the network has had its time. */
  ended?(world: World): void;
  /** Sentences, each with the node and the agent; bounded. */
  readonly violations: readonly string[];
}

const violationsMax = 20;

/** A list of violations that does not grow without end. */
export function createViolations(): { readonly all: string[]; add(sentence: string): void } {
  const all: string[] = [];
  return {
    all,
    add(sentence) {
      if (all.length < violationsMax) all.push(sentence);
    },
  };
}
