/**
 * The addresses of other peers in the node's store, so that it rejoins without its bootstrap peers.
 * Wire (store only), under `contacts`: dCBOR [1, [[peer id text, [multiaddr text, ...]], ...]].
 */
import type { ContactStore } from '../adapters/libp2p/host-types.ts';
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import type { PeerContact } from '../core/peer/events.ts';
import { readArray, readInteger, readText } from '../core/shape.ts';
import type { Store } from '../ports/store.ts';

const contactsMax = 256;
const addressesMax = 16;
const textLengthMax = 512;
const sizeBytesMax = 2 * 1024 * 1024;
const key = 'contacts';

export function createContactStore(store: Pick<Store, 'get' | 'write'>): ContactStore {
  return {
    async load() {
      const bytes = await store.get(key);
      return bytes === undefined ? [] : decodeContacts(bytes);
    },
    save: (contacts) => store.write([{ key, value: encodeContacts(contacts.slice(0, contactsMax)) }]),
  };
}

function encodeContacts(contacts: readonly PeerContact[]): Uint8Array {
  return encodeCanonical([
    1,
    contacts.map(({ peer, addresses }) => [peer, addresses.slice(0, addressesMax)]),
  ]);
}

function decodeContacts(bytes: Uint8Array): PeerContact[] {
  const [version, rows] = readArray(decodeCanonical(bytes, sizeBytesMax), 'contacts', 2);
  readInteger(version, 'version', 1, 1);
  return readArray(rows, 'contacts', { max: contactsMax }).map((row) => {
    const [peer, addresses] = readArray(row, 'contact', 2);
    return {
      peer: readText(peer, 'peer id', textLengthMax),
      addresses: readArray(addresses, 'addresses', { max: addressesMax }).map((address) =>
        readText(address, 'address', textLengthMax),
      ),
    };
  });
}
