/**
 * Credentials that stand in facts, embedded or linked, each with its hash: under `certification.credential`,
 * `evaluations.credential` and `credentials`. A hash that does not fit is as if nothing stood there.
 */
import { bytesToHex, utf8ToBytes } from '../core/bytes.ts';
import { digest } from '../core/hash.ts';
import type { AgentFacts } from '../facts/agent-facts.ts';
import type { JsonObject } from '../facts/bounded-json.ts';
import { canonicalJson } from '../facts/data-integrity.ts';
import { FactsError } from '../facts/facts-error.ts';
import { hexOfDigestMultibase } from './credential.ts';

/** One that is elsewhere. */
export interface LinkedCredential {
  readonly url: string;
  /** Hexadecimal. */
  readonly digest: string;
}

/** Those that stand there whole, and whose hash fits. */
export function embeddedCredentials(facts: AgentFacts): readonly JsonObject[] {
  return referencesOf(facts).flatMap(({ credential, digest: wanted }) =>
    credential !== undefined && isOf(credential, wanted) ? [credential] : [],
  );
}

/** Those that are named by URL and hash, to be fetched by whoever wants them. */
export function linkedCredentials(facts: AgentFacts): readonly LinkedCredential[] {
  return referencesOf(facts).flatMap(({ id, credential, digest: wanted }) =>
    credential === undefined && id !== undefined ? [{ url: id, digest: wanted }] : [],
  );
}

/** True when the document has that digest, hexadecimal. */
export function isOf(document: JsonObject, wanted: string): boolean {
  try {
    return bytesToHex(digest(utf8ToBytes(canonicalJson(document)))) === wanted;
  } catch (error) {
    if (error instanceof FactsError) return false;
    throw error;
  }
}

interface Reference {
  readonly id: string | undefined;
  readonly digest: string;
  readonly credential: JsonObject | undefined;
}

function referencesOf({ certification, evaluations, credentials = [] }: AgentFacts): readonly Reference[] {
  const given = [certification?.credential, evaluations?.credential, ...credentials];
  return given.flatMap((one) => {
    const hex = one === undefined ? null : hexOfDigestMultibase(one.digestMultibase);
    return one === undefined || hex === null
      ? []
      : [{ id: one.id, digest: hex, credential: one.credential as JsonObject | undefined }];
  });
}
