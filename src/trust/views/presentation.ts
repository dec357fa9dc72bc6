/**
 * A presentation: credentials shown by whom they are about, for one reader and for now (VC 2.0 §4.13). The holder signs
 * with `proofPurpose: authentication`, names the agent whose facts it asks for as `domain`, and says when it ends.
 * A credential alone admits nobody: whoever has seen it could show it.
 */
import type { ValidateFunction } from 'ajv';
import type { Static } from 'typebox';
import { bytesToHex, utf8ToBytes } from '../../core/bytes.ts';
import type { Signer } from '../../core/ed25519.ts';
import { digest } from '../../core/hash.ts';
import { clockSkewSecondsMax } from '../../core/limits.ts';
import { type JsonObject, type JsonValue, readJsonObject } from '../../facts/bounded-json.ts';
import { credentialsContext } from '../../facts/contexts.ts';
import {
  assertShape,
  createShapes,
  didSchema,
  instantOf,
  isInstant,
  secondsOf,
} from '../../facts/credential.ts';
import { addProof, canonicalJson, readProof } from '../../facts/data-integrity.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { Type } from '../../facts/json-schema.ts';
import { ownIssuerOf } from '../own-issuer.ts';
import { TrustError } from '../trust-error.ts';
import { presentationBytesMax, presentationSecondsMax, presentedMax } from '../trust-limits.ts';
import type { CredentialContext } from '../verify-credential.ts';

const presentationSchema = Type.Object({
  '@context': Type.Array(Type.Union([Type.String({ maxLength: 512 }), Type.Object({})]), {
    minItems: 1,
    maxItems: 8,
  }),
  id: Type.Optional(Type.String({ format: 'uri', maxLength: 512 })),
  type: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 8 }),
  holder: Type.Union([didSchema, Type.Object({ id: didSchema })]),
  verifiableCredential: Type.Array(Type.Object({}), { minItems: 1, maxItems: presentedMax }),
  proof: Type.Unsafe<JsonObject | readonly JsonObject[]>({ type: ['object', 'array'] }),
});

/** One whose holder signed it for this reader; its credentials are not verified yet. */
export interface Presentation {
  /** The DID of who shows them. */
  readonly holder: string;
  readonly credentials: readonly unknown[];
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** Hexadecimal: it counts once. */
  readonly digest: string;
}

let check: ValidateFunction | null = null;

/** @param domain whom it must be meant for. @throws FactsError; TrustError `bad-presentation` */
export async function verifyPresentation(
  value: unknown,
  domain: string,
  context: CredentialContext,
): Promise<Presentation> {
  const document = readJsonObject(value);
  const bytes = utf8ToBytes(canonicalJson(document));
  if (bytes.length > presentationBytesMax)
    throw new FactsError('too-large', `a presentation has at most ${presentationBytesMax} bytes`);
  check ??= createShapes().compile(presentationSchema);
  assertShape(check, document, 'bad-credential');
  const { type, holder, verifiableCredential } = document as unknown as Static<typeof presentationSchema>;
  if (
    (document['@context'] as readonly unknown[])[0] !== credentialsContext ||
    !type.includes('VerifiablePresentation')
  )
    throw new TrustError('bad-presentation', 'this is no VerifiablePresentation of VC 2.0');
  const claim = readProof(document);
  if (claim.proofPurpose !== 'authentication')
    throw new TrustError('bad-presentation', 'the purpose of its proof is not authentication');
  if (domainOf(document) !== domain)
    throw new TrustError('bad-presentation', `it was signed for another reader than ${domain}`);
  const { created, expiresAt } = timesOf(claim, context.nowSeconds);
  const did = typeof holder === 'string' ? holder : holder.id;
  const times = { created, now: context.nowSeconds };
  const { key } = await ownIssuerOf(did, claim.verificationMethod, times, context.resolve);
  const { message, signature } = claim;
  if (!context.check({ publicKey: key, message, signature }))
    throw new FactsError('bad-proof', 'the signature of the presentation does not fit');
  return { holder: did, credentials: verifiableCredential, expiresAt, digest: bytesToHex(digest(bytes)) };
}

function domainOf(document: JsonObject): JsonValue | undefined {
  const given = document['proof'];
  const proof = Array.isArray(given) ? (given[0] as JsonObject) : (given as JsonObject);
  return proof['domain'];
}

function timesOf(
  { created, expires }: { readonly created: string | null; readonly expires: string | null },
  now: number,
): { readonly created: number; readonly expiresAt: number } {
  if (created === null || expires === null || !isInstant(created) || !isInstant(expires))
    throw new TrustError('bad-presentation', 'its proof says neither when it was made nor when it ends');
  const madeAt = secondsOf(created);
  const expiresAt = secondsOf(expires);
  if (madeAt > now + clockSkewSecondsMax)
    throw new FactsError('not-yet-valid', 'the presentation is from the future');
  if (expiresAt <= now) throw new FactsError('expired', 'the presentation has ended');
  if (expiresAt - madeAt > presentationSecondsMax)
    throw new TrustError(
      'bad-presentation',
      `a presentation lives for at most ${presentationSecondsMax} seconds`,
    );
  return { created: madeAt, expiresAt };
}

export interface PresentationDraft {
  readonly credentials: readonly JsonObject[];
  readonly holder: string;
  readonly verificationMethod: string;
  readonly signer: Signer;
  /** The DID of the agent whose facts are asked for. */
  readonly domain: string;
  /** Something that was not there before, so that two of one second differ. */
  readonly challenge: string;
  readonly nowSeconds: number;
  readonly validitySeconds?: number;
}

/** Signs a presentation for one reader. */
export function present(draft: PresentationDraft): JsonObject {
  const { holder, verificationMethod, signer, domain, challenge, nowSeconds } = draft;
  const { validitySeconds = presentationSecondsMax } = draft;
  const options = {
    created: instantOf(nowSeconds),
    expires: instantOf(nowSeconds + validitySeconds),
    verificationMethod,
    proofPurpose: 'authentication' as const,
    domain,
    challenge,
  };
  const unsecured: JsonObject = {
    '@context': [credentialsContext],
    type: ['VerifiablePresentation'],
    holder,
    verifiableCredential: draft.credentials,
  };
  return addProof(unsecured, options, signer);
}
