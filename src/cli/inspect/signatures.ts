/** The signatures of what is inspected, each with what it is of and by whom. */

import { bytesEqual, bytesToHex } from '../../core/bytes.ts';
import { type CapabilityAnnouncement, capabilitiesCheck } from '../../core/capability/announcement.ts';
import { isAdmissiblePublicKey, type SignatureCheck, verifyAdmitted } from '../../core/ed25519.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import { type Delegation, delegationCheck } from '../../core/identity/delegation.ts';
import { findDelegationChain } from '../../core/identity/delegation-chain.ts';
import { type KeyEvent, keyEventCheck, keyEventSequence } from '../../core/identity/key-event.ts';
import type { KeyState } from '../../core/identity/key-state.ts';
import { type Revocation, revocationChecks } from '../../core/identity/revocation.ts';
import { type NameRecord, nameRecordCheck } from '../../core/name/name-record.ts';
import { type AgentAddr, agentAddrCheck } from '../../core/record/agent-addr.ts';
import type { Bundle } from '../../core/record/bundle.ts';
import { type Operation, operationCheck } from '../../core/record/operation.ts';
import { operationUsesToken } from '../../core/record/operation-validate.ts';

export interface SignatureReport {
  readonly of: string;
  /** Public key, hexadecimal; null when nobody is known who could have signed. */
  readonly by: string | null;
  /** Null: it cannot be told without the key log. */
  readonly holds: boolean | null;
}

/** Whose keys count: the head of the key log, and the tokens that are known. */
export interface Authority {
  readonly agentId: AgentId;
  readonly establishment: Uint8Array;
  /** Null: the agent is frozen or has ended, and nobody signs for it. */
  readonly signingKey: Uint8Array | null;
  readonly delegations: readonly Delegation[];
}

/** Event by event: each names its own signer. */
export function reportEvents(events: readonly KeyEvent[]): SignatureReport[] {
  return events.map((event) =>
    checked(`key event ${keyEventSequence(event)} (${event.body.type})`, keyEventCheck(event)),
  );
}

/** An announcement of capabilities: by the key that its own log ends with. */
export function reportCapabilities(
  announcement: CapabilityAnnouncement,
  keyState: KeyState | null,
): SignatureReport[] {
  const key = keyState?.signingKey ?? null;
  const of = 'announcement of capabilities';
  return [
    ...reportEvents(announcement.keyEvents),
    keyState === null || key === null
      ? { of, by: null, holds: null }
      : checked(of, capabilitiesCheck(announcement, keyState, key)),
  ];
}

/** A name: by the key that its own log ends with, or by the delegate whose token stands beside. */
export function reportName(record: NameRecord, keyState: KeyState | null): SignatureReport[] {
  const { agentId, keyEvents, token } = record;
  const key = keyState?.signingKey ?? null;
  const of = 'name record';
  if (keyState === null || key === null) return [...reportEvents(keyEvents), { of, by: null, holds: null }];
  return [
    ...reportEvents(keyEvents),
    ...(token === null
      ? []
      : [checked(`delegation (${slotWords(token.slot)})`, delegationCheck(token, agentId, key))]),
    checked(of, nameRecordCheck(record, keyState.establishment, token?.audience ?? key)),
  ];
}

/** Everything in a bundle beside its key log. */
export function reportRecord(bundle: Bundle, authority: Authority | null): SignatureReport[] {
  return [
    ...(bundle.addr === null ? [] : [reportAddr(bundle.addr, authority)]),
    ...bundle.delegations.map((token) => reportDelegation(token, authority)),
    ...bundle.operations.map((operation) => reportOperation(operation, authority)),
    ...bundle.revocations.flatMap((revocation) => reportRevocation(revocation, authority)),
  ];
}

/** The fence: by the controller, or by the delegate in its slot. */
export function reportAddr(addr: AgentAddr, authority: Authority | null): SignatureReport {
  const token = authority?.delegations.find((candidate) => candidate.slot === addr.slot);
  return underKeys(
    `AgentAddr (${slotWords(addr.slot)})`,
    authority,
    ({ agentId, establishment }, controllerKey) => {
      const key = addr.slot === 0 ? controllerKey : token?.audience;
      return key === undefined ? null : agentAddrCheck(addr, agentId, establishment, key);
    },
  );
}

/** A token: by the controller, or by the audience of the token above it. */
export function reportDelegation(token: Delegation, authority: Authority | null): SignatureReport {
  return underKeys(`delegation (${slotWords(token.slot)})`, authority, ({ agentId }, controllerKey) => {
    const parent = findDelegationChain(token, authority?.delegations ?? [])?.at(-2);
    const key = token.depth === 1 ? controllerKey : parent?.audience;
    return key === undefined ? null : delegationCheck(token, agentId, key);
  });
}

/** An operation: by the controller, or under its token. */
export function reportOperation(operation: Operation, authority: Authority | null): SignatureReport {
  const { slot, n, field } = operation;
  const token = authority?.delegations.find((candidate) => operationUsesToken(operation, candidate));
  return underKeys(
    `operation ${n} on ${field} (${slotWords(slot)})`,
    authority,
    ({ agentId, establishment }, controllerKey) => {
      const key = slot === 0 ? controllerKey : token?.audience;
      return key === undefined ? null : operationCheck(operation, agentId, establishment, key);
    },
  );
}

/** A revocation and the chain that proves its signer. */
export function reportRevocation(revocation: Revocation, authority: Authority | null): SignatureReport[] {
  const what = `revocation of a ${revocation.kind}`;
  if (!authority?.signingKey) return [{ of: what, by: null, holds: null }];
  return revocationChecks(revocation, authority.agentId, authority.signingKey).map((check, index) =>
    checked(index === 0 ? what : `${what}, token ${index} of its chain`, check),
  );
}

/** True when both are of one establishment; a signature under another one cannot hold. */
export function standsUnder(establishment: Uint8Array, authority: Authority): boolean {
  return bytesEqual(establishment, authority.establishment);
}

function underKeys(
  of: string,
  authority: Authority | null,
  checkOf: (authority: Authority, controllerKey: Uint8Array) => SignatureCheck | null,
): SignatureReport {
  const signingKey = authority?.signingKey ?? null;
  const check = authority === null || signingKey === null ? null : checkOf(authority, signingKey);
  return check === null ? { of, by: null, holds: null } : checked(of, check);
}

function checked(of: string, check: SignatureCheck): SignatureReport {
  const holds = isAdmissiblePublicKey(check.publicKey) && verifyAdmitted(check);
  return { of, by: bytesToHex(check.publicKey), holds };
}

function slotWords(slot: number): string {
  return slot === 0 ? 'controller' : `delegate ${slot}`;
}
