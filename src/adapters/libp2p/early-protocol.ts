/**
 * Streams that do not wait for the choice of their one protocol (`negotiateFully: false`): what is sent first goes behind the
 * question, and the answer is taken out of what comes. A round trip less before the first answer on a stream; libp2p 3 has
 * the option and leaves it unused. Source: multistream-select 1.0, of which a single proposal may be followed by data.
 */
import {
  type CreateStreamOptions,
  type Stream,
  type StreamMessageEvent,
  type StreamMuxerFactory,
  UnsupportedProtocolError,
} from '@libp2p/interface';

/** The part of a stream that this goes between; the contract tests hold it. */
interface StreamParts {
  onData(data: StreamMessageEvent['data']): void;
}

interface StreamWishes extends CreateStreamOptions {
  /** As `newStream` of a connection takes it. */
  readonly negotiateFully?: boolean;
}

/** A muxer for libp2p's `streamMuxers`. */
export function earlyProtocol(create: () => StreamMuxerFactory): () => StreamMuxerFactory {
  return () => {
    const factory = create();
    const createMuxer = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (connection) => {
      const muxer = createMuxer(connection);
      const createStream = muxer.createStream.bind(muxer);
      muxer.createStream = async (wishes: StreamWishes = {}) => {
        const stream = await createStream(wishes);
        const { protocol, negotiateFully } = wishes;
        if (protocol !== undefined && negotiateFully === false) propose(stream, protocol);
        return stream;
      };
      return muxer;
    };
    return factory;
  };
}

function propose(stream: Stream, protocol: string): void {
  // Whoever serves the protocol answers with the very same lines.
  const lines = Uint8Array.from([...lineOf('/multistream/1.0.0'), ...lineOf(protocol)]);
  const parts = stream as unknown as StreamParts;
  const onData = parts.onData.bind(stream);
  let answered = 0;
  parts.onData = (data) => {
    const bytes = data.subarray();
    let taken = 0;
    for (; taken < bytes.length && answered < lines.length; taken++, answered++) {
      if (bytes[taken] === lines[answered]) continue;
      stream.abort(new UnsupportedProtocolError(`the other side does not serve ${protocol}`));
      return;
    }
    if (answered === lines.length) parts.onData = onData;
    onData(bytes.subarray(taken));
  };
  stream.protocol = protocol;
  stream.send(lines);
}

/** With its length before it: below 128 bytes one byte (an unsigned varint). */
function lineOf(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\n`);
  if (bytes.length > 127) throw new TypeError('a protocol has at most 126 bytes');
  return Uint8Array.from([bytes.length, ...bytes]);
}
