/** What a node counts: for Prometheus, and the last hour for a page that opens. Each count goes to both. */
import type { Host } from '../adapters/libp2p/host-types.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import { createMetrics, type NodeMetrics } from './metrics.ts';
import type { GaugeSources } from './node-gauges.ts';
import type { NodePorts } from './node-ports.ts';
import { createSampler, type Sampler } from './sampler.ts';

export type NodeMeasures = NodeMetrics & Pick<Sampler, 'samples' | 'start' | 'stop'>;

export function createMeasures(
  { store, clock, log }: Pick<NodePorts, 'store' | 'clock' | 'log'>,
  parts: Pick<GaugeSources, 'snapshot' | 'custody'> & { readonly host: Host; readonly config: NodeConfig },
): NodeMeasures {
  const { host, config, snapshot, custody } = parts;
  const connections = (): number => host.network().connections;
  const shared = { snapshot, connections, statistics: () => store.statistics() };
  const metrics = createMetrics({
    ...shared,
    custody,
    network: () => ({ ...host.network(), ...connectionsByDirection(host) }),
    meshSizes: host.gossip.meshSizes,
    nowMs: clock.nowMs,
    about: { version: packageVersion(), mode: config.mode, profile: config.profile },
    connectionsMax: config.connectionsMax,
  });
  store.onCommit?.(metrics.committed);
  const residentBytes = (): number => process.memoryUsage.rss();
  const sampler = createSampler({ ...shared, residentBytes, clock, log });
  return {
    ...metrics,
    counted(metric, label, value) {
      metrics.counted(metric, label, value);
      sampler.counted(metric, value);
    },
    resolved(status, seconds, isCached) {
      metrics.resolved(status, seconds, isCached);
      sampler.resolved();
    },
    published(status, seconds) {
      metrics.published(status, seconds);
      sampler.published(status);
    },
    samples: sampler.samples,
    start: sampler.start,
    stop: sampler.stop,
  };
}

function connectionsByDirection({ libp2p }: Host): { readonly inbound: number; readonly outbound: number } {
  const connections = libp2p.getConnections();
  const inbound = connections.filter(({ direction }) => direction === 'inbound').length;
  return { inbound, outbound: connections.length - inbound };
}
