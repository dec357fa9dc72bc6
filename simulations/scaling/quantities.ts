/** What a run says of the cost of one action, and in which forms that may grow. */
import { type Fit, type Form, fitBest, type Point } from './fits.ts';
import { mixSeries, seriesList } from './plan.ts';
import type { ScalingData, ScalingRun } from './scaling-data.ts';

export interface Quantity {
  readonly name: string;
  readonly label: string;
  readonly unit: '' | 'bytes' | 'ms';
  readonly series: string;
  readonly forms: readonly Form[];
  /** @param calm the run of as many nodes in which nothing was asked; undefined when it was not run. */
  measured(run: ScalingRun, calm: ScalingRun | undefined): number | undefined;
}

export interface FittedQuantity extends Pick<Quantity, 'name' | 'label' | 'unit' | 'series'> {
  readonly axis: string;
  readonly symbol: string;
  readonly points: readonly Point[];
  /** Null with too few points, and where nothing is varied. Over N it is drawn through those of `fittedFromNodes` and more, where there are three. */
  readonly fit: Fit | null;
}

const overNodes: readonly Form[] = ['constant', 'log', 'linear'];
const overRate: readonly Form[] = ['constant', 'proportional', 'linear', 'log'];
/** Nothing is held without agents. */
const overAgents: readonly Form[] = ['proportional'];

type Measured = Quantity['measured'];

const measure =
  (name: string): Measured =>
  ({ measures }) =>
    measures[name];

/** What a node has of it in the whole run, beyond what it has in the calm one. */
function beyondCalm(name: string, run: ScalingRun, calm: ScalingRun | undefined): number | undefined {
  const [rate, calmRate] = [run.measures[name], calm?.measures[name]];
  if (rate === undefined || calmRate === undefined) return undefined;
  return rate * run.seconds - calmRate * calm!.seconds;
}

/** Of a node, in a second after the calm run ends. */
const afterCalm =
  (name: string): Measured =>
  (run, calm) => {
    const spent = beyondCalm(name, run, calm);
    return spent === undefined ? undefined : spent / (run.seconds - calm!.seconds);
  };

/** Of all nodes, for each of so many actions. */
const forEach =
  (count: 'lookups' | 'updates', name: string): Measured =>
  (run, calm) => {
    const spent = beyondCalm(name, run, calm);
    return spent === undefined ? undefined : (spent * run.nodes) / run[count];
  };

/** Of one node, in each second of the flood, as much as all of it comes to. */
const inFlood =
  (name: string): Measured =>
  (run) => {
    const rate = run.measures[name];
    return rate === undefined ? undefined : (rate * run.seconds * run.value) / run.revocations;
  };

/** Copies of a message that reach a node. */
const copies: Measured = ({ measures }) => {
  const more = measures['gossip.duplicatesPerDelivery'];
  return more === undefined ? undefined : 1 + more;
};

/** Of one node, for each revocation in the network. */
const forEachRevocation =
  (name: string): Measured =>
  (run, calm) => {
    const spent = beyondCalm(name, run, calm);
    return spent === undefined ? undefined : spent / run.revocations;
  };

/** [name, label, unit, how] */
type Row = readonly [string, string, Quantity['unit'], Measured];

const messages = 'traffic.messagesPerNodeSecond';
const bytes = 'traffic.bytesPerNodeSecond';
const checks = 'signatures.checksPerNodeSecond';
const signatureMs = 'signatures.msPerNodeSecond';

