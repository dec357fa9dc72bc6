/** A full node that cannot be dialled is met through a relay, within the relay's bounds. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ReachOptions } from '../../../src/adapters/libp2p/host-types.ts';
import { createTestNetwork, eventually, type TestHost } from './network.ts';

const none: ReachOptions = { relay: null, probe: false, upnp: false };
const relaying: ReachOptions = {
  ...none,
  probe: true,
  relay: { reservationsMax: 1, connectionsMax: 8, bytesMax: 100_000, secondsMax: 60 },
};
const behindNat = { listen: ['/p2p-circuit'], reach: none };

describe('relaying', () => {
  const network = createTestNetwork();
  afterEach(() => network.stop());

  const relayedAddress = ({ host }: TestHost): string | undefined =>
    host.addresses().find((address) => address.includes('/p2p-circuit'));

  const knows = ({ host }: TestHost, other: TestHost): boolean =>
    host.peers().some(({ peer, isFull, connected }) => peer === other.host.peer && isFull && connected);

  /** A relay, and a node behind it that holds a reservation there. */
  async function behindRelay() {
    const relay = await network.start({ reach: relaying });
    const hidden = await network.start({ ...behindNat, bootstrap: relay.host.addresses() });
    await eventually(() => relayedAddress(hidden) !== undefined, { what: 'a relayed address' });
    return { relay, hidden, address: relayedAddress(hidden)! };
  }

  it('lets a third node ask one that listens on nothing', async () => {
    const { hidden, address } = await behindRelay();
    const third = await network.start({ bootstrap: [address], reach: none });
    await eventually(() => knows(third, hidden));
    const to = { peer: hidden.host.peer, addresses: [] };
    const answer = await third.host.overlay.request(to, Uint8Array.of(1, 2, 3), { timeoutMs: 5000 });
    expect([...answer]).toEqual([1, 2, 3]);
    const connection = third.host.libp2p
      .getConnections()
      .find(({ remotePeer }) => remotePeer.toString() === hidden.host.peer);
    expect(connection!.remoteAddr.toString()).toContain('/p2p-circuit');
    expect(connection!.limits).toBeDefined();
  });

  it('tells others the relayed address with its relay, and they can dial it', async () => {
    const { relay, hidden, address } = await behindRelay();
    await eventually(() => {
      const known = relay.host.peers().find(({ peer }) => peer === hidden.host.peer);
      return known?.addresses.includes(address.split(`/p2p/${hidden.host.peer}`)[0]!) ?? false;
    });
  });

  it('ends a relayed connection that carries more than the relay gives', async () => {
    const { hidden, address } = await behindRelay();
    const third = await network.start({ bootstrap: [address], reach: none });
    await eventually(() => knows(third, hidden));
    const to = { peer: hidden.host.peer, addresses: [] };
    const body = new Uint8Array(200_000);
    await expect(third.host.overlay.request(to, body, { timeoutMs: 5000 })).rejects.toMatchObject({
      name: 'OverlayError',
    });
  });

  it('is for as many nodes as the relay says, and not at all where it is off', async () => {
    const { relay } = await behindRelay();
    const late = await network.start({ ...behindNat, bootstrap: relay.host.addresses() });
    const off = await network.start({ reach: none });
    const alone = await network.start({ ...behindNat, bootstrap: off.host.addresses() });
    await eventually(() => late.host.network().fullPeers > 0 && alone.host.network().fullPeers > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([relayedAddress(late), relayedAddress(alone)]).toEqual([undefined, undefined]);
  });

  it('outlives strangers that send garbage to its protocols, or nothing, and go away', async () => {
    const { relay, hidden, address } = await behindRelay();
    const stranger = await network.start({
      bootstrap: relay.host.addresses(),
      reach: { ...none, probe: true },
    });
    await eventually(() => knows(stranger, relay));
    const protocols = [
      '/libp2p/circuit/relay/0.2.0/hop',
      '/libp2p/circuit/relay/0.2.0/stop',
      '/libp2p/dcutr',
      '/ipfs/id/push/1.0.0',
      '/libp2p/autonat/2/dial-request',
      '/libp2p/autonat/2/dial-back',
    ];
    const bytes = [[0], [3, 1, 2, 3], [5, 8, 0, 18, 1, 255], [0xff, 0xff, 0xff, 0xff, 0x7f], [2, 8, 7]];
    let opened = 0;
    for (const protocol of protocols) {
      for (const garbage of bytes) {
        const [connection] = stranger.host.libp2p.getConnections();
        const stream = await connection!
          .newStream(protocol, { runOnLimitedConnection: true })
          .catch(() => null);
        if (stream === null) continue;
        opened++;
        stream.send(Uint8Array.from(garbage));
        stream.abort(new Error('gone'));
        const again = await connection!
          .newStream(protocol, { runOnLimitedConnection: true })
          .catch(() => null);
        again?.send(Uint8Array.from(garbage));
        await again?.close().catch(() => {});
      }
    }
    expect(opened).toBe(protocols.length * bytes.length);
    const third = await network.start({ bootstrap: [address], reach: none });
    await eventually(() => knows(third, hidden));
  });
});
