/** A stream whose first message does not wait for the choice of the protocol, against libp2p's own side of that choice. */
import type { Stream, StreamMuxer } from '@libp2p/interface';
import { handle } from '@libp2p/multistream-select';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { yamux } from '@libp2p/yamux';
import { describe, expect, it } from 'vitest';
import { earlyProtocol } from '../../../src/adapters/libp2p/early-protocol.ts';
import { eventually } from './network.ts';

const protocol = '/weft/record/1.0.0';
const early = { protocol, negotiateFully: false };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The near side asks for `protocol`, the far one serves those and gives back what it reads. */
async function open(served: readonly string[], onStream?: (stream: Stream) => void) {
  const [near, far] = multiaddrConnectionPair();
  const factory = earlyProtocol(yamux({}))();
  const [asker, server] = [near, far].map((end) => factory.createStreamMuxer(end)) as [
    StreamMuxer,
    StreamMuxer,
  ];
  let writes = 0;
  const send = near.send.bind(near);
  near.send = (data) => {
    writes++;
    return send(data);
  };
  server.addEventListener('stream', ({ detail: stream }: CustomEvent<Stream>) => {
    if (onStream !== undefined) {
      stream.addEventListener('message', () => onStream(stream), { once: true });
      return;
    }
    handle(stream, [...served]).then(
      () => stream.addEventListener('message', ({ data }) => void stream.send(data.subarray())),
      () => {},
    );
  });
  const stream = await asker.createStream(early);
  let read = '';
  stream.addEventListener('message', ({ data }) => {
    read += text(data.subarray());
  });
  const closed = new Promise<Error | undefined>((resolve) => {
    stream.addEventListener('close', ({ error }) => resolve(error));
  });
  return {
    stream,
    closed,
    read: () => read,
    writes: () => writes,
    end: () => asker.abort(new Error('done')),
  };
}

describe('a stream with an early protocol', () => {
  it('carries what is sent at once behind the question, and hands over the answer to it alone', async () => {
    const { stream, read, end } = await open([protocol]);
    expect(stream.protocol).toBe(protocol);
    stream.send(new TextEncoder().encode('first '));
    stream.send(new TextEncoder().encode('second'));
    await eventually(() => read() === 'first second');
    end();
  });

  it('takes the answer in pieces, and with what follows it', async () => {
    const answer = new TextEncoder().encode(`\u0013/multistream/1.0.0\n\u0013${protocol}\nrest`);
    const { read, end } = await open([], (stream) => {
      for (const byte of answer.subarray(0, 25)) stream.send(Uint8Array.of(byte));
      stream.send(answer.subarray(25));
    });
    await eventually(() => read() === 'rest');
    end();
  });

  it('ends with libp2p’s own error where the other side does not serve the protocol', async () => {
    const { stream, closed, read } = await open(['/another/1.0.0']);
    stream.send(new TextEncoder().encode('first'));
    expect((await closed)?.name).toBe('UnsupportedProtocolError');
    expect(read()).toBe('');
  });

  it('ends where the other side answers with anything else', async () => {
    const { closed, read } = await open([], (stream) => void stream.send(new Uint8Array(4_096)));
    expect((await closed)?.name).toBe('UnsupportedProtocolError');
    expect(read()).toBe('');
  });
});

it('a stream that does not ask for it is negotiated as ever', async () => {
  const [near] = multiaddrConnectionPair();
  const muxer = earlyProtocol(yamux({}))().createStreamMuxer(near);
  const stream = await muxer.createStream({ protocol });
  expect(stream.protocol).toBe('');
  muxer.abort(new Error('done'));
});
