/** Connections on demand: an open one, or a dial to addresses that are known. Never a search for addresses. */
import type { Connection, Libp2p } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { OverlayError, type PeerAddress } from '../../ports/overlay.ts';
import type { NetworkProfile } from './host-types.ts';
import { addressesPerPeerMax, dialAddresses, parsePeer } from './multiaddrs.ts';

/** One dial over all addresses of a peer. A request's own timeout may end it earlier for its caller. */
export const dialTimeoutMs = 10_000;

export interface Dialer {
  /** The newest open connection. */
  connectionTo(peer: string): Connection | undefined;
  isConnected(peer: string): boolean;
  /** @throws OverlayError `unreachable` */
  connect(to: PeerAddress): Promise<Connection>;
}

export function createDialer(libp2p: Libp2p, profile: NetworkProfile): Dialer {
  function connectionTo(peer: string): Connection | undefined {
    const peerId = parsePeer(peer);
    if (peerId === null) return undefined;
    return libp2p.getConnections(peerId).findLast((connection) => connection.status === 'open');
  }

  /** What the caller says first, then what identify or an answer of routing has left in the peer store. */
  async function knownAddresses(to: PeerAddress): Promise<Multiaddr[]> {
    const given = dialAddresses(profile, to.peer, to.addresses);
    if (given.length > 0) return given;
    const peerId = parsePeer(to.peer);
    if (peerId === null) return [];
    const stored = await libp2p.peerStore.get(peerId).catch(() => null);
    const texts = stored?.addresses.map(({ multiaddr }) => multiaddr.toString()) ?? [];
    return dialAddresses(profile, to.peer, texts).slice(0, addressesPerPeerMax);
  }

  async function connect(to: PeerAddress): Promise<Connection> {
    const open = connectionTo(to.peer);
    if (open !== undefined) return open;
    const addresses = await knownAddresses(to);
    if (addresses.length === 0) throw new OverlayError('unreachable', 'no address of that peer is known');
    try {
      return await libp2p.dial(addresses, { signal: AbortSignal.timeout(dialTimeoutMs) });
    } catch (error) {
      throw new OverlayError('unreachable', `no address of that peer answers: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  return { connectionTo, isConnected: (peer) => connectionTo(peer) !== undefined, connect };
}

function messageOf(error: unknown): string {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
}
