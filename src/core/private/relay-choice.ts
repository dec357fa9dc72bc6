/**
 * Which relay may stand between an asker and a target (§7): not the target, and, as far as that can be known, not of the
 * same operator: another group of addresses. Decides who is suitable; chance decides among them.
 */
import type { PeerContact } from '../peer/events.ts';
import type { Random } from '../rng.ts';

/** Where an address is: the part that one operator tends to have alone. */
export interface AddressGroup {
  readonly name: string;
  /** Of one machine or one private network, where groups say nothing about operators. */
  readonly isLocal: boolean;
}

/** The /16 of an IPv4 address, the /32 of an IPv6 one, the last two labels of a name; null for anything else. */
export function addressGroup(address: string): AddressGroup | null {
  const [, kind = '', value = ''] = address.split('/');
  if (kind === 'ip4') {
    const [first = 0, second = 0] = value.split('.').map(Number);
    return { name: `${first}.${second}`, isLocal: isLocal4(first, second) };
  }
  if (kind === 'ip6') {
    const groups = leadingGroups(value);
    return { name: groups.join(':'), isLocal: isLocal6(groups[0]!, value) };
  }
  if (!kind.startsWith('dns') || value === '') return null;
  return {
    name: value.toLowerCase().split('.').slice(-2).join('.'),
    isLocal: /(?:^|\.)(?:localhost|local|internal)$/i.test(value),
  };
}

/**
 * Those of the peers that may relay to the target, in random order, the suitable ones alone. Where both sides are local
 * anybody else may; where nothing is known of the target too.
 */
export function relaysFor(
  target: PeerContact,
  peers: readonly PeerContact[],
  random: Random,
): readonly PeerContact[] {
  const others = peers.filter(({ peer }) => peer !== target.peer);
  const ofTarget = groupsOf(target);
  const names = new Set(ofTarget.filter((group) => !group.isLocal).map(({ name }) => name));
  const apart = others.filter((peer) => groupsOf(peer).every(({ name }) => !names.has(name)));
  return random.pick(apart, apart.length);
}

function groupsOf({ addresses }: PeerContact): AddressGroup[] {
  return addresses.map(addressGroup).filter((group) => group !== null);
}

function isLocal4(first: number, second: number): boolean {
  return (
    first === 127 ||
    first === 10 ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 100 && second >= 64 && second < 128)
  );
}

/** Loopback, link-local and unique local addresses. */
function isLocal6(first: string, value: string): boolean {
  const word = Number.parseInt(first, 16);
  return value === '::1' || (word & 0xffc0) === 0xfe80 || (word & 0xfe00) === 0xfc00;
}

/** The first two of the eight groups, each in its shortest form. */
function leadingGroups(value: string): [string, string] {
  const [head = ''] = value.split('::');
  const words = head === '' ? [] : head.split(':');
  const word = (index: number): string => (Number.parseInt(words[index] ?? '0', 16) || 0).toString(16);
  return [word(0), word(1)];
}
