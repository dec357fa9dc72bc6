/**
 * What a storing peer and a reader check of a name record (§7), cheapest first: its time, its key log and its delegation
 * beside what is known of the namespace, and which signatures are still owed. What an ended, forked or rotated namespace
 * said, and what a revoked delegate did, is refused by whoever knows.
 */
import { isRevoked } from '../author/writer.ts';
import { bytesEqual } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { delegationCheck, hasRight } from '../identity/delegation.ts';
import { clockSkewSecondsMax } from '../limits.ts';
import { admitLog, assertTimely } from '../place/signed-item.ts';
import type { AgentState } from '../record/agent-state.ts';
import { type NameRecord, nameRecordCheck } from './name-record.ts';

export interface NameAdmission {
  /** The digest of the key event under which it is signed. */
  readonly establishment: Uint8Array;
  readonly checks: readonly SignatureCheck[];
  /** Those of `checks` that are not about the log. */
  readonly ownChecks: readonly SignatureCheck[];
}

/** A delegate's record begins with the delegation at the earliest. @throws ProtocolError `from-the-future`, `expired` */
export function assertNameTimely(
  { issuedAt, expiresAt, token }: Pick<NameRecord, 'issuedAt' | 'expiresAt' | 'token'>,
  nowSeconds: number,
): void {
  assertTimely({ issuedAt: Math.max(issuedAt, token?.notBefore ?? 0), expiresAt }, nowSeconds);
}

/**
 * Judges a record by its own log and by the namespace's held state.
 * @param held what this peer knows of the namespace, verified; null when it knows nothing
 * @throws ProtocolError `forked`, `tombstoned`, `wrong-establishment`, `bad-key-log`, `bad-delegation`, `revoked`
 */
export function admitName(record: NameRecord, held: AgentState | null): NameAdmission {
  const { agentId, token } = record;
  const log = admitLog(record, held?.keyState ?? null);
  const { establishment } = log.keyState;
  assertMayName(record, establishment, held);
  const ownChecks =
    token === null
      ? [nameRecordCheck(record, establishment, log.signingKey)]
      : [
          delegationCheck(token, agentId, log.signingKey),
          nameRecordCheck(record, establishment, token.audience),
        ];
  return { establishment, checks: [...log.checks, ...ownChecks], ownChecks };
}

/** A delegate names things in the time of its token, with the right that lets it replace the whole record. */
function assertMayName(
  { agentId, issuedAt, token }: NameRecord,
  establishment: Uint8Array,
  held: AgentState | null,
): void {
  if (token === null) return;
  const isFitting =
    token.depth === 1 &&
    bytesEqual(token.issuer, agentId) &&
    bytesEqual(token.establishment, establishment) &&
    hasRight(token, 'publish') &&
    issuedAt >= token.notBefore - clockSkewSecondsMax &&
    issuedAt < token.expiresAt;
  if (!isFitting)
    throw new ProtocolError(
      'bad-delegation',
      'a delegate names things under a token with the right "publish"',
    );
  if (held !== null && isRevoked(held, token))
    throw new ProtocolError('revoked', 'the delegation of who signed the name was revoked');
}
