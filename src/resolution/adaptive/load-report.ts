/**
 * Reports of load: an endpoint says how busy it is, signed with the key that the routing names for it. One counts for 30 s;
 * an older one than the last, or one that took too long, is ignored.
 *
 * Claims: iss the did:key of the endpoint, sub its URL, aud the agent's DID, iat, load 0..1.
 */
import type { SignatureCheck, Signer } from '../../core/ed25519.ts';
import { type AgentId, formatAgentDid } from '../../core/identity/agent-id.ts';
import { keyOfDidKey } from '../../facts/issuer-keys.ts';
import { multikeyOf } from '../../facts/multikey.ts';
import { ResolutionError } from '../resolution-error.ts';
import { loadReportSeconds, shortTextMax, tokenBytesMax } from '../resolution-limits.ts';
import { normalUrl } from './endpoint-token.ts';
import { readStatement, secondsClaim, signStatement, textClaim } from './jws.ts';

const reportType = 'weft-load+jwt';
const urlLengthMax = 2048;

export interface LoadReport {
  readonly agentId: AgentId;
  readonly url: string;
  /** 0 idle, 1 as much as it can do. */
  readonly load: number;
  /** Seconds since 1970. */
  readonly issuedAt: number;
}

/** What was reported last, and when it came. */
export interface KnownLoad {
  readonly load: number;
  readonly issuedAt: number;
}

/** For an endpoint: a report to be sent to its resolver, at most once a second. */
export function signLoadReport({ agentId, url, load, issuedAt }: LoadReport, signer: Signer): string {
  const key = multikeyOf(signer.publicKey);
  const did = `did:key:${key}`;
  const claims = { iss: did, sub: normalUrl(url), aud: formatAgentDid(agentId), iat: issuedAt, load };
  return signStatement(reportType, `${did}#${key}`, claims, signer);
}

/** What a report claims and what proves it, before its signature was looked at. @throws ResolutionError `bad-token` */
export function readLoadReport(text: string): LoadReportClaim {
  const { kid, claims, signed } = readStatement(text, reportType, tokenBytesMax);
  const { load } = claims;
  if (typeof load !== 'number' || load < 0 || load > 1)
    throw new ResolutionError('bad-report', 'a load is a number of 0 to 1');
  return {
    kid,
    issuer: textClaim(claims, 'iss', shortTextMax),
    url: normalUrl(textClaim(claims, 'sub', urlLengthMax)),
    audience: textClaim(claims, 'aud', shortTextMax),
    issuedAt: secondsClaim(claims, 'iat'),
    load,
    signed,
  };
}

export interface LoadReportClaim extends Omit<LoadReport, 'agentId'> {
  readonly kid: string;
  readonly issuer: string;
  readonly audience: string;
  readonly signed: Omit<SignatureCheck, 'publicKey'>;
}

/** True for a report that says something new: neither older than the last one nor too long on its way. */
export function isNews(
  { issuedAt }: LoadReportClaim,
  last: KnownLoad | undefined,
  nowSeconds: number,
): boolean {
  const age = nowSeconds - issuedAt;
  return age <= loadReportSeconds && age >= -loadReportSeconds && issuedAt > (last?.issuedAt ?? -1);
}

/** @param key the multikey that the routing names. @throws ResolutionError `bad-report` */
export function assertReported(
  { kid, issuer, signed }: LoadReportClaim,
  key: string,
  check: (check: SignatureCheck) => boolean,
): void {
  if (issuer !== `did:key:${key}`)
    throw new ResolutionError('bad-report', 'the report is not from the key of that endpoint');
  let publicKey: Uint8Array;
  try {
    publicKey = keyOfDidKey(issuer, kid);
  } catch {
    throw new ResolutionError('bad-report', 'the report names a key that is none');
  }
  if (!check({ publicKey, ...signed }))
    throw new ResolutionError('bad-report', 'the signature of the report does not fit');
}
