/**
 * How a node fared: a few numbers every 5 s for an hour, in memory, so that a page that opens has a past to show.
 * What is kept does not grow: 720 samples of 12 numbers, 70 kB.
 */
import type { PeerSnapshot } from '../core/peer/peer.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { StoreStatistics } from '../ports/store.ts';

const intervalMs = 5_000;
const samplesMax = 720;

/** Values of the moment. */
const gaugeNames = ['recordsHeld', 'agentsKnown', 'storeBytes', 'residentBytes', 'connectedPeers'] as const;
/** Totals since the start. */
const totalNames = [
  'signaturesVerified',
  'resolves',
  'publishes',
  'requests',
  'refused',
  'failures',
] as const;
const names = [...gaugeNames, ...totalNames];
const width = 1 + names.length;

export type SampleName = (typeof names)[number];
type TotalName = (typeof totalNames)[number];

/** The samples in columns, oldest first. */
export interface NodeSamples {
  readonly intervalMs: number;
  /** Milliseconds since 1970. */
  readonly timesMs: readonly number[];
  readonly series: Readonly<Record<SampleName, readonly number[]>>;
}

/** Which total a counter of the node adds to; the others are not sampled. */
const totalByMetric: Readonly<Record<string, TotalName>> = {
  signatures_verified: 'signaturesVerified',
  requests: 'requests',
  requests_refused: 'refused',
  frames_refused: 'refused',
  bundles_refused: 'refused',
  answers_refused: 'refused',
  pushes_refused: 'refused',
  defects: 'failures',
  alarms: 'failures',
};

export interface Sampler {
  /** Hears every counter of the node. */
  counted(metric: string, value: number): void;
  resolved(): void;
  published(status: string): void;
  samples(): NodeSamples;
  start(): void;
  stop(): void;
}

export interface SamplerSources {
  snapshot(): PeerSnapshot;
  statistics(): Promise<StoreStatistics>;
  connections(): number;
  residentBytes(): number;
  readonly clock: Clock;
  readonly log: Log;
}

export function createSampler(sources: SamplerSources): Sampler {
  const { clock, log } = sources;
  const rows = new Float64Array(samplesMax * width);
  const totals = Object.fromEntries(totalNames.map((name) => [name, 0])) as Record<TotalName, number>;
  let written = 0;
  let isRunning = false;
  let cancel = (): void => {};

  async function take(): Promise<void> {
    try {
      const { sizeBytes } = await sources.statistics();
      const { held, agents } = sources.snapshot();
      const gauges = [held, agents, sizeBytes, sources.residentBytes(), sources.connections()];
      const row = [clock.nowMs(), ...gauges, ...totalNames.map((name) => totals[name])];
      rows.set(row, (written++ % samplesMax) * width);
    } catch (error) {
      // A store that closes or fails says so itself; a gap in a chart is all that this is.
      log.debug({ error }, 'a sample could not be taken');
    }
    if (isRunning) cancel = clock.schedule(intervalMs, () => void take());
  }

  function samples(): NodeSamples {
    const count = Math.min(written, samplesMax);
    const at = (index: number, column: number): number =>
      rows[((written - count + index) % samplesMax) * width + column]!;
    const column = (number: number): number[] =>
      Array.from({ length: count }, (_, index) => at(index, number));
    const series = Object.fromEntries(names.map((name, index) => [name, column(index + 1)]));
    return { intervalMs, timesMs: column(0), series: series as Record<SampleName, number[]> };
  }

  return {
    counted(metric, value) {
      const name = Object.hasOwn(totalByMetric, metric) ? totalByMetric[metric] : undefined;
      if (name !== undefined) totals[name] += value;
    },
    resolved() {
      totals.resolves++;
    },
    published(status) {
      totals.publishes++;
      if (status === 'failed') totals.failures++;
    },
    samples,
    start() {
      isRunning = true;
      void take();
    },
    stop() {
      isRunning = false;
      cancel();
    },
  };
}
