import type { Libp2p, Stream } from '@libp2p/interface';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestNetwork,
  eventually,
  type TestHost,
  type TestNetwork,
  topics,
  watchUncaught,
} from './network.ts';
import { createStranger } from './stranger.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const topic = topics[7]!;

/** The streams of gossip between hosts, from libp2p's own books. */
function gossipStreams(libp2p: Libp2p): Stream[] {
  return libp2p
    .getConnections()
    .flatMap((connection) => connection.streams)
    .filter((stream) => stream.protocol.startsWith('/meshsub/'));
}

describe('gossip on libp2p', () => {
  let network: TestNetwork;
  let uncaught: ReturnType<typeof watchUncaught>;

  beforeEach(() => {
    network = createTestNetwork();
    uncaught = watchUncaught();
  });

  afterEach(async () => {
    await network.stop();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  function received({ gossip }: TestHost, text: string): number {
    return gossip.filter((message) => message.text === text).length;
  }

  async function meshed(hosts: readonly TestHost[], atLeast = 1): Promise<void> {
    await eventually(
      () => hosts.every(({ host }) => [...host.gossip.meshSizes().values()].every((size) => size >= atLeast)),
      {
        withinMs: 60_000,
        what: () =>
          `a mesh of ${atLeast} on every topic of ${hosts.map(({ host }) => Math.min(...host.gossip.meshSizes().values()))}`,
      },
    );
  }

  // F3. The stock figure: 9 of 25 nodes with an empty mesh, 0 of 17 messages delivered.
  it('leaves none of 25 nodes on one address without a mesh, and everybody hears everything', async () => {
    const first = await network.start({ hasPeer: true });
    const hosts = [first];
    for (let index = 1; index < 25; index++) {
      hosts.push(await network.start({ hasPeer: true, bootstrap: first.host.addresses() }));
    }
    // Two neighbours: a node that only its bootstrap peer knows may be pruned by it in the next moment.
    await meshed(hosts, 2);
    for (const [index, { host }] of hosts.entries()) await host.gossip.publish(topic, utf8(`from ${index}`));
    const missing = (): string[] =>
      hosts.flatMap((at, to) =>
        hosts.flatMap((_from, from) =>
          from !== to && received(at, `from ${from}`) === 0 ? [`${from}→${to}`] : [],
        ),
      );
    await eventually(() => missing().length === 0, {
      withinMs: 30_000,
      what: () => `delivery of ${missing().join()}`,
    });
    for (const [index, at] of hosts.entries()) {
      for (const [from] of hosts.entries()) expect(received(at, `from ${from}`)).toBe(from === index ? 0 : 1);
    }
  }, 120_000);

  // F4. The stock figure: 0 of 6 messages in 47 s.
  it.each([
    { direction: 'outbound', end: 'sending' },
    { direction: 'inbound', end: 'receiving' },
  ])(
    'heals when gossip streams are reset by their $end end under a living connection',
    async ({ direction }) => {
      const timing = { heartbeatMs: 250 };
      const hub = await network.start({ timing });
      const leaves: TestHost[] = [];
      for (let index = 0; index < 2; index++) {
        leaves.push(await network.start({ listen: [], bootstrap: hub.host.addresses(), timing }));
      }
      const [left, right] = leaves as [TestHost, TestHost];
      await meshed([hub, left, right]);
      await left.host.gossip.publish(topic, utf8('before'));
      await eventually(() => received(right, 'before') === 1);

      const connections = () => [hub, left, right].map(({ host }) => host.network().connections);
      const disconnected = () =>
        [hub, left, right].flatMap(({ events }) => events).filter((event) => event.startsWith('dis'));
      const before = connections();
      const cut = gossipStreams(hub.host.libp2p).filter((stream) => stream.direction === direction);
      expect(cut.length).toBeGreaterThan(0);
      for (const stream of cut) stream.abort(new Error('reset by the test'));

      let attempt = 0;
      await eventually(
        async () => {
          attempt++;
          await left.host.gossip.publish(topic, utf8(`left ${attempt}`));
          await right.host.gossip.publish(topic, utf8(`right ${attempt}`));
          await new Promise((resolve) => setTimeout(resolve, 100));
          return received(right, `left ${attempt}`) === 1 && received(left, `right ${attempt}`) === 1;
        },
        { what: 'delivery in both directions after the reset' },
      );
      expect(connections()).toEqual(before);
      expect(disconnected()).toEqual([]);
    },
  );

  it('hears of a mesh again after its peer reset the stream twenty times', async () => {
    const timing = { heartbeatMs: 100 };
    const hub = await network.start({ timing });
    const leaf = await network.start({ listen: [], bootstrap: hub.host.addresses(), timing });
    await meshed([hub, leaf]);
    for (let round = 0; round < 20; round++) {
      for (const stream of gossipStreams(hub.host.libp2p)) stream.abort(new Error('reset by the test'));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await eventually(async () => {
      await leaf.host.gossip.publish(topic, utf8(`${performance.now()}`));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return hub.gossip.length > 0;
    });
  });

  it('stops listening to a neighbour that sends what is rejected', async () => {
    const hub = await network.start({ judge: (text) => (text.startsWith('bad') ? 'reject' : 'accept') });
    const leaf = await network.start({ listen: [], bootstrap: hub.host.addresses() });
    await meshed([hub, leaf]);
    let sent = 0;
    await eventually(
      async () => {
        for (let index = 0; index < 5; index++) await leaf.host.gossip.publish(topic, utf8(`bad ${++sent}`));
        // Its answer comes after what was sent before on the same connection has come.
        await leaf.host.overlay.request(hub.host.overlay.self, utf8('x'), { timeoutMs: 5000 });
        await new Promise((resolve) => setTimeout(resolve, 100));
        return received(hub, `bad ${sent}`) === 0;
      },
      { what: 'deafness to that neighbour' },
    );
    expect(hub.gossip.length).toBeGreaterThan(5);
    await leaf.host.gossip.publish(topic, utf8('good at last'));
    await leaf.host.overlay.request(hub.host.overlay.self, utf8('x'), { timeoutMs: 5000 });
    expect(received(hub, 'good at last')).toBe(0);
  });

  it('keeps its streams under garbage, and the garbage to itself', async () => {
    const hub = await network.start({ timing: { heartbeatMs: 200 } });
    const leaf = await network.start({
      listen: [],
      bootstrap: hub.host.addresses(),
      timing: { heartbeatMs: 200 },
    });
    await meshed([hub, leaf]);
    const stranger = await createStranger();
    const connection = await stranger.connect(hub);
    for (let index = 0; index < 5; index++) {
      const stream = await connection.newStream('/meshsub/1.2.0');
      stream.send(Uint8Array.from([4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]));
      if (index % 2 === 0) stream.abort(new Error('reset'));
    }
    await leaf.host.gossip.publish(topic, utf8('still there'));
    await eventually(() => received(hub, 'still there') === 1);
    await stranger.stop();
  });

  it('refuses a topic that its network does not have', async () => {
    const { host } = await network.start();
    expect(() => host.gossip.subscribe('/weft/1/rev/g')).toThrow('no topic');
  });
});
