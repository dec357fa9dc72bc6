/** The muxer that spares its peer a window update for each message. */
import type { Stream, StreamMuxer } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { yamux } from '@libp2p/yamux';
import { describe, expect, it } from 'vitest';
import { lazyWindows } from '../../../src/adapters/libp2p/lazy-windows.ts';

type Factory = ReturnType<ReturnType<typeof lazyWindows>>;

/** Sends messages of that size one way, each when the last has arrived; what came, and how many writes went back. */
async function transfer(factory: Factory, messages: number, sizeBytes: number) {
  const [near, far] = multiaddrConnectionPair();
  const muxers: StreamMuxer[] = [near, far].map((end) => factory.createStreamMuxer(end));
  const [sender, receiver] = muxers as [StreamMuxer, StreamMuxer];
  let received = 0;
  let writesBack = 0;
  const send = far.send.bind(far);
  far.send = (data) => {
    writesBack++;
    return send(data);
  };
  let arrived = (): void => {};
  receiver.addEventListener('stream', ({ detail }: CustomEvent<Stream>) => {
    detail.addEventListener('message', ({ data }) => {
      received += data.byteLength;
      if (received % sizeBytes === 0) arrived();
    });
  });
  const stream = await sender.createStream();
  for (let message = 0; message < messages; message++) {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    if (!stream.send(new Uint8Array(sizeBytes))) await stream.onDrain();
    await arrival;
  }
  for (const muxer of muxers) muxer.abort(new Error('done'));
  return { received, writesBack };
}

describe('the muxer', () => {
  it('answers small messages with a window update for each half of a window, not for each message', async () => {
    const lazy = await transfer(lazyWindows({})(), 500, 100);
    const stock = await transfer(yamux({})(), 500, 100);
    expect(stock.writesBack).toBeGreaterThanOrEqual(500);
    expect(lazy.writesBack).toBeLessThan(10);
  });

  it('never leaves a sender without a window', async () => {
    const { received } = await transfer(lazyWindows({})(), 256, 64 * 1024);
    expect(received).toBe(16 * 1024 * 1024);
  });
});
