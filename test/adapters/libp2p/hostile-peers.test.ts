import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Stream } from '@libp2p/interface';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrameHead } from '../../../src/adapters/libp2p/frame.ts';
import { requestsInFlightMax, streamsPerConnectionMax } from '../../../src/adapters/libp2p/record-server.ts';
import { createTestNetwork, eventually, type TestHost, type TestNetwork, watchUncaught } from './network.ts';
import { createStranger, ended, type Stranger } from './stranger.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Layers {
  readonly muxer: { send(bytes: Uint8Array): void };
  readonly maConn: EventTarget & { send(bytes: Uint8Array): void };
}

function frame(id: number, kind: 0 | 1 | 2, body: Uint8Array): Uint8Array {
  return Buffer.concat([encodeFrameHead(id, kind, body.length), body]);
}

describe('a host among hostile peers', () => {
  let network: TestNetwork;
  let uncaught: ReturnType<typeof watchUncaught>;
  const strangers: Stranger[] = [];

  beforeEach(() => {
    network = createTestNetwork();
    uncaught = watchUncaught();
  });

  afterEach(async () => {
    await Promise.all(strangers.splice(0).map((stranger) => stranger.stop()));
    await network.stop();
    // Errors of sockets come on later turns.
    await new Promise((resolve) => setTimeout(resolve, 50));
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  async function stranger(): Promise<Stranger> {
    const created = await createStranger();
    strangers.push(created);
    return created;
  }

  /** An honest peer still gets its answer. */
  async function expectService(host: TestHost): Promise<void> {
    const honest = await network.start({ bootstrap: host.host.addresses() });
    const answer = await honest.host.overlay.request(host.host.overlay.self, utf8('still there?'), {
      timeoutMs: 10_000,
    });
    expect(new TextDecoder().decode(answer)).toBe('still there?');
  }

  it.each([
    ['random bytes', Buffer.concat([Uint8Array.of(0x20, 0x00), randomBytes(1000)])],
    ['a length that is not canonical', Uint8Array.from([0x85, 0x00, 1, 2, 3])],
    ['a length beyond the bound', Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['a length without end', new Uint8Array(100).fill(0xff)],
    ['an empty frame', Uint8Array.from([0])],
    ['a frame of an unknown kind', Uint8Array.from([4, 0x83, 1, 7, 0x40])],
    ['a response that nobody asked for', frame(1, 1, utf8('x'))],
    ['HTTP', utf8(`GET /${'x'.repeat(80)} HTTP/1.1\r\n\r\n`)],
  ])('ends a stream that carries %s, and serves on', async (_name, bytes) => {
    const host = await network.start();
    const stream = await (await stranger()).openStream(host);
    stream.send(bytes);
    await ended(stream);
    await expectService(host);
  });

  it('forgets half a frame when its stream is reset', async () => {
    const host = await network.start();
    const attacker = await stranger();
    for (let index = 0; index < 20; index++) {
      const stream = await attacker.openStream(host);
      stream.send(frame(1, 0, randomBytes(5000)).subarray(0, 1 + index * 200));
      stream.abort(new Error('reset in the middle'));
    }
    await expectService(host);
  });

  it('closes its end of a stream when the other side has closed its own', async () => {
    const host = await network.start();
    const attacker = await stranger();
    const connection = await attacker.connect(host);
    for (let index = 0; index < 40; index++) {
      const stream = await attacker.openStream(host);
      const end = ended(stream);
      await stream.close();
      await end;
    }
    await eventually(() => connection.streams.length <= 1, { what: 'the end of all closed streams' });
  });

  it('takes no more than a few streams of one connection', async () => {
    const host = await network.start();
    const attacker = await stranger();
    const streams: Stream[] = [];
    for (let index = 0; index < 60; index++) {
      await attacker.openStream(host).then(
        (stream) => streams.push(stream),
        () => {},
      );
    }
    await eventually(
      () => streams.filter(({ status }) => status === 'open').length <= streamsPerConnectionMax,
    );
    await expectService(host);
  });

  it('takes no more requests of a stream than it may answer at once, and the rest when answers are out', async () => {
    const waiting: (() => void)[] = [];
    let asked = 0;
    const host = await network.start({
      overlayHandlers: {
        requestReceived: (_peer, body) => {
          asked++;
          return new Promise((resolve) => waiting.push(() => resolve(body)));
        },
      },
    });
    const stream = await (await stranger()).openStream(host);
    let answered = 0;
    stream.addEventListener('message', ({ data }) => {
      answered += data.byteLength;
    });
    const total = 3 * requestsInFlightMax;
    const one = frame(7, 0, utf8('x'));
    stream.send(Buffer.concat(Array.from({ length: total }, () => one)));
    await eventually(() => asked === requestsInFlightMax);
    stream.send(one);
    await eventually(() => waiting.length === requestsInFlightMax);
    while (asked < total + 1) {
      expect(waiting.length).toBeLessThanOrEqual(requestsInFlightMax);
      for (const answer of waiting.splice(0, 50)) answer();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const answer of waiting.splice(0)) answer();
    await eventually(() => answered === (total + 1) * one.length, { what: 'every answer' });
  });

  it('holds no more than a few MiB of requests of one stream', async () => {
    let held = 0;
    const host = await network.start({
      overlayHandlers: {
        requestReceived: (_peer, body) => {
          if (body.length < 100) return Promise.resolve(body);
          held += body.length;
          return new Promise(() => {});
        },
      },
    });
    const stream = await (await stranger()).openStream(host);
    for (let id = 1; id <= 30; id++) stream.send(frame(id, 0, new Uint8Array(1024 * 1024)));
    await eventually(() => held >= 8 * 1024 * 1024);
    await expectService(host);
    expect(held).toBe(8 * 1024 * 1024);
  });

  it('does not read from a peer that does not read its answers', async () => {
    let asked = 0;
    const host = await network.start({
      overlayHandlers: {
        requestReceived: async (_peer, body) => {
          if (body.length > 1) return body;
          asked++;
          return new Uint8Array(200_000);
        },
      },
    });
    const stream = await (await stranger()).openStream(host);
    stream.addEventListener('message', () => {});
    stream.pause();
    const one = frame(7, 0, utf8('x'));
    for (let index = 0; index < 20; index++) {
      stream.send(Buffer.concat(Array.from({ length: 100 }, () => one)));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(asked).toBeLessThan(requestsInFlightMax + 100);
    await expectService(host);
  });

  it('survives what is not libp2p at all', async () => {
    const host = await network.start();
    const { port } = new URL(
      `tcp://${host.host.addresses()[0]!.split('/').slice(2, 5).join(':').replace(':tcp', '')}`,
    );
    const sockets = Array.from({ length: 60 }, (_, index) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.once('connect', () => {
        if (index % 3 === 0) socket.resetAndDestroy();
        else socket.write(index % 3 === 1 ? randomBytes(2000) : '\x13/multistream/1.0.0\n');
      });
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => {})));
    for (const socket of sockets) socket.destroy();
    await expectService(host);
  });

  it('survives broken encryption and broken multiplexing on an open connection', async () => {
    const host = await network.start();
    for (let index = 0; index < 6; index++) {
      const attacker = await stranger();
      // The layers below a connection, as an attacker has them.
      const { maConn, muxer } = (await attacker.connect(host)) as unknown as Layers;
      const closed = new Promise((resolve) => maConn.addEventListener('close', resolve, { once: true }));
      if (index % 2 === 0) muxer.send(Buffer.concat([Buffer.from([0xff]), randomBytes(47)]));
      else maConn.send(Buffer.concat([Buffer.from([0x00, 0x20]), randomBytes(32)]));
      await closed;
    }
    await expectService(host);
  });

  it('survives a storm of connections that are reset at every moment', async () => {
    const host = await network.start();
    const attackers = await Promise.all(Array.from({ length: 4 }, stranger));
    for (let round = 0; round < 8; round++) {
      await Promise.all(
        attackers.map(async (attacker, index) => {
          try {
            const connection = await attacker.connect(host);
            const streams = Promise.allSettled([
              attacker.openStream(host).then((stream) => stream.send(frame(1, 0, randomBytes(3000)))),
              connection.newStream('/meshsub/1.2.0').then((stream) => stream.send(randomBytes(300))),
              connection.newStream('/weft/kad/1.0.0').then((stream) => stream.send(randomBytes(300))),
            ]);
            await new Promise((resolve) => setTimeout(resolve, (round * index) % 12));
            connection.abort(new Error('storm'));
            await streams;
          } catch {
            // the attacker's own trouble
          }
        }),
      );
    }
    await expectService(host);
  });

  it('fails its own dials to an address that resets every connection, and nothing else', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.resetAndDestroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const host = await network.start();
    const elsewhere = await stranger();
    const address = `/ip4/127.0.0.1/tcp/${port}/p2p/${elsewhere.libp2p.peerId}`;
    const dials = Array.from({ length: 100 }, () => host.host.dial(address));
    const outcomes = await Promise.allSettled(dials);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    server.close();
    await expectService(host);
  });
});
