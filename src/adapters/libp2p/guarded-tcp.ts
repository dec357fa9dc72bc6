/**
 * libp2p's TCP transport with its dials made safe. The stock one takes its error listener off a socket when it
 * connects and puts the next on a turn of promises later; a reset in between (a refusal by the other side's rate
 * limit does it) is an 'error' event without a listener and ends the process.
 */
import { connect, type Server, type Socket } from 'node:net';
import type { Transport } from '@libp2p/interface';
import { type TCPComponents, type TCPOptions, tcp } from '@libp2p/tcp';
import { getNetConfig } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';
import { batchWrites } from './batched-writes.ts';

/** The kernel asks a silent peer after so long, and gives it up 10 s later. */
const keepAliveDelayMs = 30_000;

/** The part of @libp2p/tcp 11 that dials; the contract tests hold it. */
interface DialsSockets {
  _connect(address: Multiaddr, options: { readonly signal: AbortSignal }): Promise<Socket>;
}

/** The part of its listener that hands out sockets; likewise. */
interface AcceptsSockets {
  readonly server: Server;
}

/** A libp2p transport factory. */
export function guardedTcp(options: TCPOptions): (components: TCPComponents) => Transport {
  const create = tcp({
    ...options,
    listenOpts: { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs },
  });
  return (components) => {
    const transport = create(components);
    (transport as unknown as DialsSockets)._connect = connectSocket;
    const createListener = transport.createListener.bind(transport);
    transport.createListener = (listenerOptions) => {
      const listener = createListener(listenerOptions);
      (listener as unknown as AcceptsSockets).server.prependListener('connection', batchWrites);
      return listener;
    };
    return transport;
  };
}

function connectSocket(address: Multiaddr, { signal }: { readonly signal: AbortSignal }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port } = getNetConfig(address);
    if (port === undefined) throw new Error(`${address} has no port`);
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    });
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(new DOMException('the dial was given up', 'AbortError'));
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for the life of the socket: there is never a moment without a listener.
    socket.on('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      batchWrites(socket);
      resolve(socket);
    });
  });
}
