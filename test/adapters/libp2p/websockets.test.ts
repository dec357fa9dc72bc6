/** WebSockets between hosts, and what a stranger on that port may cost. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestNetwork, eventually, type TestHost } from './network.ts';

const listen = ['/ip4/127.0.0.1/tcp/0/ws'];
const both = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'];

describe('WebSockets', () => {
  const network = createTestNetwork();
  afterEach(() => network.stop());

  const fullPeers = ({ host }: TestHost): number => host.network().fullPeers;
  const portOf = ({ host }: TestHost): number => Number(/\/tcp\/(\d+)\/ws/.exec(host.addresses()[0]!)![1]);

  /** A connection of a stranger, with what it was told. */
  async function stranger(to: TestHost, text: string): Promise<{ socket: Socket; received: () => string }> {
    const socket = connect(portOf(to), '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(text);
    return { socket, received: () => received };
  }

  const upgrade = [
    'GET / HTTP/1.1',
    'host: 127.0.0.1',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    '',
    '',
  ].join('\r\n');

  it('carry requests and gossip between hosts that have nothing else', async () => {
    const first = await network.start({ listen });
    const second = await network.start({ listen, bootstrap: first.host.addresses() });
    await eventually(() => fullPeers(first) === 1 && fullPeers(second) === 1);
    const body = new Uint8Array(200_000).fill(7);
    const to = { peer: first.host.peer, addresses: [] };
    const answer = await second.host.overlay.request(to, body, { timeoutMs: 5000 });
    expect(Buffer.compare(answer, body)).toBe(0);
    const topic = '/weft/1/rev/0';
    await eventually(() => (second.host.gossip.meshSizes().get(topic) ?? 0) === 1);
    await second.host.gossip.publish(topic, Buffer.from('news'));
    await eventually(() => first.gossip.some(({ text }) => text === 'news'));
  });

  it('are told to others beside TCP, which is dialled first', async () => {
    const first = await network.start({ listen: both });
    const texts = first.host.addresses().map((address) => address.replace(/\d+(?=\/(ws|p2p))/, 'N'));
    expect(texts.map((text) => text.split('/p2p/')[0])).toEqual([
      '/ip4/127.0.0.1/tcp/N',
      '/ip4/127.0.0.1/tcp/N/ws',
    ]);
    const second = await network.start({ bootstrap: [...first.host.addresses()].reverse().slice(0, 1) });
    await eventually(() => fullPeers(second) === 1);
    await eventually(() => (second.host.peers()[0]?.addresses.length ?? 0) === 2);
    const third = await network.start({ bootstrap: [] });
    const connection = await third.host.libp2p.dial(first.host.addresses().map((text) => multiaddr(text)));
    expect(connection.remoteAddr.toString()).not.toContain('/ws');
  });

  it('end at once on a reset: the other side sees it, and no socket stays', async () => {
    const first = await network.start({ listen });
    const second = await network.start({ listen: [], bootstrap: first.host.addresses() });
    await eventually(() => fullPeers(second) === 1 && first.host.network().connections === 1);
    const [connection] = first.host.libp2p.getConnections();
    connection!.abort(new Error('reset by a test'));
    await eventually(() => second.events.some((event) => event.startsWith('disconnected')), {
      withinMs: 2000,
    });
  });

  it('are refused to whoever is no peer, and a message beyond 1 MiB ends the connection', async () => {
    const first = await network.start({ listen });
    const plain = await stranger(first, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await eventually(() => plain.received().startsWith('HTTP/1.1 400'));
    const { socket, received } = await stranger(first, upgrade);
    await eventually(() => received().includes('101 Switching Protocols'));
    const closed = once(socket, 'close');
    // A binary frame that says that it will be 64 MiB long.
    socket.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4]));
    await closed;
    expect(first.host.network().connections).toBe(0);
  });

  it('do not wait for ever for a stranger that says nothing, or half a request', async () => {
    const first = await network.start({ listen });
    const silent = await stranger(first, '');
    const half = await stranger(first, 'GET / HTTP/1.1\r\n');
    const startMs = performance.now();
    await Promise.all([once(silent.socket, 'close'), once(half.socket, 'close')]);
    expect(performance.now() - startMs).toBeLessThan(15_000);
  });
});
