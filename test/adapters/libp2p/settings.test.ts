import { createHash } from 'node:crypto';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { connectionsWanted, createDialBudget, inDialTurn } from '../../../src/adapters/libp2p/dial-budget.ts';
import { createMessageIds, gossipOptions } from '../../../src/adapters/libp2p/gossip-options.ts';
import { localDiscovery, serviceTag } from '../../../src/adapters/libp2p/local-discovery.ts';
import { contactAddresses, dialAddresses } from '../../../src/adapters/libp2p/multiaddrs.ts';
import { quietLogger } from '../../../src/adapters/libp2p/quiet-logger.ts';

const peer = '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo';

describe('the dial budget of routing', () => {
  it('is generous to a node with few peers and a trickle to one with many', () => {
    const budget = createDialBudget();
    const taken = (connected: number, seconds: number): number => {
      let count = 0;
      for (let second = 1; second <= seconds; second++) {
        while (budget.tryTake(connected, second * 1000)) count++;
      }
      return count;
    };
    expect(taken(0, 10)).toBe(8 + 2 * 9);
    expect(taken(connectionsWanted, 101)).toBe(8 + 10);
  });

  it('runs at most four dials at once in a process, and all of them in the end', async () => {
    let running = 0;
    let most = 0;
    const dials = Array.from({ length: 30 }, (_, index) =>
      inDialTurn(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        if (index % 4 === 0) throw new Error('no answer');
        return index;
      }),
    );
    const outcomes = await Promise.allSettled(dials);
    expect(most).toBe(4);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(8);
  });

  it('does not dial any more for whoever gave up in the queue', async () => {
    let isDialled = false;
    const given = AbortSignal.abort(new Error('given up'));
    const dial = inDialTurn(async () => {
      isDialled = true;
    }, given);
    await expect(dial).rejects.toThrow('given up');
    expect(isDialled).toBe(false);
  });
});

describe('gossip settings', () => {
  it('take the first 20 bytes of SHA-256 of the data as message id (§5)', () => {
    const data = new TextEncoder().encode('announcement');
    const expected = createHash('sha256').update(data).digest().subarray(0, 20);
    const ids = createMessageIds();
    expect(Buffer.compare(ids.idOf(data), expected)).toBe(0);
    expect(Buffer.compare(ids.idOf(new Uint8Array(3)), expected)).not.toBe(0);
    expect(Buffer.compare(ids.idOf(data), expected)).toBe(0);
  });

  it('ignore shared addresses on a private network and tolerate 32 of one address on a public one', () => {
    const common = { topics: ['/weft/1/rev/0'], heartbeatMs: 1000 };
    expect(gossipOptions({ profile: 'private', ...common }).scoreParams?.IPColocationFactorWeight).toBe(0);
    const open = gossipOptions({ profile: 'public', ...common }).scoreParams;
    expect(open?.IPColocationFactorWeight).toBeLessThan(0);
    expect(open?.IPColocationFactorThreshold).toBe(32);
  });
});

describe('discovery on the local network', () => {
  it('has a name of its own for each network', () => {
    expect(serviceTag('/weft')).toBe('_weft._udp.local');
    expect(serviceTag('/other/net.2')).toBe('_other-net-2._udp.local');
  });

  it('passes on what multicast DNS finds', () => {
    const found: string[] = [];
    const create = localDiscovery('/weft', ({ id }) => void found.push(id.toString()));
    const discovery = create({ logger: quietLogger, addressManager: {} } as Parameters<typeof create>[0]);
    const id = { toString: () => peer };
    discovery.dispatchEvent(new CustomEvent('peer', { detail: { id, multiaddrs: [] } }) as never);
    expect(found).toEqual([peer]);
  });
});

describe('addresses of peers', () => {
  const told = [
    '/ip4/127.0.0.1/tcp/4801',
    '/ip4/10.1.2.3/tcp/4801',
    '/ip4/192.168.1.1/tcp/4801',
    '/ip6/fd00::1/tcp/4801',
    '/ip4/45.0.0.7/tcp/4801',
    '/dns4/weft.example/tcp/4801',
  ];

  it('are all kept on a private network, and only public ones on a public one', () => {
    const addresses = told.map((text) => multiaddr(`${text}/p2p/${peer}`));
    expect(contactAddresses('private', addresses)).toEqual(told);
    expect(contactAddresses('public', addresses)).toEqual(told.slice(4));
    expect(dialAddresses('public', peer, told).map(String)).toEqual(
      told.slice(4).map((text) => `${text}/p2p/${peer}`),
    );
  });

  it('are at most 8, each once, and what does not parse is left out', () => {
    const many = Array.from({ length: 20 }, (_, index) => `/ip4/45.0.0.${index}/tcp/1`);
    expect(
      contactAddresses(
        'public',
        [...many, ...many].map((text) => multiaddr(text)),
      ),
    ).toHaveLength(8);
    expect(dialAddresses('public', peer, ['', 'nonsense', '/ip4/1', ...many.slice(0, 2)])).toHaveLength(2);
  });
});
