/** A plain gossipsub node on one connection: what it publishes goes to that one neighbour, whatever it is. */
import { type GossipSub, gossipsub, StrictNoSign } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { digest } from '../../src/core/hash.ts';
import { eventually } from '../adapters/libp2p/network.ts';

export interface GossipNeighbour {
  readonly pubsub: GossipSub;
  publish(topic: string, data: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when the neighbour is known to listen to those topics. */
export async function createGossipNeighbour(
  address: string,
  topics: readonly string[],
): Promise<GossipNeighbour> {
  const idOf = (data: Uint8Array): Uint8Array => digest(data).slice(0, 20);
  const libp2p = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: ({ data }) => idOf(data),
        fastMsgIdFn: ({ data }) => Buffer.from(idOf(data ?? new Uint8Array(0))).toString('latin1'),
        floodPublish: true,
        ignoreDuplicatePublishError: true,
        allowPublishToZeroTopicPeers: true,
      }),
    },
  });
  const pubsub = libp2p.services.pubsub as GossipSub;
  for (const topic of topics) pubsub.subscribe(topic);
  await libp2p.dial(multiaddr(address));
  await eventually(() => topics.every((topic) => pubsub.getSubscribers(topic).length > 0));
  return {
    pubsub,
    async publish(topic, data) {
      await pubsub.publish(topic, data);
    },
    stop: async () => {
      await libp2p.stop();
    },
  };
}
