/** What a node spends and keeps, as means over all nodes: signatures, records, peers, and what gossip costs it. */
import { isHeldEntry } from '../../src/core/peer/entry.ts';
import { share } from './share.ts';
import type { World } from './world.ts';

export interface NodeCosts {
  /** What is spent counts from here. */
  begin(world: World): void;
  values(world: World, seconds: number): Record<string, number | null>;
}

export function createNodeCosts(): NodeCosts {
  let before = { checks: 0, ms: 0 };

  return {
    begin({ signatures }) {
      before = { ...signatures };
    },
    values({ nodes, signatures, gossip, counts }, seconds) {
      const { delivered, told } = gossip.counts;
      const holders = new Map<string, number>();
      const kept = { agents: 0, copies: 0, bytes: 0, peers: 0 };
      for (const { store, peer } of nodes) {
        kept.agents += store.size;
        kept.peers += peer.snapshot().routedPeers;
        for (const [key, bytes] of store) {
          kept.bytes += bytes.length;
          if (!isHeldEntry(bytes)) continue;
          kept.copies++;
          holders.set(key, (holders.get(key) ?? 0) + 1);
        }
      }
      const perNode = (value: number): number => value / nodes.length;
      return {
        'signatures.checksPerNodeSecond': perNode(signatures.checks - before.checks) / seconds,
        'signatures.msPerNodeSecond': perNode(signatures.ms - before.ms) / seconds,
        'storage.agentsPerNode': perNode(kept.agents),
        'storage.copiesPerNode': perNode(kept.copies),
        'storage.copiesPerRecord': share(kept.copies, holders.size),
        'storage.bytesPerNode': perNode(kept.bytes),
        'routing.peersPerNode': perNode(kept.peers),
        'gossip.toldPerDelivery': share(told, delivered),
        'gossip.overQuota': counts().get('gossip_received:ignore:over-quota') ?? 0,
      };
    },
  };
}
