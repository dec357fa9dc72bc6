/**
 * yamux that gives its peer a new window when half of the old one is used, as its specification advises. The stock
 * muxer answers every data frame with a window update: a frame of its own to encrypt, write, read and decrypt for each
 * small message.
 */
import type { StreamMuxerFactory } from '@libp2p/interface';
import { type YamuxMuxerInit, yamux } from '@libp2p/yamux';

/** The parts of @libp2p/yamux 8 that this goes between; the contract tests hold them. */
interface StreamParts {
  /** See `openStates`. */
  readonly state: number;
  /** What the peer may send in all, and what is left of it. */
  readonly recvWindow: number;
  readonly recvWindowCapacity: number;
  sendWindowUpdate(): void;
}
interface MuxerParts {
  _newStream(...args: unknown[]): StreamParts;
}

/** A stream in one of these owes its peer no flag that only a window update would bring: SYN sent, established. */
const openStates: ReadonlySet<number> = new Set([1, 3]);

/** A muxer for libp2p's `streamMuxers`. */
export function lazyWindows(init: YamuxMuxerInit): () => StreamMuxerFactory {
  const create = yamux(init);
  return () => {
    const factory = create();
    const createMuxer = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (connection) => {
      const muxer = createMuxer(connection);
      const parts = muxer as unknown as MuxerParts;
      const newStream = parts._newStream.bind(muxer);
      parts._newStream = (...args) => withLazyWindow(newStream(...args));
      return muxer;
    };
    return factory;
  };
}

function withLazyWindow(stream: StreamParts): StreamParts {
  const send = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    if (openStates.has(stream.state) && stream.recvWindowCapacity > stream.recvWindow / 2) return;
    send();
  };
  return stream;
}
