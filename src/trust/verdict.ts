/** What a zone makes of an agent: an explainable value, which says what failed and what would satisfy it. */
import type { FactsErrorCode } from '../facts/facts-error.ts';

/** From a root of the zone to who issued, by cross-signings; the root alone where it issued itself. */
export type TrustPath = readonly string[];

/** One credential that was shown, and whether it counts. */
export interface CredentialFinding {
  /** Hexadecimal; null for what is no credential at all. */
  readonly digest: string | null;
  readonly types: readonly string[];
  readonly issuer: string | null;
  readonly subject: string | null;
  /** Seconds since 1970. */
  readonly validUntil: number | null;
  /** True: it holds by itself, whoever trusts its issuer. */
  readonly holds: boolean;
  /** Why it does not hold. */
  readonly code: FactsErrorCode | null;
  readonly why: string | null;
  /** Why the zone believes its issuer; null: it does not. */
  readonly path: TrustPath | null;
}

/** One rule of the policy, as it came out. */
export interface RuleFinding {
  readonly rule: string;
  readonly passed: boolean;
  /** What was found, as a sentence without its full stop. */
  readonly found: string;
  /** What would satisfy the rule; null where it is. */
  readonly satisfy: string | null;
  /** Digests of the credentials that count for it. */
  readonly by: readonly string[];
}

export interface TrustVerdict {
  readonly zone: string;
  readonly agentId: Uint8Array;
  /** Every rule passed. */
  readonly trusted: boolean;
  readonly rules: readonly RuleFinding[];
  readonly credentials: readonly CredentialFinding[];
  /** As the provider says in this session; null where the zone asks for none or none was given. */
  readonly reputation: { readonly score: number; readonly source: string } | null;
  /** Seconds since 1970: what it stands on holds until then, unless something is revoked before. */
  readonly validUntil: number;
  /** Issuers whose revocations change it: whom to listen to. */
  readonly issuers: readonly string[];
}
