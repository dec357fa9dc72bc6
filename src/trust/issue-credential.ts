/** Claims become a credential: the envelope, and the proof of whoever issues it. */
import type { Signer } from '../core/ed25519.ts';
import type { JsonObject, JsonValue } from '../facts/bounded-json.ts';
import { credentialsContext } from '../facts/contexts.ts';
import { instantOf } from '../facts/credential.ts';
import { addProof } from '../facts/data-integrity.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { StatusEntry } from '../facts/status-entry.ts';
import {
  baseType,
  digestMultibaseOf,
  readTrustCredential,
  type TrustCredential,
  trustContext,
} from './credential.ts';
import { credentialSecondsMax, credentialSecondsMin } from './trust-limits.ts';

/** What a credential says. */
export interface CredentialDraft {
  /** Beside VerifiableCredential. */
  readonly types: readonly string[];
  /** The DID of whom it is about. */
  readonly subject: string;
  readonly claims: JsonObject;
  /** Credentials that this one stands on: where they are, and their digests in hexadecimal. */
  readonly links?: readonly { readonly url: string; readonly digest: string }[];
  readonly status?: readonly StatusEntry[];
  /** A URL or URN. */
  readonly id?: string;
  /** Where the current one is found, for those that live shortly. */
  readonly refreshAt?: string;
}

export interface CredentialTerms {
  /** The DID of who signs, and the DID URL of the key. */
  readonly issuer: string;
  readonly verificationMethod: string;
  readonly signer: Signer;
  readonly nowSeconds: number;
  readonly validitySeconds: number;
}

/** @throws FactsError `bad-credential` for what no reader would take */
export function issueCredential(draft: CredentialDraft, terms: CredentialTerms): TrustCredential {
  const { issuer, verificationMethod, signer, nowSeconds, validitySeconds } = terms;
  if (validitySeconds < credentialSecondsMin || validitySeconds > credentialSecondsMax)
    throw new FactsError(
      'bad-credential',
      `a validity is ${credentialSecondsMin} to ${credentialSecondsMax} seconds`,
    );
  const { id, refreshAt, links = [], status = [] } = draft;
  const created = instantOf(nowSeconds);
  const unsecured: JsonObject = {
    '@context': [credentialsContext, trustContext],
    ...(id !== undefined && { id }),
    type: [baseType, ...draft.types.filter((type) => type !== baseType)],
    issuer,
    validFrom: created,
    validUntil: instantOf(nowSeconds + validitySeconds),
    credentialSubject: { ...draft.claims, id: draft.subject },
    ...(links.length > 0 && {
      relatedResource: links.map(({ url, digest }) => ({
        id: url,
        digestMultibase: digestMultibaseOf(digest),
      })),
    }),
    ...(status.length > 0 && { credentialStatus: status.map(entryValue) }),
    ...(refreshAt !== undefined && { refreshService: { type: 'CredentialRefresh', id: refreshAt } }),
  };
  const proof = { created, verificationMethod, proofPurpose: 'assertionMethod' } as const;
  return readTrustCredential(addProof(unsecured, proof, signer));
}

function entryValue({ purpose, index, list }: StatusEntry): JsonValue {
  return {
    id: `${list}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: purpose,
    statusListIndex: String(index),
    statusListCredential: list,
  };
}