const rowsBySeries: Readonly<Record<string, readonly Row[]>> = {
  calm: [],
  idle: [
    ['idle.messages', 'messages of a node in a second', '', afterCalm(messages)],
    ['idle.bytes', 'bytes of a node in a second', 'bytes', afterCalm(bytes)],
    ['idle.peers', 'peers in a routing table', '', measure('routing.peersPerNode')],
  ],
  lookups: [
    ['lookup.hops', 'hops to the record', '', measure('lookups.hops')],
    ['lookup.requests', 'peers asked', '', measure('lookups.requests')],
    ['lookup.messages', 'messages, of all nodes', '', forEach('lookups', messages)],
    ['lookup.bytes', 'bytes, of all nodes', 'bytes', forEach('lookups', bytes)],
    ['lookup.signatureMs', 'core for signatures, of all nodes', 'ms', forEach('lookups', signatureMs)],
    ['lookup.p50Ms', 'median time', 'ms', measure('lookups.p50Ms')],
    ['lookup.p99Ms', '99th percentile', 'ms', measure('lookups.p99Ms')],
  ],
  updates: [
    ['update.messages', 'messages, of all nodes', '', forEach('updates', messages)],
    ['update.bytes', 'bytes, of all nodes', 'bytes', forEach('updates', bytes)],
    ['update.checks', 'signatures checked, at all nodes', '', forEach('updates', checks)],
    ['update.signatureMs', 'core for signatures, of all nodes', 'ms', forEach('updates', signatureMs)],
    ['update.p50Ms', 'median time to w = 5', 'ms', measure('publishes.p50Ms')],
  ],
  revocations: [
    ['revocation.copies', 'copies that reach each node', '', copies],
    ['revocation.checks', 'signatures checked, at each node', '', forEachRevocation(checks)],
    ['revocation.signatureMs', 'core for signatures, of each node', 'ms', forEachRevocation(signatureMs)],
    ['revocation.p50Ms', 'median time to a node', 'ms', measure('revocations.p50Ms')],
    ['revocation.p99Ms', '99th percentile', 'ms', measure('revocations.p99Ms')],
  ],
  'lookup-rate': [['lookup-rate.messages', 'messages of a node in a second', '', measure(messages)]],
  'update-rate': [
    ['update-rate.messages', 'messages of a node in a second', '', measure(messages)],
    ['update-rate.signatureMs', 'core for signatures in a second', 'ms', measure(signatureMs)],
  ],
  'revocation-rate': [
    ['revocation-rate.messages', 'messages of a node in a second', '', measure(messages)],
    ['revocation-rate.signatureMs', 'core for signatures in a second', 'ms', measure(signatureMs)],
    ['revocation-rate.agents', 'agents that a node knows', '', measure('storage.agentsPerNode')],
  ],
  'revocation-flood': [
    ['revocation-flood.p50Ms', 'median time to a node', 'ms', measure('revocations.p50Ms')],
    ['revocation-flood.p99Ms', '99th percentile', 'ms', measure('revocations.p99Ms')],
    ['revocation-flood.bytes', 'bytes of a node in a second', 'bytes', inFlood(bytes)],
    ['revocation-flood.overQuota', 'messages over the quota of a neighbour', '', measure('gossip.overQuota')],
  ],
  [mixSeries]: ['helpers', 'sessions', 'services']
    .map(
      (kind): Row => [
        `${mixSeries}.${kind}`,
        `${kind} of the scenario lifetimes, as simulated`,
        '',
        measure(`lifetimes.${kind}.changesPerWrite`),
      ],
    )
    .concat([
      [
        `${mixSeries}.all`,
        'all of the scenario lifetimes, as simulated',
        '',
        measure('index.changesPerWrite'),
      ],
    ]),
  agents: [
    ['agents.copies', 'records that a node holds', '', measure('storage.copiesPerNode')],
    ['agents.bytes', 'bytes that a node stores', 'bytes', measure('storage.bytesPerNode')],
  ],
};

function formsOf({ name, values }: (typeof seriesList)[number]): readonly Form[] {
  if (name === mixSeries) return [];
  if (values === undefined) return overNodes;
  return name === 'agents' ? overAgents : overRate;
}

export const quantities: readonly Quantity[] = seriesList.flatMap((series) =>
  rowsBySeries[series.name]!.map(([name, label, unit, measured]) => ({
    ...{ name, label, unit, measured },
    series: series.name,
    forms: formsOf(series),
  })),
);

/** Of smaller networks a node knows a good part, and much is found without asking anybody. */
export const fittedFromNodes = 1000;

function areEnough(points: readonly Point[]): boolean {
  return new Set(points.map(({ x }) => x)).size >= 3;
}

export function fitAll({ runs }: ScalingData): FittedQuantity[] {
  return quantities.map(({ name, label, unit, series, forms, measured }) => {
    const points = runs
      .filter((run) => run.series === series)
      .flatMap((run) => {
        const y = measured(
          run,
          runs.find((one) => one.series === 'calm' && one.nodes === run.nodes && one.seed === run.seed),
        );
        return y === undefined ? [] : [{ x: run.value, y }];
      })
      .sort((left, right) => left.x - right.x);
    const { axis, symbol } = seriesList.find((one) => one.name === series)!;
    const large = points.filter(({ x }) => symbol === 'N' && x >= fittedFromNodes);
    const used = areEnough(large) ? large : points;
    const fit = forms.length > 0 && areEnough(used) ? fitBest(forms, used) : null;
    return { name, label, unit, series, axis, symbol, points, fit };
  });
}
