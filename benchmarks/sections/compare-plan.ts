/** How much the side-by-side section measures; a full run of it takes about 12 minutes, a quick one about 1. */
import type { ConcurrentLimits, SeriesLimits } from '../lib/workload.ts';

/** Networks, rounds and series of the side-by-side section. */
export interface ComparePlan {
  readonly nodeCounts: readonly number[];
  readonly rounds: number;
  readonly inFlight: number;
  readonly sequential: SeriesLimits;
  readonly concurrent: ConcurrentLimits;
  /** Before the first round, not counted: the just-in-time compiler and the routing tables. */
  readonly warmUp: { readonly sequential: SeriesLimits; readonly concurrent: ConcurrentLimits | null };
  /** A subject whose concurrent series have taken this long in one network runs no more of them there. */
  readonly concurrentMsMax: number;
  /** No further round begins in a network whose rounds have taken this long: a run ends on a busy machine, too. */
  readonly roundsMsMax: number;
}

/** The plan of a full or a quick run. */
export function planCompare(quick: boolean): ComparePlan {
  return quick ? quickPlan : fullPlan;
}

const fullPlan: ComparePlan = {
  nodeCounts: [8, 20, 60],
  rounds: 4,
  inFlight: 64,
  sequential: { operationsMax: 150, budgetMs: 2_000 },
  concurrent: { operationsMin: 64, operationsMax: 1_000, budgetMs: 8_000, drainMsMax: 20_000 },
  warmUp: {
    sequential: { operationsMax: 20, budgetMs: 500 },
    concurrent: { operationsMin: 64, operationsMax: 200, budgetMs: 300, drainMsMax: 20_000 },
  },
  concurrentMsMax: 40_000,
  roundsMsMax: 180_000,
};

const quickPlan: ComparePlan = {
  nodeCounts: [20],
  rounds: 2,
  inFlight: 64,
  sequential: { operationsMax: 40, budgetMs: 600 },
  concurrent: { operationsMin: 64, operationsMax: 400, budgetMs: 1_500, drainMsMax: 4_000 },
  warmUp: {
    sequential: { operationsMax: 5, budgetMs: 100 },
    concurrent: null,
  },
  concurrentMsMax: 3_000,
  roundsMsMax: 35_000,
};
