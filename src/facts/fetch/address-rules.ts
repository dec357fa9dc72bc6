/**
 * Which addresses a fetch on behalf of somebody else may go to: those of the public Internet alone. A name that a stranger
 * chose can point at this machine, at its network, or at the metadata service of a cloud.
 * Source: the IANA registries of special-purpose addresses (RFC 6890 and its updates).
 */
import { BlockList, isIP, isIPv6 } from 'node:net';

const notPublic: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, metadata services
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
];
/** Of IPv6 only global unicast is public; inside it, these are not. */
const notPublic6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // protocol assignments, Teredo, ORCHID
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: an IPv4 address within
  ['3fff::', 20], // documentation
];

const blocked = new BlockList();
for (const [network, bits] of notPublic) blocked.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of notPublic6) blocked.addSubnet(network, bits, 'ipv6');
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** True for an address of the public Internet; false for every other, and for what is no address. */
export function isPublicAddress(address: string): boolean {
  // A zone names an interface of this machine.
  if (isIP(address) === 0 || address.includes('%')) return false;
  if (!isIPv6(address)) return !blocked.check(address, 'ipv4');
  // IPv4 in IPv6 (::ffff:127.0.0.1) lies outside global unicast, as do loopback, ULA, link-local and NAT64.
  return globalUnicast.check(address, 'ipv6') && !blocked.check(address, 'ipv6');
}
