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

/** What a node has and does that a budget bounds. */
export interface BudgetedNode {
  readonly index: number;
  readonly agents: number;
  readonly cachedAgents: number;
  /** What it waits for: answers of peers, of its disk, of those who verify. */
  readonly waitingRequests: number;
  readonly neighbours: number;
  /** Sent since it was looked at last, and for how long that was. */
  readonly sentMessages: number;
  readonly seconds: number;
  /** Of requests that one peer has under way to it at once. */
  readonly mostRequestsOfOnePeer: number;
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
  /** An agent's controller has signed two events for one place in its key log. */
  forked?(agent: SimulatedAgent): void;
  resolved?(node: Pick<WatchedNode, 'index'>, resolution: Resolution): void;
  /** The core of a node counts something. */
  counted?(node: Pick<WatchedNode, 'index'>, metric: string, label: string): void;
  /** Some time has passed; some of the nodes are looked at. */
  passed?(nodes: readonly BudgetedNode[]): void;
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
