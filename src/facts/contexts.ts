/**
 * What of JSON-LD contexts can be judged without fetching any (VC 2.0 §4.3, §B): the base one first, URLs that could be
 * fetched, and inline definitions that change no term of the base. A reader with a JSON-LD processor then reads what this
 * project reads without one.
 */
import type { JsonObject, JsonValue } from './bounded-json.ts';
import { FactsError } from './facts-error.ts';

export const credentialsContext = 'https://www.w3.org/ns/credentials/v2';

/** Terms of the base context that nobody may give another meaning. */
const protectedTerms: ReadonlySet<string> = new Set(
  `id type description digestMultibase digestSRI mediaType name VerifiableCredential VerifiablePresentation
  EnvelopedVerifiableCredential EnvelopedVerifiablePresentation JsonSchema JsonSchemaCredential BitstringStatusList
  BitstringStatusListCredential BitstringStatusListEntry DataIntegrityProof confidenceMethod credentialSchema
  credentialStatus credentialSubject evidence issuer proof refreshService relatedResource renderMethod termsOfUse
  validFrom validUntil holder verifiableCredential`.split(/\s+/),
);

/** @throws FactsError `bad-credential` */
export function assertContexts(value: JsonValue | undefined): void {
  const contexts = (Array.isArray(value) ? value : [value]) as readonly (JsonValue | undefined)[];
  if (contexts[0] !== credentialsContext) throw refused(`@context begins with ${credentialsContext}`);
  const defined = new Set<string>();
  for (const context of contexts.slice(1)) {
    if (typeof context === 'string') assertLink(context);
    else assertDefinitions((context ?? {}) as JsonObject, defined);
  }
}

function assertDefinitions(context: JsonObject, defined: Set<string>): void {
  for (const [term, meaning] of Object.entries(context)) {
    if (term === '@vocab' && meaning === null) throw refused('a context leaves types without a meaning');
    if (term.startsWith('@')) continue;
    if (protectedTerms.has(term)) throw refused(`a context gives ${term} another meaning`);
    if (defined.has(term)) throw refused(`two contexts define ${term}`);
    defined.add(term);
    if (typeof meaning === 'string' && /^https?:/.test(meaning)) assertLink(meaning);
  }
}

/** A URL by https or http whose host is a name that there could be, a URN or a DID. */
function assertLink(link: string): void {
  const place = URL.canParse(link) ? new URL(link) : null;
  const isWeb = place !== null && /^https?:$/.test(place.protocol);
  if (place === null || (isWeb && !place.hostname.includes('.')))
    throw refused(`${link.slice(0, 80)} is no URL of a context`);
}

function refused(why: string): FactsError {
  return new FactsError('bad-credential', why);
}
