/** What somebody shows of an agent, each looked at by itself: it holds, or why not. */
import { isProtocolError } from '../core/errors.ts';
import { FactsError } from '../facts/facts-error.ts';
import { readTrustCredential } from './credential.ts';
import type { CredentialFinding } from './verdict.ts';
import { type CredentialContext, type VerifiedCredential, verifyCredential } from './verify-credential.ts';

/** One that was shown: it holds, or why it does not. */
export interface Shown {
  readonly finding: Omit<CredentialFinding, 'path'>;
  readonly credential: VerifiedCredential | null;
}

/** One verdict on one document; only a defect is thrown. */
export async function lookAt(value: unknown, context: CredentialContext): Promise<Shown> {
  try {
    const credential = await verifyCredential(value, context);
    return { credential, finding: { ...describe(credential), holds: true, code: null, why: null } };
  } catch (error) {
    const refusal = isProtocolError(error) ? new FactsError('issuer-unknown', error.message) : error;
    if (!(refusal instanceof FactsError)) throw error;
    const { code, message } = refusal;
    return { credential: null, finding: { ...described(value), holds: false, code, why: message } };
  }
}

function described(value: unknown): ReturnType<typeof describe> {
  try {
    return describe(readTrustCredential(value));
  } catch (error) {
    if (!(error instanceof FactsError)) throw error;
    return { digest: null, types: [], issuer: null, subject: null, validUntil: null };
  }
}

function describe({
  digest,
  types,
  issuer,
  subject,
  validUntil,
}: Pick<VerifiedCredential, 'digest' | 'types' | 'issuer' | 'subject' | 'validUntil'>): {
  readonly digest: string | null;
  readonly types: readonly string[];
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly validUntil: number | null;
} {
  return { digest, types, issuer, subject, validUntil };
}

/** One that is shown twice counts once. */
export function distinct(shown: readonly Shown[]): readonly Shown[] {
  const seen = new Set<string>();
  return shown.filter(({ finding: { digest } }) => {
    if (digest === null) return true;
    const isNew = !seen.has(digest);
    seen.add(digest);
    return isNew;
  });
}
