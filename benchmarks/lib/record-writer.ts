/** A peer that writes and reads at one storing node over the record protocol, in frames of its own choice. */
import { randomBytes } from 'node:crypto';
import { createHost } from '../../src/adapters/libp2p/create-host.ts';
import { gossipTopics } from '../../src/core/gossip/announcement.ts';
import { decodeFindAnswers, decodePutAnswers, encodeRequest } from '../../src/core/overlay/message.ts';

/** A connected writer. */
export interface RecordWriter {
  /** Puts bundles in one frame and resolves when all are durable there. @throws Error when one is not stored. */
  put(bundles: readonly Uint8Array[]): Promise<void>;
  /** Asks for agents in one frame. @throws Error when one is not there. */
  find(agentIds: readonly Uint8Array[]): Promise<void>;
  /** Bytes of requests and answers so far, before encryption and framing. */
  bodyBytes(): number;
  stop(): Promise<void>;
}

const timeoutMs = 60_000;
const protocolPrefix = '/weft';

/** Connects to the node at a multiaddr that ends in /p2p. */
export async function connectRecordWriter(address: string): Promise<RecordWriter> {
  const [transport, peer] = address.split('/p2p/');
  const topics = gossipTopics(protocolPrefix);
  const host = await createHost({
    privateKey: randomBytes(32),
    listen: [],
    bootstrap: [address],
    profile: 'private',
    protocolPrefix,
    mode: 'client',
    topics,
  });
  await host.overlay.start({
    peerAdded: () => {},
    peerRemoved: () => {},
    peerConnected: () => {},
    peerDisconnected: () => {},
    requestReceived: async () => new Uint8Array(),
    pushReceived: () => {},
  });
  await host.gossip.start({ messageReceived: async () => 'ignore' });
  await host.start();
  await host.dial(address);
  const to = { peer: peer!, addresses: [transport!] };
  let bodyBytes = 0;

  async function request(body: Uint8Array): Promise<Uint8Array> {
    const answer = await host.overlay.request(to, body, { timeoutMs });
    bodyBytes += body.length + answer.length;
    return answer;
  }

  return {
    async put(bundles) {
      const answers = decodePutAnswers(
        await request(encodeRequest({ type: 'put', bundles })),
        bundles.length,
      );
      const failed = answers.find((answer) => answer.status !== 'stored');
      if (failed !== undefined) throw new Error(`a put was answered ${failed.status}: ${failed.code}`);
    },
    async find(agentIds) {
      const items = agentIds.map((agentId) => ({ agentId, known: null }));
      const answer = await request(encodeRequest({ type: 'find', closerMax: 0, items }));
      const missing = decodeFindAnswers(answer, items.length).filter(
        (found) => !(found.record instanceof Uint8Array),
      );
      if (missing.length > 0) throw new Error(`${missing.length} of ${items.length} records were not found`);
    },
    bodyBytes: () => bodyBytes,
    stop: () => host.stop(),
  };
}
