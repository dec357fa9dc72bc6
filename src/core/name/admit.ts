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
import { chooseLog } from '../identity/fork-choice.ts';
import { keyEventCheck } from '../identity/key-event.ts';
import { clockSkewSecondsMax } from '../limits.ts';
import type { AgentState } from '../record/agent-state.ts';
import { type NameRecord, nameRecordCheck } from './name-record.ts';

export interface NameAdmission {
  /** The digest of the key event under which it is signed. */
  readonly establishment: Uint8Array;
  readonly checks: readonly SignatureCheck[];
  /** Those of `checks` that are not about the log. */
  readonly ownChecks: readonly SignatureCheck[];
}

/** @throws ProtocolError `from-the-future`, `expired` */
export function assertNameTimely(
  { issuedAt, expiresAt, token }: Pick<NameRecord, 'issuedAt' | 'expiresAt' | 'token'>,
  nowSeconds: number,
): void {
  const begins = Math.max(issuedAt, token?.notBefore ?? 0);
  if (begins > nowSeconds + clockSkewSecondsMax) {
    throw new ProtocolError('from-the-future', 'the name was signed later than now: check the clocks', {
      aheadSeconds: begins - nowSeconds,
    });
  }
  if (expiresAt <= nowSeconds)
    throw new ProtocolError('expired', 'the time of the name is over: sign it again');
}

/**
 * Judges a record by its own log and by the namespace's held state.
 * @param held what this peer knows of the namespace, verified; null when it knows nothing
 * @throws ProtocolError `forked`, `tombstoned`, `wrong-establishment`, `bad-key-log`, `bad-delegation`, `revoked`
 */
export function admitName(record: NameRecord, held: AgentState | null): NameAdmission {
  const { agentId, keyEvents, token } = record;
  const heldEvents = held?.keyState.retained ?? [];
  const news = keyEvents.filter((event) => !heldEvents.some((known) => bytesEqual(known.bytes, event.bytes)));
  const keyState =
    held !== null && news.length === 0 ? held.keyState : chooseLog(agentId, [...heldEvents, ...keyEvents]);
  const { status, chain, establishment, signingKey } = keyState;
  if (status === 'forked' || status === 'tombstoned' || signingKey === null)
    throw new ProtocolError(status === 'forked' ? 'forked' : 'tombstoned', `the namespace is ${status}`);
  if (keyEvents.at(-1)!.key !== keyState.head.key)
    throw new ProtocolError('wrong-establishment', 'the keys were rotated since: publish the name again');
  const isChain =
    chain.length === keyEvents.length && chain.every((event, index) => event.key === keyEvents[index]!.key);
  if (!isChain) throw new ProtocolError('bad-key-log', 'a name carries the chosen log, in order');
  const logChecks = news.map(keyEventCheck);
  assertMayName(record, establishment, held);
  const ownChecks =
    token === null
      ? [nameRecordCheck(record, establishment, signingKey)]
      : [delegationCheck(token, agentId, signingKey), nameRecordCheck(record, establishment, token.audience)];
  return { establishment, checks: [...logChecks, ...ownChecks], ownChecks };
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
