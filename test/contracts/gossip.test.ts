import { createTestNetwork, topics } from '../adapters/libp2p/network.ts';
import { gossipContract } from './gossip-contract.ts';

gossipContract('libp2p', () => {
  const network = createTestNetwork();
  let hub: readonly string[] = [];
  return {
    topic: topics[3]!,
    otherTopic: topics[4]!,
    async join(judge = () => 'accept') {
      const { host, gossip } = await network.start({
        bootstrap: hub,
        // Only the hub listens: no leaf can be dialled by another.
        listen: hub.length === 0 ? ['/ip4/127.0.0.1/tcp/0'] : [],
        timing: { heartbeatMs: 200 },
        judge,
      });
      if (hub.length === 0) hub = host.addresses();
      return {
        gossip: host.gossip,
        get received() {
          return gossip.map(({ text }) => text);
        },
      };
    },
    close: () => network.stop(),
  };
});
