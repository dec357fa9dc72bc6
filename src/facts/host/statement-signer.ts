/**
 * The key in custody for statements about an agent: credentials, cards. Nothing that it signs can pass for a structure of
 * the protocol, each of which begins with a domain string (docs/protocol.md, appendix B).
 */
import { bytesEqual, utf8ToBytes } from '../../core/bytes.ts';
import type { Signer } from '../../core/ed25519.ts';

const domainStart = utf8ToBytes('weft/');

/** The signer, without its authority over the protocol. Its `sign` throws TypeError for a message of the protocol. */
export function statementSignerOf(signer: Signer): Signer {
  return {
    publicKey: signer.publicKey,
    sign(message) {
      if (bytesEqual(message.subarray(0, domainStart.length), domainStart))
        throw new TypeError('a statement must not begin like a structure of the protocol');
      return signer.sign(message);
    },
  };
}
