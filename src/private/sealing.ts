/**
 * Questions sealed to a peer, answers sealed to whoever asked (docs/protocol.md §7): HPKE to the peer's own key, and for
 * the answer a key that is exported from the same context, as Oblivious HTTP does (RFC 9458, §4.4).
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '../core/bytes.ts';
import {
  packAnswer,
  packQuestion,
  type SealedQuestion,
  sealKeyBytes,
  sealNonceBytes,
  unpackAnswer,
  unpackQuestion,
} from '../core/private/sealed-text.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { KeyAgreement } from '../ports/key-agreement.ts';
import { type HpkeContext, openWith, setupReceiver, setupSender } from './hpke.ts';
import { agreementKeyOf, agreementSecretOf } from './peer-keys.ts';

export interface SealedCall {
  readonly sealed: Uint8Array;
  /** The body of the answer; null for bytes that the target did not seal for this question. */
  open(answer: Uint8Array): Uint8Array | null;
}

export interface OpenedCall {
  readonly question: SealedQuestion;
  /** What no two questions share. */
  readonly sealKey: Uint8Array;
  seal(body: Uint8Array): Uint8Array;
}

export interface Sealing {
  /** null for a peer that no question can be sealed to. */
  seal(target: string, question: SealedQuestion): SealedCall | null;
  /** null for what was not sealed to this peer. @throws ProtocolError for a text that is no question */
  open(sealed: Uint8Array): OpenedCall | null;
}

const secretBytes = 32;
const answerKeyBytes = 32;
const answerNonceBytes = 12;
const nothing = new Uint8Array(0);
const answerLabel = utf8ToBytes('weft/private/1 answer');

/**
 * @param self the seed of this peer's own key; null: it opens nothing.
 * @param network the protocol prefix: a question of one network is none in another.
 */
export function createSealing(parts: {
  readonly agreement: KeyAgreement;
  readonly entropy: Entropy;
  readonly network: string;
  readonly self: Uint8Array | null;
}): Sealing {
  const { agreement, entropy } = parts;
  const info = utf8ToBytes(`weft/private/1 ${parts.network}`);
  const secret = parts.self === null ? null : agreementSecretOf(parts.self);
  const keys = secret === null ? null : { secret, publicKey: agreement.publicKey(secret) };

  return {
    seal(target, question) {
      const publicKey = agreementKeyOf(target);
      if (publicKey === null) return null;
      const sender = setupSender(agreement, publicKey, info, entropy.randomBytes(secretBytes));
      if (sender === null) return null;
      const { context, encapsulated } = sender;
      return {
        sealed: concatBytes(encapsulated, context.seal(packQuestion(question), nothing)),
        open: (answer) => openAnswer(context, encapsulated, answer),
      };
    },
    open(sealed) {
      const sealKey = sealed.slice(0, sealKeyBytes);
      const context = keys === null ? null : setupReceiver(agreement, keys, info, sealKey);
      const text = context?.open(sealed.subarray(sealKeyBytes), nothing) ?? null;
      if (context === null || text === null) return null;
      return {
        question: unpackQuestion(text),
        sealKey,
        seal(body) {
          const nonce = entropy.randomBytes(sealNonceBytes);
          const { key, nonce: used } = answerKeys(context, sealKey, nonce);
          return concatBytes(nonce, chacha20poly1305(key, used, nothing).encrypt(packAnswer(body)));
        },
      };
    },
  };
}

function openAnswer(context: HpkeContext, sealKey: Uint8Array, answer: Uint8Array): Uint8Array | null {
  const { key, nonce } = answerKeys(context, sealKey, answer.subarray(0, sealNonceBytes));
  const text = openWith(key, nonce, nothing, answer.subarray(sealNonceBytes));
  try {
    return text === null ? null : unpackAnswer(text);
  } catch {
    return null; // sealed by the target, and no answer all the same
  }
}

function answerKeys(
  context: HpkeContext,
  sealKey: Uint8Array,
  answerNonce: Uint8Array,
): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
  const secret = context.exportSecret(answerLabel, answerKeyBytes);
  const seed = extract(sha256, secret, concatBytes(sealKey, answerNonce));
  return {
    key: expand(sha256, seed, utf8ToBytes('key'), answerKeyBytes),
    nonce: expand(sha256, seed, utf8ToBytes('nonce'), answerNonceBytes),
  };
}
