/**
 * The node's Prometheus metrics: what happened, as counters and histograms; what is, as the gauges of node-gauges.
 * docs/operating.md explains each. Names end in the unit, and labels take few values: none is a peer or an agent.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { PublishResult, Resolution } from '../core/peer/effects.ts';
import type { AgentChange } from '../driver/call-types.ts';
import type { CallMeasures } from '../driver/network-calls.ts';
import type { StoreCommit } from '../ports/store.ts';
import { addGauges, type GaugeSources } from './node-gauges.ts';

export interface NodeMetrics extends CallMeasures {
  counted(metric: string, label: string, value: number): void;
  /** A change that this node accepted. */
  changed(change: Pick<AgentChange, 'change' | 'source' | 'state' | 'acceptedAtMs'>): void;
  /** A request of this node to another peer came to an end. */
  requested(outcome: string, seconds: number): void;
  /** A batch of signatures was verified. */
  verified(seconds: number): void;
  /** A group of writes is on the disk. */
  committed(commit: StoreCommit): void;
  /** Prometheus text exposition format. */
  render(): Promise<string>;
}

/** Metrics that the core may count; another name is a defect and is counted as one. */
const counterHelp: Readonly<Record<string, string>> = {
  requests: 'Requests of other peers that were answered, by type',
  frames_refused: 'Streams of other peers that were ended because they carried no frames, by code',
  requests_refused: 'Requests of other peers that were refused, by code',
  answers_refused: 'Answers of other peers that were of no use, by code',
  bundles_refused: 'Bundles that were refused at any door, by code',
  pushes_refused: 'Pushed changes that were refused, by code',
  gossip_received: 'Gossip messages, by verdict and reason',
  gossip_copies: 'Gossip messages as neighbours sent them, those that were known included',
  gossip_published: 'Announcements published by this node',
  gossip_delayed: 'Announcements that wait for an agent’s budget',
  repairs: 'Records given to peers that lagged behind',
  syncs: 'Reconciliations with a neighbour, by outcome',
  watches: 'Watch requests to other peers, by outcome',
  records_expired: 'Records and agents forgotten after their end',
  records_handed_over: 'Records given up to closer peers',
  entries_refetched: 'Store entries lost to corruption and fetched again',
  signatures_verified: 'Signatures verified, by verifier',
  store_failures: 'Writes of records that the store refused or failed, by code',
  refences: 'Fences of records in custody that were due, by outcome',
  capabilities: 'Announcements of capabilities that came, by what became of them',
  names: 'Records of names that came, by what became of them',
  contents: 'Facts in the overlay that came or were asked for, by what became of them',
  private_requests: 'Questions of the private path, asked, relayed and answered, by what became of them',
  log_checkpoints: 'Checkpoints of audit logs that were heard or proven, by what became of them',
  log_rounds: 'Rounds of the audit log that came to nothing',
  alarms: 'Alarms raised, by kind',
  defects: 'Failures of the protocol core on an event, by event: each is a bug to report',
};

/** Metrics of the core that are distributions. */
const distributionHelp: Readonly<Record<string, string>> = {
  lookup_requests: 'Peers that were asked in one search of a resolve',
  lookup_hops: 'Requests one after the other until somebody showed the record, 0 when the node holds it',
};

const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const shortBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const requestBuckets = [1, 2, 3, 4, 6, 8, 12, 20, 40, 64];
/** Whole seconds of two clocks: nothing below one second means anything. */
const ageBuckets = [1, 2, 5, 10, 30, 60, 300, 3600, 86_400];
/** Ways by which a change comes from elsewhere; a resolve looks for what is old. */
const heardSources: ReadonlySet<string> = new Set(['gossip', 'push', 'put', 'sync']);

export function createMetrics(sources: GaugeSources): NodeMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counters = new Map(
    Object.entries(counterHelp).map(([name, help]) => [
      name,
      new Counter({ name: `weft_${name}_total`, help, labelNames: ['kind'], registers }),
    ]),
  );
  const distributions = new Map(
    Object.entries(distributionHelp).map(([name, help]) => [
      name,
      new Histogram({
        name: `weft_${name}`,
        help,
        labelNames: ['kind'],
        buckets: requestBuckets,
        registers,
      }),
    ]),
  );
  const timings = createTimings(registers);
  addGauges(registers, sources);

  function counted(metric: string, label: string, value: number): void {
    const counter = counters.get(metric);
    if (counter !== undefined) counter.inc({ kind: label }, value);
    else if (distributions.has(metric)) distributions.get(metric)!.observe({ kind: label }, value);
    else counters.get('defects')!.inc({ kind: `unknown-metric-${metric}` });
  }

  return { ...timings, counted, render: () => registry.metrics() };
}

function createTimings(registers: Registry[]): Omit<NodeMetrics, 'counted' | 'render'> {
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ): Histogram<Label> => new Histogram({ name, help, labelNames, buckets, registers });
  const resolves = histogram(
    'weft_resolve_duration_seconds',
    'Time of a resolve, by status and by where the answer came from',
    latencyBuckets,
    'status',
    'from',
  );
  const publishes = histogram(
    'weft_publish_duration_seconds',
    'Time of a put to its acknowledgements, by status',
    latencyBuckets,
    'status',
  );
  const requests = histogram(
    'weft_peer_request_duration_seconds',
    'Time of a request to another peer, by outcome',
    latencyBuckets,
    'outcome',
  );
  const verifications = histogram(
    'weft_verification_duration_seconds',
    'Time from handing over a batch of signatures to its verdicts',
    shortBuckets,
  );
  const ages = histogram(
    'weft_change_age_seconds',
    'Age of a change of keys or revocation when it was accepted, by the clock of who signed it',
    ageBuckets,
    'source',
  );
  const changes = new Counter({
    name: 'weft_changes_total',
    help: 'Changes of agents that were accepted, by what changed and by where this node heard it',
    labelNames: ['change', 'source'],
    registers,
  });
  return {
    resolved(status: Resolution['status'], seconds: number, isCached: boolean) {
      resolves.observe({ status, from: isCached ? 'cache' : 'network' }, seconds);
    },
    published: (status: PublishResult['status'], seconds: number) => publishes.observe({ status }, seconds),
    requested: (outcome, seconds) => requests.observe({ outcome }, seconds),
    verified: (seconds) => verifications.observe(seconds),
    changed({ change, source, state, acceptedAtMs }) {
      changes.inc({ change, source });
      if (change === 'changed' || !heardSources.has(source)) return;
      const revocation = change.endsWith('-revoked') ? state.revocations.at(-1) : undefined;
      const issuedAt = revocation?.issuedAt ?? state.keyState.head.body.issuedAt;
      ages.observe({ source }, Math.max(0, acceptedAtMs / 1000 - issuedAt));
    },
    committed: createCommitMeasure(registers),
  };
}

function createCommitMeasure(registers: Registry[]): (commit: StoreCommit) => void {
  const commits = new Histogram({
    name: 'weft_store_commit_duration_seconds',
    help: 'Time of a synced group commit',
    buckets: shortBuckets,
    registers,
  });
  const writes = new Counter({
    name: 'weft_store_writes_total',
    help: 'Entries that were written or deleted durably',
    registers,
  });
  const bytes = new Counter({
    name: 'weft_store_written_bytes_total',
    help: 'Bytes of the entries that were written durably',
    registers,
  });
  return ({ durationMs, entries, sizeBytes }) => {
    commits.observe(durationMs / 1000);
    writes.inc(entries);
    bytes.inc(sizeBytes);
  };
}
