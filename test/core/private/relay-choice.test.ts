/** Which relays may stand before a target (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { addressGroup, relaysFor } from '../../../src/core/private/relay-choice.ts';
import { createRandom } from '../../../src/core/rng.ts';

const random = createRandom(new Uint8Array(16).fill(1));
const peer = (name: string, ...addresses: string[]) => ({ peer: name, addresses });
const names = (peers: readonly { readonly peer: string }[]) => peers.map((one) => one.peer).sort();

describe('the group of an address', () => {
  it.each([
    ['/ip4/203.0.113.7/tcp/4801', '203.0', false],
    ['/ip4/127.0.0.1/tcp/4801', '127.0', true],
    ['/ip4/10.1.2.3/tcp/4801', '10.1', true],
    ['/ip4/172.20.0.1/tcp/1', '172.20', true],
    ['/ip4/172.32.0.1/tcp/1', '172.32', false],
    ['/ip4/100.64.0.1/tcp/1', '100.64', true],
    ['/ip4/192.168.0.1/tcp/1', '192.168', true],
    ['/ip4/169.254.1.1/tcp/1', '169.254', true],
    ['/ip6/2001:db8:1::1/tcp/4801', '2001:db8', false],
    ['/ip6/2001:0db8:2::9/tcp/4801', '2001:db8', false],
    ['/ip6/2a00::5/tcp/1', '2a00:0', false],
    ['/ip6/::1/tcp/4801', '0:0', true],
    ['/ip6/fe80::1/tcp/1', 'fe80:0', true],
    ['/ip6/fd12:3456::1/tcp/1', 'fd12:3456', true],
    ['/dns4/a.nodes.Example.com/tcp/1', 'example.com', false],
    ['/dns/localhost/tcp/1', 'localhost', true],
  ])('of %s is %s', (address, name, isLocal) => {
    expect(addressGroup(address)).toEqual({ name, isLocal });
  });

  it.each(['', '/', 'nothing', '/unix/tmp/x', '/dns4/'])('is unknown of "%s"', (address) => {
    expect(addressGroup(address)).toBeNull();
  });
});

describe('relays', () => {
  const target = peer('target', '/ip4/203.0.113.7/tcp/1', '/ip6/2001:db8::7/tcp/1');

  it('are never the target, nor of its group', () => {
    const others = [
      peer('same net', '/ip4/203.0.5.5/tcp/1'),
      peer('same net by IPv6', '/ip4/198.51.100.1/tcp/1', '/ip6/2001:db8:ff::1/tcp/1'),
      peer('apart', '/ip4/198.51.100.2/tcp/1'),
      peer('unknown'),
      target,
    ];
    expect(names(relaysFor(target, others, random))).toEqual(['apart', 'unknown']);
    expect(relaysFor(target, [others[0]!, target], random)).toEqual([]);
  });

  it('may be anybody else on one machine or in one private network', () => {
    const local = peer('target', '/ip4/127.0.0.1/tcp/1');
    const others = [peer('a', '/ip4/127.0.0.1/tcp/2'), peer('b', '/ip4/127.0.0.1/tcp/3'), local];
    expect(names(relaysFor(local, others, random))).toEqual(['a', 'b']);
  });

  it('come in an order that nobody can foresee', () => {
    const others = Array.from({ length: 8 }, (_, index) => peer(`p${index}`, `/ip4/198.${index}.0.1/tcp/1`));
    const orders = new Set(Array.from({ length: 20 }, () => relaysFor(target, others, random)[0]!.peer));
    expect(orders.size).toBeGreaterThan(3);
  });
});
