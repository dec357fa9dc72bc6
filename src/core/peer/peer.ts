/** A participant that may store for others: all sides of the protocol. The contract stands in compose-peer. */
import { createCapabilityServer } from './capability-server.ts';
import { composePeer, type Peer, type PeerOptions } from './compose-peer.ts';
import { createNameServer } from './name-server.ts';

export type { Peer, PeerSnapshot } from './compose-peer.ts';

export function createPeer(options: PeerOptions): Peer {
  return composePeer(options, { capabilities: createCapabilityServer, names: createNameServer });
}
