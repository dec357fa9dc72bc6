import { randomBytes } from 'node:crypto';
import type { Connection } from '@libp2p/interface';
import { generateKey } from '@libp2p/pnet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost } from '../../../src/adapters/libp2p/create-host.ts';
import { type ContactStore, HostError, type HostOptions } from '../../../src/adapters/libp2p/host-types.ts';
import type { PeerContact } from '../../../src/core/peer/events.ts';
import {
  createTestNetwork,
  eventually,
  type TestHost,
  type TestNetwork,
  topics,
  watchUncaught,
} from './network.ts';

/** Remembers in memory, as a node's store would on disk. */
function createContactStore(
  contacts: readonly PeerContact[] = [],
): ContactStore & { contacts: readonly PeerContact[] } {
  return {
    contacts,
    async load() {
      return this.contacts;
    },
    async save(saved) {
      this.contacts = saved;
    },
  };
}

const quick = { rejoinFirstMs: 50, rejoinLongestMs: 200, reconnectMs: 100, saveMs: 100 };

describe('membership', () => {
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

  const fullPeers = ({ host }: TestHost): number => host.network().fullPeers;

  it('says that this is a new network when there is nobody to join, and else not', async () => {
    let created = 0;
    const listeners = { networkCreated: () => void created++ };
    const first = await network.start({ listeners });
    expect(first.host.network()).toMatchObject({ isNew: true, fullPeers: 0, connections: 0 });
    expect(created).toBe(1);
    const second = await network.start({ bootstrap: first.host.addresses(), listeners });
    expect(second.host.network().isNew).toBe(false);
    const known = createContactStore([{ peer: first.host.peer, addresses: ['/ip4/127.0.0.1/tcp/1'] }]);
    const third = await network.start({ contacts: known, listeners });
    expect(third.host.network().isNew).toBe(false);
    expect(created).toBe(1);
  });

  it('meets everybody through one bootstrap peer', async () => {
    const first = await network.start({ hasPeer: true });
    const hosts = [first];
    for (let index = 1; index < 8; index++) {
      hosts.push(await network.start({ hasPeer: true, bootstrap: first.host.addresses() }));
    }
    await eventually(() => hosts.every((host) => fullPeers(host) === 7), {
      what: () => `7 peers at each of ${hosts.map(fullPeers)}`,
    });
    expect(hosts[3]!.host.peers().every(({ isFull, connected }) => isFull && connected)).toBe(true);
  });

  it('joins when its bootstrap peer comes up later', async () => {
    const first = await network.start();
    const bootstrap = first.host.addresses();
    const listen = [bootstrap[0]!.split('/p2p/')[0]!];
    await first.host.stop();
    let joined = 0;
    const second = await network.start({
      bootstrap,
      timing: quick,
      listeners: { joined: () => void joined++ },
    });
    expect(fullPeers(second)).toBe(0);
    const reborn = await network.start({ listen, privateKey: randomBytes(32) });
    // Another peer on that address is not whom it looks for.
    await expect(second.host.dial(bootstrap[0]!)).rejects.toThrow(HostError);
    expect(joined).toBe(0);
    const third = await network.start({ bootstrap: reborn.host.addresses() });
    await second.host.dial(third.host.addresses()[0]!);
    await eventually(() => joined === 1);
  });

  it('rejoins after a restart by the addresses it remembers, without its bootstrap peer', async () => {
    const first = await network.start({ hasPeer: true });
    const contacts = createContactStore();
    const privateKey = randomBytes(32);
    const other = await network.start({ hasPeer: true, bootstrap: first.host.addresses() });
    const before = await network.start({
      hasPeer: true,
      bootstrap: first.host.addresses(),
      contacts,
      privateKey,
      timing: quick,
    });
    await eventually(() => fullPeers(before) === 2);
    await before.host.stop();
    await first.host.stop();
    expect(contacts.contacts.map(({ peer }) => peer).sort()).toEqual(
      [first.host.peer, other.host.peer].sort(),
    );

    const after = await network.start({ contacts, privateKey, timing: quick });
    expect(after.host.peer).toBe(before.host.peer);
    await eventually(() => fullPeers(after) === 1, { what: 'the remembered peer' });
  });

  it('writes contacts down while it runs, for the case that it is killed', async () => {
    const contacts = createContactStore();
    const first = await network.start();
    await network.start({ bootstrap: first.host.addresses(), contacts, timing: quick });
    await eventually(() => contacts.contacts.some(({ peer }) => peer === first.host.peer));
  });

  it('starts with what it has when the contact store fails', async () => {
    const contacts: ContactStore = {
      load: () => Promise.reject(new Error('unreadable')),
      save: () => Promise.reject(new Error('read only')),
    };
    const first = await network.start();
    const second = await network.start({ bootstrap: first.host.addresses(), contacts, timing: quick });
    await eventually(() => fullPeers(second) === 1);
  });

  it('says when it is alone, dials on, and says when it is back', async () => {
    const said: string[] = [];
    const listeners = { joined: () => void said.push('joined'), isolated: () => void said.push('isolated') };
    const privateKey = randomBytes(32);
    const first = await network.start({ privateKey });
    const bootstrap = first.host.addresses();
    const listen = [bootstrap[0]!.split('/p2p/')[0]!];
    const second = await network.start({ bootstrap, listeners, timing: quick });
    await eventually(() => said.join() === 'joined');
    await first.host.stop();
    await eventually(() => said.join() === 'joined,isolated');
    await network.start({ privateKey, listen });
    await eventually(() => said.join() === 'joined,isolated,joined', { what: () => `the return: ${said}` });
    expect(fullPeers(second)).toBe(1);
  });

  it('joins two halves of a network again that have each others addresses', async () => {
    const left = await network.start({ hasPeer: true, timing: quick });
    const leftToo = await network.start({ hasPeer: true, bootstrap: left.host.addresses(), timing: quick });
    const right = await network.start({ hasPeer: true, bootstrap: left.host.addresses(), timing: quick });
    const rightToo = await network.start({ hasPeer: true, bootstrap: right.host.addresses(), timing: quick });
    const all = [left, leftToo, right, rightToo];
    await eventually(() => all.every((host) => fullPeers(host) === 3));
    // A cut: connections across it end and cannot be opened, both halves live on in themselves.
    const halves = [
      new Set([left.host.peer, leftToo.host.peer]),
      new Set([right.host.peer, rightToo.host.peer]),
    ];
    let isCut = true;
    for (const { host } of all) {
      const own = halves.find((half) => half.has(host.peer))!;
      const gater = (host.libp2p as unknown as { components: { connectionGater: Record<string, unknown> } })
        .components.connectionGater;
      gater['denyDialPeer'] = (peer: { toString(): string }) => isCut && !own.has(peer.toString());
      for (const connection of host.libp2p.getConnections()) {
        if (!own.has(connection.remotePeer.toString())) connection.abort(new Error('cut'));
      }
    }
    await eventually(() => all.every((host) => fullPeers(host) === 1), { what: 'two halves' });
    await eventually(
      () => all.every(({ events }) => events.filter((event) => event.startsWith('removed')).length >= 2),
      {
        what: 'the removal of the other half',
      },
    );
    isCut = false;
    await eventually(() => all.every((host) => fullPeers(host) === 3), {
      withinMs: 25_000,
      what: () => `one network again: ${all.map(fullPeers)}`,
    });
  }, 45_000);

  it('forgets a peer that died, soon', async () => {
    const first = await network.start();
    const second = await network.start({ bootstrap: first.host.addresses() });
    await eventually(() => fullPeers(second) === 1 && fullPeers(first) === 1);
    await first.host.stop();
    await eventually(() => second.events.includes(`removed ${first.host.peer}`));
    expect(second.host.peers()).toEqual([]);
  });

  it('keeps a peer whose connection was lost but who is still there', async () => {
    const first = await network.start();
    const second = await network.start({ bootstrap: first.host.addresses(), timing: quick });
    await eventually(() => fullPeers(second) === 1 && fullPeers(first) === 1);
    for (const connection of second.host.libp2p.getConnections()) connection.abort(new Error('lost'));
    await eventually(() => second.events.includes(`disconnected ${first.host.peer}`));
    await eventually(() => fullPeers(second) === 1 && fullPeers(first) === 1);
    expect([...first.events, ...second.events].filter((event) => event.startsWith('removed'))).toEqual([]);
  });

  it('asks a peer again that was connected but never identified', async () => {
    const first = await network.start({ timing: { identifyMs: 300 } });
    const second = await network.start({ timing: { identifyMs: 300 } });
    let resets = 0;
    const resetIdentify = ({ detail }: CustomEvent<Connection>): void => {
      const watch = setInterval(() => {
        for (const stream of detail.streams) {
          if (stream.protocol !== '/ipfs/id/1.0.0' && stream.protocol !== '') continue;
          stream.abort(new Error('reset by the test'));
          resets++;
        }
      }, 0);
      setTimeout(() => clearInterval(watch), 200);
    };
    for (const { host } of [first, second]) host.libp2p.addEventListener('connection:open', resetIdentify);
    await second.host.dial(first.host.addresses()[0]!);
    await eventually(() => fullPeers(second) === 1 && fullPeers(first) === 1, {
      what: 'each known to the other',
    });
    expect(resets).toBeGreaterThan(0);
  });

  it('does not merge two networks of different prefixes', async () => {
    const ours = await network.start();
    const others = await network.start({ protocolPrefix: '/other', topics: ['/other/1/rev/0'] });
    const lost = await network.start({ bootstrap: others.host.addresses(), timing: quick });
    const ally = await network.start({ bootstrap: ours.host.addresses() });
    await eventually(() => fullPeers(ally) === 1);
    await eventually(() => lost.events.some((event) => event.startsWith('disconnected')), {
      what: 'the end of a connection to a stranger',
    });
    expect([...lost.events, ...others.events].filter((event) => event.startsWith('added'))).toEqual([]);
    const answer = lost.host.overlay.request(others.host.overlay.self, new Uint8Array(1), {
      timeoutMs: 5000,
    });
    await expect(answer).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('lets only holders of the pre-shared key in', async () => {
    const preSharedKey = new Uint8Array(95);
    generateKey(preSharedKey);
    const otherKey = new Uint8Array(95);
    generateKey(otherKey);
    const first = await network.start({ preSharedKey });
    const bootstrap = first.host.addresses();
    const holder = await network.start({ bootstrap, preSharedKey, timing: quick });
    const outsider = await network.start({ bootstrap, timing: quick });
    const wrong = await network.start({ bootstrap, preSharedKey: otherKey, timing: quick });
    await eventually(() => fullPeers(holder) === 1);
    for (const { host } of [outsider, wrong])
      await expect(host.dial(bootstrap[0]!)).rejects.toThrow(HostError);
    expect(fullPeers(first)).toBe(1);
    const answer = await holder.host.overlay.request(first.host.overlay.self, new Uint8Array(9), {
      timeoutMs: 5000,
    });
    expect(answer).toHaveLength(9);
  });

  it('neither tells nor dials private addresses on a public network', async () => {
    const first = await network.start();
    const open = await network.start({ profile: 'public' });
    expect(open.host.addresses()).toEqual([]);
    await expect(open.host.dial(first.host.addresses()[0]!)).rejects.toThrow(
      'no address of that peer is known',
    );
    const announced = await network.start({
      profile: 'public',
      announce: ['/ip4/45.0.0.7/tcp/4801', '/ip4/10.0.0.7/tcp/4801', '/dns4/weft.example/tcp/4801'],
    });
    expect(announced.host.overlay.self.addresses).toEqual([
      '/ip4/45.0.0.7/tcp/4801',
      '/dns4/weft.example/tcp/4801',
    ]);
  });

  it('shows each peer with address, latency, agent version and direction', async () => {
    const first = await network.start({ agentVersion: 'weft/9.9.9' });
    const second = await network.start({ bootstrap: first.host.addresses() });
    await eventually(() => fullPeers(second) === 1);
    await second.host.overlay.request(first.host.overlay.self, new Uint8Array(1), { timeoutMs: 5000 });
    await eventually(() => second.host.peers()[0]?.inMesh === true);
    const [shown] = second.host.peers();
    expect(shown).toMatchObject({
      peer: first.host.peer,
      addresses: [first.host.addresses()[0]!.split('/p2p/')[0]],
      connected: true,
      direction: 'outbound',
      agentVersion: 'weft/9.9.9',
      isFull: true,
    });
    expect(shown!.latencyMs).toBeGreaterThan(0);
  });

  it.each<[string, Partial<HostOptions>, string]>([
    ['a bootstrap address without a peer id', { bootstrap: ['/ip4/127.0.0.1/tcp/1'] }, '/p2p/'],
    ['a bootstrap address that is none', { bootstrap: ['127.0.0.1:4801'] }, 'not a multiaddr'],
    ['a listen address that is none', { listen: ['localhost'] }, 'not a multiaddr'],
    ['a prefix without its slash', { protocolPrefix: 'weft' }, 'protocol prefix'],
    ['a key of the wrong size', { privateKey: new Uint8Array(31) }, '32 bytes'],
    ['a broken pre-shared key', { preSharedKey: new Uint8Array(10) }, 'refuses'],
  ])('refuses %s', async (_name, options, words) => {
    const creation = createHost({
      privateKey: randomBytes(32),
      listen: [],
      bootstrap: [],
      profile: 'private',
      protocolPrefix: '/weft',
      mode: 'full',
      topics,
      ...options,
    });
    await expect(creation).rejects.toThrow(words);
    await expect(creation).rejects.toMatchObject({ code: 'bad-option' });
  });

  it('says so when the port is taken', async () => {
    const first = await network.start();
    const listen = [first.host.addresses()[0]!.split('/p2p/')[0]!];
    await expect(network.start({ listen })).rejects.toMatchObject({ code: 'listen-failed' });
  });
});
