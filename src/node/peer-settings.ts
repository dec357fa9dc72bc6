/** From a node's configuration to its peer's. */
import type { NodeConfig } from '../config/config-types.ts';
import { type PeerConfig, peerConfigDefault } from '../core/peer/peer-config.ts';

/** Longer than a connection takes; then nobody is there. */
export const meetWithinMs = 2_000;

export function peerConfigOf(config: NodeConfig): PeerConfig {
  return {
    ...peerConfigDefault,
    role: config.mode,
    protocolPrefix: config.protocolPrefix,
    meetWithinMs: config.bootstrap.length > 0 || config.mdns ? meetWithinMs : 0,
    replication: config.replication.count,
    acknowledgements: config.replication.acknowledgements,
    respondersMin: config.replication.responders,
    handOverIntervalMs: config.replication.handOverSeconds * 1000,
    syncIntervalMs: config.sync.intervalSeconds * 1000,
    putsBurst: config.quotas.putsBurst,
    putsPerSecond: config.quotas.putsPerSecond,
    findsBurst: config.quotas.findsBurst,
    findsPerSecond: config.quotas.findsPerSecond,
    cachedAgentsMax: config.store.cachedAgentsMax,
    agentsMax: config.store.agentsMax,
  };
}
