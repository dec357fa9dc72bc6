/** What a measure is called, how it is written, and in which direction it is better. docs/simulation.md explains each. */
import { formatNumber } from '../../benchmarks/lib/table.ts';

export interface MeasureKind {
  readonly label: string;
  readonly better: 'higher' | 'lower' | 'neither';
  readonly unit: '' | 'ms' | 'share' | 'bytes';
}

const catalog: Readonly<Record<string, MeasureKind>> = {
  'lookups.count': { label: 'lookups', better: 'neither', unit: '' },
  'lookups.rightShare': { label: 'lookups that were right', better: 'higher', unit: 'share' },
  'lookups.wrong': { label: 'lookups that found what had been replaced', better: 'lower', unit: '' },
  'lookups.p50Ms': { label: 'lookup, median', better: 'lower', unit: 'ms' },
  'lookups.p99Ms': { label: 'lookup, 99th percentile', better: 'lower', unit: 'ms' },
  'lookups.maxMs': { label: 'lookup, longest', better: 'lower', unit: 'ms' },
  'lookups.requests': { label: 'peers asked for each lookup', better: 'lower', unit: '' },
  'lookups.hops': { label: 'hops to the record, mean', better: 'lower', unit: '' },
  'publishes.count': { label: 'publishes', better: 'neither', unit: '' },
  'publishes.storedShare': { label: 'publishes that w peers stored', better: 'higher', unit: 'share' },
  'publishes.p50Ms': { label: 'publish, median', better: 'lower', unit: 'ms' },
  'publishes.p99Ms': { label: 'publish, 99th percentile', better: 'lower', unit: 'ms' },
  'revocations.count': { label: 'revocations', better: 'neither', unit: '' },
  'revocations.reachedShare': { label: 'nodes that knew of a revocation', better: 'higher', unit: 'share' },
  'revocations.p50Ms': { label: 'revocation, median', better: 'lower', unit: 'ms' },
  'revocations.p99Ms': { label: 'revocation, 99th percentile', better: 'lower', unit: 'ms' },
  'revocations.maxMs': { label: 'revocation, last node', better: 'lower', unit: 'ms' },
  'revocations.maxAfterFaultsMs': {
    label: 'revocation, last node after the last fault',
    better: 'lower',
    unit: 'ms',
  },
  'revocations.withinSecondShare': { label: 'nodes that knew within 1 s', better: 'higher', unit: 'share' },
  'forks.flaggedShare': { label: 'nodes that flagged a fork', better: 'higher', unit: 'share' },
  'forks.p99Ms': { label: 'fork flagged, 99th percentile', better: 'lower', unit: 'ms' },
  'revocations.withinFiveSecondsShare': {
    label: 'nodes that knew within 5 s',
    better: 'higher',
    unit: 'share',
  },
  'attack.meshShare': { label: 'places in meshes that sybils have', better: 'lower', unit: 'share' },
  'victim.foundShare': { label: 'reads of the eclipsed agent', better: 'higher', unit: 'share' },
  'victim.foundAfterUpdateShare': { label: 'the same, once it was updated', better: 'higher', unit: 'share' },
  'victim.wrongAfterUpdateShare': { label: 'reads of what it was before', better: 'lower', unit: 'share' },
  'victim.endedShare': { label: 'reads that saw its end', better: 'higher', unit: 'share' },
  'victim.liveAfterEnd': { label: 'reads that showed it alive after its end', better: 'lower', unit: '' },
  'gossip.duplicatesPerDelivery': { label: 'copies beyond each delivery', better: 'lower', unit: '' },
  'gossip.rejected': { label: 'gossip refused', better: 'neither', unit: '' },
  'traffic.messagesPerNodeSecond': { label: 'messages, node and second', better: 'lower', unit: '' },
  'traffic.bytesPerNodeSecond': { label: 'bytes, node and second', better: 'lower', unit: 'bytes' },
  'traffic.gossipPerNodeSecond': { label: 'gossip messages, node and second', better: 'lower', unit: '' },
  'load.hottestOverMean': { label: 'requests, hottest node over the mean', better: 'lower', unit: '' },
  'replays.count': { label: 'old records replayed', better: 'neither', unit: '' },
  'replays.taken': { label: 'old records that were taken', better: 'lower', unit: '' },
  'writers.agreeShare': { label: 'concurrent writes seen alike', better: 'higher', unit: 'share' },
  'signatures.checksPerNodeSecond': {
    label: 'signatures checked, node and second',
    better: 'lower',
    unit: '',
  },
  'signatures.msPerNodeSecond': {
    label: 'core for signatures, node and second',
    better: 'lower',
    unit: 'ms',
  },
  'storage.agentsPerNode': { label: 'agents that a node knows', better: 'lower', unit: '' },
  'storage.copiesPerNode': { label: 'records that a node holds for others', better: 'neither', unit: '' },
  'storage.copiesPerRecord': { label: 'copies of a record', better: 'neither', unit: '' },
  'storage.bytesPerNode': { label: 'bytes that a node stores', better: 'lower', unit: 'bytes' },
  'routing.peersPerNode': { label: 'peers in a routing table', better: 'neither', unit: '' },
  'gossip.toldPerDelivery': { label: 'announced to others, each delivery', better: 'lower', unit: '' },
  'gossip.overQuota': { label: "gossip over a neighbour's quota", better: 'lower', unit: '' },
  'storage.tombstonesPerNode': { label: 'tombstones that a node keeps', better: 'lower', unit: '' },
  'storage.deadShare': { label: 'held records of agents that are no more', better: 'lower', unit: 'share' },
  'index.writes': { label: 'writes into the index', better: 'lower', unit: '' },
  'index.writesPerAgentSecond': { label: 'writes, agent and second', better: 'lower', unit: '' },
  'index.changesPerWrite': { label: 'endpoint changes for each write', better: 'higher', unit: '' },
  'lifetimes.lateShownShare': { label: 'ended agents that are still shown', better: 'lower', unit: 'share' },
  'network.heldBack': { label: 'messages that others overtook', better: 'neither', unit: '' },
  'network.duplicated': { label: 'messages that came twice', better: 'neither', unit: '' },
  'alarms.rolledBack': { label: 'resolves that were rolled back', better: 'lower', unit: '' },
};

