/** What a node counts: for Prometheus, and the last hour for a page that opens. Each count goes to both. */
import { createMetrics, type MetricSources, type NodeMetrics } from './metrics.ts';
import type { NodePorts } from './node-ports.ts';
import { createSampler, type Sampler } from './sampler.ts';

export type NodeMeasures = NodeMetrics & Pick<Sampler, 'samples' | 'start' | 'stop'>;

export function createMeasures(
  { store, clock, log }: Pick<NodePorts, 'store' | 'clock' | 'log'>,
  counts: Pick<MetricSources, 'snapshot' | 'connections'>,
): NodeMeasures {
  const sources = { ...counts, statistics: () => store.statistics() };
  const metrics = createMetrics(sources);
  const residentBytes = (): number => process.memoryUsage.rss();
  const sampler = createSampler({ ...sources, residentBytes, clock, log });
  return {
    counted(metric, label, value) {
      metrics.counted(metric, label, value);
      sampler.counted(metric, value);
    },
    resolved(status, seconds) {
      metrics.resolved(status, seconds);
      sampler.resolved();
    },
    published(status, seconds) {
      metrics.published(status, seconds);
      sampler.published(status);
    },
    render: metrics.render,
    samples: sampler.samples,
    start: sampler.start,
    stop: sampler.stop,
  };
}
