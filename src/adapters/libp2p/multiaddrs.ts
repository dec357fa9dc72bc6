/** Addresses in text and as libp2p has them: which are worth telling and dialling, and what a peer id looks like. */
import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { isPrivate } from '@libp2p/utils';
import { CODE_P2P, CODE_P2P_CIRCUIT, type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { HostError, type NetworkProfile } from './host-types.ts';

/** Addresses kept of one peer (ports/overlay). */
export const addressesPerPeerMax = 8;

/** A peer and one address of it. */
export interface DialTarget {
  readonly peer: string;
  /** Without /p2p. */
  readonly address: string;
}

/** On a public network only addresses that the Internet routes, and names; on a private one, all. */
export function isUsable(profile: NetworkProfile, address: Multiaddr): boolean {
  return profile === 'private' || !isPrivate(address);
}

/** Leads through another peer. */
export function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some((component) => component.code === CODE_P2P_CIRCUIT);
}

/** Without the peer at its end: the /p2p of a relay stands before /p2p-circuit and stays. */
function withoutPeer(address: Multiaddr): Multiaddr {
  const components = address.getComponents();
  return components.at(-1)?.code === CODE_P2P ? multiaddr(components.slice(0, -1)) : address;
}

/** The addresses of a peer as the core keeps them: text, without /p2p, usable, each once, at most 8. */
export function contactAddresses(profile: NetworkProfile, addresses: Iterable<Multiaddr>): string[] {
  const texts = new Set<string>();
  for (const address of addresses) {
    if (isUsable(profile, address)) texts.add(withoutPeer(address).toString());
    if (texts.size === addressesPerPeerMax) break;
  }
  texts.delete('/');
  return [...texts];
}

/** What parses and is usable of addresses in text, with the peer's id behind each. */
export function dialAddresses(
  profile: NetworkProfile,
  peer: string,
  addresses: Iterable<string>,
): Multiaddr[] {
  const found: Multiaddr[] = [];
  for (const text of addresses) {
    try {
      const address = withoutPeer(multiaddr(text));
      const isSomewhere = address.getComponents().length > 0;
      if (isSomewhere && isUsable(profile, address)) found.push(address.encapsulate(`/p2p/${peer}`));
    } catch {
      // what another peer said of a third one may be anything
    }
    if (found.length === addressesPerPeerMax) break;
  }
  return found;
}

/** The id in text, or null when it is none. */
export function parsePeer(peer: string): PeerId | null {
  try {
    return peerIdFromString(peer);
  } catch {
    return null;
  }
}

/** @throws HostError `bad-option` for what is not a multiaddr that ends in /p2p and a peer id. */
export function parseDialTarget(text: string): DialTarget {
  const address = parseAddress(text);
  const last = address.getComponents().at(-1);
  const peer = last?.code === CODE_P2P ? last.value : undefined;
  if (peer === undefined || parsePeer(peer) === null) {
    throw new HostError(
      'bad-option',
      `${text} does not say which peer it leads to: it must end in /p2p/<peer id>`,
    );
  }
  return { peer, address: withoutPeer(address).toString() };
}

/** @throws HostError `bad-option` */
export function parseAddress(text: string): Multiaddr {
  try {
    return multiaddr(text);
  } catch (error) {
    throw new HostError('bad-option', `${text} is not a multiaddr; one looks like /ip4/192.0.2.1/tcp/4801`, {
      cause: error,
    });
  }
}
