/** Peers of the same network on the local network, found by multicast DNS. */
import type { PeerDiscovery, PeerInfo } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';

type MdnsComponents = Parameters<ReturnType<typeof mdns>>[0];

/** A libp2p peer discovery factory. `peerFound` is called for each answer, known peers included. */
export function localDiscovery(
  protocolPrefix: string,
  peerFound: (peer: PeerInfo) => void,
): (components: MdnsComponents) => PeerDiscovery {
  const create = mdns({ serviceTag: serviceTag(protocolPrefix) });
  return (components) => {
    const discovery = create(components);
    discovery.addEventListener('peer', ({ detail }) => peerFound(detail));
    return discovery;
  };
}

/** The name under which a network announces itself: networks of other prefixes do not see each other. */
export function serviceTag(protocolPrefix: string): string {
  return `_${protocolPrefix.slice(1).replace(/[^a-z0-9]+/g, '-')}._udp.local`;
}