/** Of one that is not in the list, what its name tells. */
export function kindOf(name: string): MeasureKind {
  const known = Object.hasOwn(catalog, name) ? catalog[name] : undefined;
  if (known !== undefined) return known;
  if (name.endsWith('Share')) return { label: name, better: 'neither', unit: 'share' };
  return { label: name, better: 'neither', unit: name.endsWith('Ms') ? 'ms' : '' };
}

/** A value with its unit; `not measured` for null. */
export function formatMeasure(name: string, value: number | null): string {
  if (value === null) return 'not measured';
  const { unit } = kindOf(name);
  if (unit === 'share') return formatShare(value);
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'ms' && Math.abs(value) >= 10_000) return `${formatNumber(value / 1000)} s`;
  return unit === '' ? formatCount(value) : `${formatNumber(value)} ${unit}`;
}

/** Percent, with as many digits as tell it from 100. */
export function formatShare(share: number): string {
  if (share === 1 || share === 0) return `${share * 100}%`;
  const digits = share > 0.9 ? Math.min(6, Math.ceil(-Math.log10(1 - share)) - 1) : 1;
  return `${(Math.floor(share * 100 * 10 ** digits) / 10 ** digits).toFixed(digits)}%`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${formatNumber(bytes)} B`;
  return bytes < 1e6 ? `${formatNumber(bytes / 1e3)} kB` : `${formatNumber(bytes / 1e6)} MB`;
}

/** What a file says, on a terminal: nothing that moves its cursor. */
export function plainText(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, '');
}

/** Thousands apart; three digits of what is small. */
export function formatCount(value: number): string {
  if (!Number.isInteger(value) && Math.abs(value) < 1000) return formatNumber(value);
  return Math.round(value).toLocaleString('en-US');
}
