/**
 * What is run to learn what a node costs: one thing is varied at a time. Series over N give the cost of one action (a
 * lookup, an update, a revocation) and of doing nothing; series at one size show that cost grows with the rate.
 * `calm` is what the others begin with, alone: who registered the agents has met peers, and those greet one another. It
 * has the same seed and the same registrations, so that what it costs can be taken off.
 */
import type { Scenario } from '../lib/scenario.ts';
import { ScenarioError } from '../lib/scenario.ts';
import { scenarioOf } from '../lib/scenario-files.ts';

export interface Series {
  readonly name: string;
  readonly title: string;
  /** What is varied: nodes, or something at `fixedNodes`. */
  readonly axis: string;
  /** As it stands in a formula. */
  readonly symbol: string;
  /** Left out: the nodes of the command line. */
  readonly values?: readonly number[];
  scenarioAt(value: number): Omit<Scenario, 'title' | 'start' | 'network' | 'faults' | 'thresholds'>;
}

export interface PlannedRun {
  readonly series: string;
  readonly value: number;
  readonly scenario: Scenario;
}

/** Of the series in which the rate is varied. */
export const fixedNodes = 200;
const floodNodes = 60;
const floodSeconds = 5;
/** More than end in the greatest flood, and as many in each, so that all begin alike. */
const floodAgents = 1_200;
const agents = 200;
const seconds = 30;
const settleSeconds = 10;
/** Long enough for six turns of what nodes do every five minutes. */
const idleSeconds = 1800;
/** Each reaches every node, so that these few are many messages. */
const revocations = 20;

const quiet = {
  seconds,
  lookupsPerSecond: 0,
  updatesPerSecond: 0,
  rotationsPerSecond: 0,
  revocations: 0,
} as const;

/** The scenario of that name, once: nothing in it is varied. */
export const mixSeries = 'lifetimes';

export const seriesList: readonly Series[] = [
  overNodes('calm', 'The minute after the registrations', {}),
  overNodes('idle', 'Nobody asks or changes anything', { seconds: idleSeconds }),
  overNodes('lookups', 'Lookups alone', { lookupsPerSecond: 20 }),
  overNodes('updates', 'New records of known agents alone', { updatesPerSecond: 10 }),
  overNodes('revocations', 'Revocations alone', { revocations }),
  {
    name: 'lookup-rate',
    title: 'Lookups, ever more',
    axis: 'lookups per node and second',
    symbol: 'q',
    values: [0.05, 0.1, 0.2, 0.4],
    scenarioAt: (rate) => ({
      ...{ nodes: fixedNodes, agents, settleSeconds },
      load: { ...quiet, lookupsPerSecond: rate * fixedNodes },
    }),
  },
  {
    name: 'update-rate',
    title: 'New records, ever more',
    axis: 'updates per node and second',
    symbol: 'u',
    values: [0.025, 0.05, 0.1, 0.2],
    // An agent is changed once in a second at the most.
    scenarioAt: (rate) => ({
      ...{ nodes: fixedNodes, agents: 2 * agents, settleSeconds },
      load: { ...quiet, updatesPerSecond: rate * fixedNodes },
    }),
  },
  {
    name: 'revocation-rate',
    title: 'Revocations, ever more',
    axis: 'revocations in the network, per second',
    symbol: 'R',
    values: [1, 2, 4, 8],
    scenarioAt: (rate) => ({
      ...{ nodes: fixedNodes, agents: 2 * agents, settleSeconds },
      load: { ...quiet, revocations: rate * seconds },
    }),
  },
  {
    name: 'revocation-flood',
    title: 'Revocations, more than a network has',
    axis: `revocations per second among ${floodNodes} nodes`,
    symbol: 'R',
    values: [50, 100, 200],
    scenarioAt: (rate) => ({
      ...{ nodes: floodNodes, agents: floodAgents, settleSeconds },
      load: { ...quiet, seconds: floodSeconds, revocations: rate * floodSeconds },
    }),
  },
  {
    name: 'agents',
    title: 'Agents, ever more',
    axis: 'agents per node',
    symbol: 'a',
    values: [1, 2, 4, 8],
    scenarioAt: (perNode) => ({
      ...{ nodes: fixedNodes, agents: perNode * fixedNodes, settleSeconds },
      load: { ...quiet, seconds: 1 },
    }),
  },
  {
    name: mixSeries,
    title: 'A mix of agents as they live',
    axis: 'nothing',
    symbol: '',
    values: [1],
    scenarioAt: () => {
      const { nodes, agents, settleSeconds, load } = scenarioOf(mixSeries);
      return { nodes, agents, settleSeconds, load };
    },
  },
];

function overNodes(name: string, title: string, load: Partial<Scenario['load']>): Series {
  return {
    ...{ name, title, axis: 'nodes', symbol: 'N' },
    scenarioAt: (nodes) => ({ nodes, agents, settleSeconds, load: { ...quiet, ...load } }),
  };
}

/** Every run, small ones first. @throws ScenarioError */
export function planRuns(nodes: readonly number[], names: readonly string[]): PlannedRun[] {
  const unknown = names.find((name) => !seriesList.some((series) => series.name === name));
  if (unknown !== undefined)
    throw new ScenarioError(
      `no series '${unknown}': one of ${seriesList.map(({ name }) => name).join(', ')}`,
    );
  return seriesList
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap(({ name, title, values, scenarioAt }) =>
      (values ?? nodes).map((value) => ({
        series: name,
        value,
        scenario: {
          ...scenarioAt(value),
          title,
          start: 'settled' as const,
          network: { latency: 'regions' as const, jitter: 0.05, loss: 0.001, uplinkBitsPerSecond: 20e6 },
          faults: [],
          thresholds: [{ measure: 'traffic.bytesPerNodeSecond', atLeast: 0 }],
        },
      })),
    )
    .sort((left, right) => left.scenario.nodes - right.scenario.nodes);
}
