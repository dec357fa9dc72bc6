/**
 * libp2p's WebSocket transport with bounds on what a stranger may cost before it has shown who it is. The stock listener
 * lets one malformed frame end the process (an 'error' event that nobody listens to), waits without end for a first byte,
 * takes messages of 100 MiB, and resets a connection with a close code that the standard forbids: that throws, and the
 * socket stays open.
 */
import type { Server, Socket } from 'node:net';
import type { Transport } from '@libp2p/interface';
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets';
import type { Multiaddr } from '@multiformats/multiaddr';
import { plainCloseCodes } from './web-socket-close.ts';

/** From the connection to the end of the upgrade request. */
const upgradeTimeoutMs = 10_000;
/** One message is one encrypted chunk of noise, 64 KiB and a few bytes; other implementations may join some. */
const messageBytesMax = 1024 * 1024;

export interface GuardedWebSocketsOptions {
  /** Open sockets of one listener, upgraded or not. */
  readonly maxConnections: number;
}

/** The part of `ws` that is set after its server was made. */
interface LimitsMessages {
  readonly options: { maxPayload: number };
}

/** What a WebSocket of `ws` has beyond the standard's. */
interface EndableSocket extends WebSocket {
  terminate(): void;
}

/** The parts of @libp2p/websockets 10's listener that this reaches into; the tests hold them. */
interface WebSocketListener {
  readonly server: Server;
  readonly wsServer: LimitsMessages;
  onWsServerConnection(socket: EndableSocket, request: unknown): void;
}

/** The part of its transport that dials; likewise. */
interface DialsWebSockets {
  _connect(address: Multiaddr, options: object): Promise<WebSocket>;
}

/** A libp2p transport factory, for Node. */
export function guardedWebSockets(
  options: GuardedWebSocketsOptions,
): (components: WebSocketsComponents) => Transport {
  const create = webSockets({
    http: {
      headersTimeout: upgradeTimeoutMs,
      requestTimeout: upgradeTimeoutMs,
      connectionsCheckingInterval: upgradeTimeoutMs / 4,
      maxHeaderSize: 8192,
    },
  });
  return (components) => {
    const transport = create(components);
    const dialer = transport as unknown as DialsWebSockets;
    const connect = dialer._connect.bind(transport);
    dialer._connect = async (address, dialOptions) => plainCloseCodes(await connect(address, dialOptions));
    const createListener = transport.createListener.bind(transport);
    transport.createListener = (listenerOptions) => {
      const listener = createListener(listenerOptions);
      guardListener(listener as unknown as WebSocketListener, options);
      return listener;
    };
    return transport;
  };
}

function guardListener(listener: WebSocketListener, { maxConnections }: GuardedWebSocketsOptions): void {
  listener.server.maxConnections = maxConnections;
  listener.server.prependListener('connection', endWhenSilent);
  listener.wsServer.options.maxPayload = messageBytesMax;
  const accept = listener.onWsServerConnection.bind(listener);
  listener.onWsServerConnection = (socket, request) => {
    socket.addEventListener('error', () => socket.terminate());
    accept(
      plainCloseCodes(socket, () => socket.terminate()),
      request,
    );
  };
}

/** `ws` clears the timeout when it takes the socket over, and noise has its own from there on. */
function endWhenSilent(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(upgradeTimeoutMs, () => socket.destroy());
}
