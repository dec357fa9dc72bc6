/** X25519 in JavaScript, for where there is no other: a page. */
import { x25519 } from '@noble/curves/ed25519.js';
import type { KeyAgreement } from '../../ports/key-agreement.ts';

export function createNobleAgreement(): KeyAgreement {
  return {
    publicKey: (secret) => x25519.getPublicKey(secret),
    agree(secret, publicKey) {
      try {
        return x25519.getSharedSecret(secret, publicKey);
      } catch {
        return null; // a point of small order: nothing would be secret
      }
    },
  };
}
