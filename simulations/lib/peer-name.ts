import { base58btc } from 'multiformats/bases/base58';

/** A peer id of an RSA-like key: the multihash of these 32 bytes. */
export function peerName(bytes: Uint8Array): string {
  return base58btc.baseEncode(Uint8Array.of(0x12, 0x20, ...bytes));
}
