/** The id of the peer whose key has this seed, as libp2p spells it. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58btc } from 'multiformats/bases/base58';
import { concatBytes } from '../../src/core/bytes.ts';

export function peerIdOfSeed(seed: Uint8Array): string {
  const head = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
  return base58btc.baseEncode(concatBytes(head, ed25519.getPublicKey(seed)));
}
