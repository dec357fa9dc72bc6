/** The private path and content behind their door: loaded when the first request of theirs comes, or the first call. */
import { contentMessages, messageType } from '../core/overlay/message-type.ts';
import { createContentClient } from './content-client.ts';
import { createContentServer } from './content-server.ts';
import { type ContentShelf, openContentShelf } from './content-shelf.ts';
import type { KnownPeers, PathParts, PrivateCalls } from './path-types.ts';
import { createPrivateAsker } from './private-asker.ts';
import type { PathServer } from './private-overlay.ts';
import { createPrivateResolver } from './private-resolver.ts';
import { createRelay } from './relay.ts';
import { createSealedServer } from './sealed-server.ts';
import { createSealing } from './sealing.ts';

export interface PathEngine {
  readonly serve: PathServer;
  readonly calls: PrivateCalls;
}

export function createPathEngine(parts: PathParts, peers: KnownPeers): PathEngine {
  const { settings, agreement, entropy } = parts;
  const isFull = settings.role === 'full';
  const sealing = createSealing({
    agreement,
    entropy,
    network: settings.protocolPrefix,
    self: isFull ? parts.seed : null,
  });
  const server = createContentServer(parts, peers, onceOpen(parts));
  const relay = createRelay(parts, peers);
  const answerSealed = createSealedServer(parts, sealing, server.fetchDigest);
  const asker = createPrivateAsker(parts, peers, sealing);
  const own = isFull ? server : { holdOwn: async () => null };
  const client = createContentClient(parts, peers, own);

  async function readOwn(digest: Uint8Array): Promise<Uint8Array | null> {
    return isFull ? server.read(digest) : null;
  }

  return {
    serve(peer, body, core) {
      switch (messageType(body)) {
        case contentMessages.hold:
          return server.hold(peer, body);
        case contentMessages.fetch:
          return server.fetch(peer, body);
        case contentMessages.relay:
          return relay(peer, body);
        default:
          return answerSealed(peer, body, core);
      }
    },
    calls: {
      resolve: createPrivateResolver(parts, peers, asker),
      fetch: async (digest, options = {}) => (await readOwn(digest)) ?? client.fetch(digest, asker, options),
      fetchDirectly: async (digest, options = {}) =>
        (await readOwn(digest)) ?? client.fetch(digest, null, options),
      hold: (bytes, { isKnown = false, ...options } = {}) => client.hold(bytes, isKnown, options),
    },
  };
}

function onceOpen({ store, clock, settings }: PathParts): () => Promise<ContentShelf> {
  let opened: Promise<ContentShelf> | null = null;
  return () => {
    opened ??= openContentShelf(store, clock, settings.contentBytesMax).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
}
