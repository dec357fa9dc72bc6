/** A scenario as real nodes can run it: what a mode cannot do is refused, what it does otherwise is said. */
import type { ConfigValue } from '../../src/config/key-schema.ts';
import { type Fault, type Scenario, ScenarioError } from '../lib/scenario.ts';
import type { LiveMode } from './live-network.ts';

export interface LivePlan {
  /** As it is run, and as the model beside it is run. */
  readonly scenario: Scenario;
  /** Of the nodes, by key. */
  readonly settings: Readonly<Record<string, ConfigValue>>;
  /** What of the scenario does not count here: sentences. */
  readonly leftOut: readonly string[];
}

export interface LiveWishes {
  readonly mode: LiveMode;
  readonly nodes: number;
  /** Factor of agents and rates; 1 as the scenario says. */
  readonly load: number;
}

const nodesMax = 200;
/** One way between two sockets of one process, to the reader's turn. */
const loopback: Scenario['network'] = { latency: 0.15, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e10 };

/** @throws ScenarioError that names everything that this mode cannot do. */
export function planLive(scenario: Scenario, wishes: LiveWishes): LivePlan {
  const { mode, nodes, load: factor } = wishes;
  const refused = [
    ...scenario.faults.flatMap((fault) => refusedFault(fault, mode)),
    ...refusedFields(scenario),
    ...(nodes > nodesMax
      ? [`${nodes} nodes: at most ${nodesMax} fit on one machine; name fewer with --nodes`]
      : []),
  ];
  if (refused.length > 0)
    throw new ScenarioError(
      `this scenario cannot be run live:\n${refused.map((why) => `  ${why}`).join('\n')}`,
    );
  const { load } = scenario;
  const times = (rate: number): number => rate * factor;
  const whole = (count: number): number => Math.max(Math.sign(count), Math.round(count * factor));
  return {
    scenario: {
      ...scenario,
      nodes,
      agents: whole(scenario.agents),
      network: mode === 'process' ? loopback : scenario.network,
      load: {
        ...load,
        lookupsPerSecond: times(load.lookupsPerSecond),
        updatesPerSecond: times(load.updatesPerSecond),
        rotationsPerSecond: times(load.rotationsPerSecond),
        revocations: whole(load.revocations),
        ...(load.hotLookupsPerSecond !== undefined && {
          hotLookupsPerSecond: times(load.hotLookupsPerSecond),
        }),
      },
    },
    settings: settingsOf(scenario),
    leftOut:
      mode === 'process'
        ? ['latency, jitter, loss and bandwidth of the network: all nodes are on loopback, in the model too']
        : [],
  };
}

const onNetwork = 'needs a network between the nodes: run it with --virtual or --namespaces';

function refusedFault(fault: Fault, mode: LiveMode): string[] {
  switch (fault.type) {
    case 'crash':
    case 'churn':
      return [];
    case 'partition':
    case 'loss':
      return mode === 'process' ? [`the fault '${fault.type}' ${onNetwork}`] : [];
    default:
      return [`the fault '${fault.type}' is there in the model alone`];
  }
}

/** Fields of a load that real nodes have. */
const liveLoad = new Set([
  'seconds',
  'lookupsPerSecond',
  'updatesPerSecond',
  'rotationsPerSecond',
  'revocations',
  'hotLookupsPerSecond',
]);
/** Fields of a network that one between real nodes has; on loopback what they say is left out. */
const liveNetwork = new Set(['latency', 'jitter', 'loss', 'uplinkBitsPerSecond']);
const liveFields = new Set([
  ...['title', 'nodes', 'agents', 'start', 'network', 'peer', 'load', 'faults'],
  ...['settleSeconds', 'thresholds'],
]);

/** Whatever is not known to work is refused, fields that scenarios get later included. */
function refusedFields(scenario: Scenario): string[] {
  const given = (values: object, known: ReadonlySet<string>): string[] =>
    Object.entries(values).flatMap(([name, value]) => (value === undefined || known.has(name) ? [] : [name]));
  return [
    ...given(scenario, liveFields).map((name) => `'${name}' is there in the model alone`),
    ...given(scenario.network, liveNetwork).map((name) => `'network.${name}' is there in the model alone`),
    ...given(scenario.load, liveLoad).map((name) => `'load.${name}' is there in the model alone`),
    ...given(scenario.peer ?? {}, new Set(Object.keys(settingByField))).map(
      (name) => `'peer.${name}' is no setting of a node`,
    ),
    ...(scenario.start === 'empty'
      ? [
          "'start' is 'empty': real nodes have joined before a load begins, so only 'settled' can be set beside them",
        ]
      : []),
  ];
}

const settingByField: Readonly<Record<string, string>> = {
  replication: 'replication.count',
  acknowledgements: 'replication.acknowledgements',
  respondersMin: 'replication.responders',
  handOverSeconds: 'replication.handOverSeconds',
  syncIntervalSeconds: 'sync.intervalSeconds',
};

function settingsOf({ peer = {} }: Scenario): Record<string, ConfigValue> {
  return Object.fromEntries(
    Object.entries(peer).map(([field, value]) => [settingByField[field]!, value as ConfigValue]),
  );
}
