/** What must hold in every run, whatever the scenario. Each invariant is a file; it hears what happens and says what was wrong. */
import type { Resolution } from '../../../src/core/peer/effects.ts';
import type { AgentState } from '../../../src/core/record/agent-state.ts';
import type { SimulatedAgent } from '../agents.ts';

/** What an invariant sees of a node, simulated or whole. */
export interface WatchedNode {
  readonly index: number;
  readonly isUp: boolean;
  /** Entries by agent key, as they are on its disk. */
  readonly store: ReadonlyMap<string, Uint8Array>;
}

/** A change that a node accepted. */
export interface WatchedChange {
  readonly agentId: Uint8Array;
  readonly change: string;
  readonly state: AgentState;
}

export interface Invariant {
  readonly name: string;
  authored?(agent: SimulatedAgent): void;
  /** A publish was acknowledged by at least w peers. */
  acknowledged?(agent: SimulatedAgent): void;
  changed?(node: Pick<WatchedNode, 'index'>, change: WatchedChange): void;
  resolved?(node: Pick<WatchedNode, 'index'>, resolution: Resolution): void;
  /** The faults are over and the network has had its time. */
  ended?(world: { readonly nodes: readonly WatchedNode[] }): void;
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
