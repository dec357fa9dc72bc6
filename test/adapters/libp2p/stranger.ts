/** A libp2p node that speaks the transport and then says what it likes: hostile or broken peers in tests. */
import { identify } from '@libp2p/identify';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { TestHost } from './network.ts';

export const recordProtocol = '/weft/record/1.0.0';

export interface Stranger {
  readonly libp2p: Libp2p;
  connect(to: TestHost): Promise<Connection>;
  /** A stream of the record protocol on a connection that is open already, or new. */
  openStream(to: TestHost): Promise<Stream>;
  stop(): Promise<void>;
}

export async function createStranger(): Promise<Stranger> {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: { identify: identify() },
  });
  const addressOf = ({ host }: TestHost) => multiaddr(host.addresses()[0]!);
  return {
    libp2p,
    connect: (to) => libp2p.dial(addressOf(to)),
    async openStream(to) {
      const stream = await libp2p.dialProtocol(addressOf(to), recordProtocol);
      stream.addEventListener('close', () => {});
      return stream;
    },
    stop: async () => {
      await libp2p.stop();
    },
  };
}

/** Resolves when the other side has ended the stream. */
export function ended(stream: Stream): Promise<void> {
  if (stream.status !== 'open') return Promise.resolve();
  return new Promise((resolve) => {
    stream.addEventListener('close', () => resolve());
    stream.addEventListener('remoteCloseWrite', () => resolve());
  });
}
