/**
 * The signature of an agent card (A2A §8.4): a JWS over the canonical card without its signatures, by the key in custody.
 * `kid` is the DID URL of the key, so that whoever resolves the DID needs nothing else; `jku` is for who does not.
 */
import { utf8ToBytes } from '../../core/bytes.ts';
import type { Signer } from '../../core/ed25519.ts';
import { canonicalJson } from '../../facts/data-integrity.ts';
import { methodOfAgent } from '../../facts/issuer-keys.ts';
import type { JsonObject } from '../views.ts';

/** The card with a signature. */
export function signCard(
  card: JsonObject,
  agentId: Uint8Array,
  signer: Signer,
  keySetUrl: string,
): JsonObject {
  const { signatures: _previous, ...unsigned } = card;
  const header = { alg: 'EdDSA', kid: methodOfAgent(agentId, signer.publicKey), jku: keySetUrl, typ: 'JOSE' };
  const protectedHeader = base64Url(canonicalJson(header));
  const input = `${protectedHeader}.${base64Url(canonicalJson(unsigned))}`;
  const signature = Buffer.from(signer.sign(utf8ToBytes(input))).toString('base64url');
  return { ...unsigned, signatures: [{ protected: protectedHeader, signature }] };
}

/** The key of an agent as a JSON Web Key Set (RFC 7517, RFC 8037). */
export function keySetOf(agentId: Uint8Array, publicKey: Uint8Array): JsonObject {
  const x = Buffer.from(publicKey).toString('base64url');
  const kid = methodOfAgent(agentId, publicKey);
  return { keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' }] };
}

function base64Url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
