/** The overlay port on libp2p: the peer directory says who there is, the record protocol asks and answers. */
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import type { Log } from '../../ports/log.ts';
import { type Overlay, OverlayError, type OverlayHandlers, type PeerAddress } from '../../ports/overlay.ts';
import { inDialTurn } from './dial-budget.ts';
import type { Dialer } from './dialer.ts';
import type { NetworkProfile } from './host-types.ts';
import { contactAddresses } from './multiaddrs.ts';
import type { PeerDirectory } from './peer-directory.ts';
import { createRecordClient, type RecordClient } from './record-client.ts';
import { createRecordServer, type RecordServer, streamsPerConnectionMax } from './record-server.ts';

/** Negotiating a stream on an open connection: two round trips, or the connection is in trouble. */
const streamTimeoutMs = 5000;

export interface OverlayOptions {
  readonly libp2p: Libp2p;
  readonly directory: PeerDirectory;
  readonly dialer: Dialer;
  readonly profile: NetworkProfile;
  readonly recordProtocol: string;
  /** A client takes no requests and does not say that it knows the protocol. */
  readonly mode: 'full' | 'client';
  /** A stream was ended because it carried no frames. */
  frameRefused(code: string): void;
  /** Requests to this peer time out on a connection that says it is open. */
  connectionDoubted(peer: string): void;
  readonly log: Log;
}

/** What the host asks of its overlay beyond the port. */
export interface Libp2pOverlay extends Overlay {
  latencyMs(peer: string): number | null;
}

export function createOverlay(options: OverlayOptions): Libp2pOverlay {
  const { libp2p, directory, dialer, profile, recordProtocol, log } = options;
  const peer = libp2p.peerId.toString();
  let handlers: OverlayHandlers | null = null;
  let server: RecordServer | null = null;
  const client: RecordClient = createRecordClient({
    openStream,
    pushReceived: (from, body) => handlers?.pushReceived(from, body),
    connectionDoubted: options.connectionDoubted,
  });

  async function openStream(to: PeerAddress): Promise<Stream> {
    const connection = await connect(to);
    try {
      return await connection.newStream(recordProtocol, {
        signal: AbortSignal.timeout(streamTimeoutMs),
        // The first request goes along with the question whether that peer serves the protocol.
        negotiateFully: false,
        // Within the relay's bounds a peer behind a NAT can be asked like any other.
        runOnLimitedConnection: true,
      });
    } catch (error) {
      throw new OverlayError('unreachable', 'the connection to that peer takes no stream', { cause: error });
    }
  }

  async function connect(to: PeerAddress): Promise<Connection> {
    try {
      return await dialer.connect(to);
    } catch (error) {
      directory.suspect(to.peer);
      throw error;
    }
  }

  async function start(attached: OverlayHandlers): Promise<void> {
    if (handlers !== null) throw new Error('the overlay is started already');
    handlers = attached;
    server = createRecordServer({
      requestReceived: (from, body) => attached.requestReceived(from, body),
      pushReceived: (from, body) => attached.pushReceived(from, body),
      frameRefused: options.frameRefused,
    });
    directory.listen({
      peerAdded: (added) => handlers?.peerAdded(added),
      peerRemoved: (removed) => handlers?.peerRemoved(removed),
      peerConnected: (connected) => handlers?.peerConnected(connected),
      peerDisconnected(gone) {
        client.drop(gone);
        handlers?.peerDisconnected(gone);
      },
    });
    if (options.mode === 'full') {
      await libp2p.handle(
        recordProtocol,
        (stream, connection) => server?.accept(connection.remotePeer.toString(), stream),
        {
          maxInboundStreams: streamsPerConnectionMax,
          maxOutboundStreams: streamsPerConnectionMax,
          runOnLimitedConnection: true,
        },
      );
    }
  }

  async function stop(): Promise<void> {
    if (handlers === null) return;
    handlers = null;
    client.close();
    server?.close();
    if (options.mode === 'full') {
      await libp2p.unhandle(recordProtocol).catch((error: unknown) => {
        log.debug({ error }, 'the record protocol could not be withdrawn');
      });
    }
  }

  return {
    get self() {
      return { peer, addresses: contactAddresses(profile, libp2p.getMultiaddrs()) };
    },
    start,
    request: (to, body, requestOptions) => client.request(to, body, requestOptions),
    meet(to) {
      if (dialer.isConnected(to.peer)) return;
      inDialTurn(() => connect(to)).catch((error: unknown) => {
        log.debug({ error, peer: to.peer }, 'a peer that was named does not answer');
      });
    },
    push(to, body) {
      if (!client.push(to, body)) server?.push(to, body);
    },
    latencyMs: (of) => client.latencyMs(of),
    stop,
  };
}
