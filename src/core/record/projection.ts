/**
 * The bounded projection of everything received about one establishment (§3): first what is not valid now goes, then
 * for each place the one that counts stays. A pure function of the set of things, whatever their order, so that
 * joining is projecting a union. Signatures hold already; the key log is settled before.
 */
import { bytesEqual } from '../bytes.ts';
import type { Delegation } from '../identity/delegation.ts';
import { hasRight } from '../identity/delegation.ts';
import type { Revocation } from '../identity/revocation.ts';
import { clockSkewSecondsMax } from '../limits.ts';
import { type AgentAddr, addrExpiresAt } from './agent-addr.ts';
import { compareFences, type Fence } from './fence-order.ts';
import type { Operation } from './operation.ts';
import { operationUsesToken } from './operation-validate.ts';
import { emptyRecord, fenceDelegation, type RecordState, slotDelegations } from './record-state.ts';
import { boundRevocations } from './revocation-order.ts';

/**
 * What stands of these records together.
 * @param establishment digest of the key event under which all of them were signed.
 */
export function projectRecords(
  records: readonly RecordState[],
  establishment: Uint8Array,
  nowSeconds: number,
): RecordState {
  const revocations = boundRevocations(
    union(records, 'revocations').filter((revocation) =>
      revocationStands(revocation, establishment, nowSeconds),
    ),
  );
  const delegations = union(records, 'delegations').filter(
    (token) => delegationTimely(token, establishment, nowSeconds) && !isRevoked(token, revocations),
  );
  const standing = new Set(delegations.map((token) => token.key));
  const fence = chooseFence(records, standing, nowSeconds);
  const tokenBySlot = slotDelegations(delegations);
  return {
    addr: fence?.addr ?? emptyRecord.addr,
    urls: fence?.urls ?? emptyRecord.urls,
    delegations: orderDelegations(fence, tokenBySlot),
    operations:
      fence === null
        ? emptyRecord.operations
        : chooseOperations(union(records, 'operations'), fence.addr, tokenBySlot, nowSeconds),
    revocations,
  };
}

/** True while a revocation is still of use: its establishment stands and its target has not ended. */
function revocationStands(revocation: Revocation, establishment: Uint8Array, nowSeconds: number): boolean {
  return revocation.expiresAt > nowSeconds && bytesEqual(revocation.establishment, establishment);
}

/** True for a token of this establishment within its time; another clock may be 120 s behind the issuer's. */
export function delegationTimely(token: Delegation, establishment: Uint8Array, nowSeconds: number): boolean {
  return (
    token.notBefore <= nowSeconds + clockSkewSecondsMax &&
    nowSeconds < token.expiresAt &&
    bytesEqual(token.establishment, establishment)
  );
}

/** True when one of the revocations names that token. */
export function isRevoked(token: Delegation, revocations: readonly Revocation[]): boolean {
  return revocations.some(({ kind, target }) => kind === 'delegation' && bytesEqual(target, token.hash));
}

function chooseFence(
  records: readonly RecordState[],
  standing: ReadonlySet<string>,
  nowSeconds: number,
): Fence | null {
  let chosen: Fence | null = null;
  for (const record of records) {
    const { addr, urls } = record;
    if (addr === null || addrExpiresAt(addr) <= nowSeconds) continue;
    const delegation = fenceDelegation(record);
    if (
      addr.slot !== 0 &&
      !(delegation !== null && hasRight(delegation, 'publish') && standing.has(delegation.key))
    ) {
      continue;
    }
    const fence = { addr, urls, delegation };
    if (chosen === null || compareFences(fence, chosen) > 0) chosen = fence;
  }
  return chosen;
}

/** The fence's own token first, then by slot those that hold one. */
function orderDelegations(
  fence: Fence | null,
  tokenBySlot: ReadonlyMap<number, Delegation>,
): readonly Delegation[] {
  if (tokenBySlot.size === 0) return emptyRecord.delegations;
  const bySlot = [...tokenBySlot.values()].sort((left, right) => left.slot - right.slot);
  const own = fence?.delegation ?? null;
  return own === null ? bySlot : [own, ...bySlot.filter((token) => token.key !== own.key)];
}

/**
 * For each slot and n the operation with the lowest hash. A slot has one counted token, hence one signer key: this is
 * the specification's (signer key, n), also when one key holds two slots.
 */
function chooseOperations(
  operations: readonly Operation[],
  addr: AgentAddr,
  tokenBySlot: ReadonlyMap<number, Delegation>,
  nowSeconds: number,
): readonly Operation[] {
  if (operations.length === 0) return operations;
  const operationByPlace = new Map<number, Operation>();
  for (const operation of operations) {
    if (operation.issuedAt > nowSeconds + clockSkewSecondsMax || !bytesEqual(operation.base, addr.digest16))
      continue;
    const token = tokenBySlot.get(operation.slot);
    if (operation.slot !== 0 && !(token !== undefined && operationUsesToken(operation, token))) continue;
    const place = operationPlace(operation);
    const other = operationByPlace.get(place);
    if (other === undefined || operation.key < other.key) operationByPlace.set(place, operation);
  }
  return [...operationByPlace.values()].sort((left, right) => operationPlace(left) - operationPlace(right));
}

/** Slot and n as one number: n is at most 8. */
function operationPlace(operation: Operation): number {
  return operation.slot * 16 + operation.n;
}

/** One list of the things in all records; the very list when only one record has any. */
function union<Name extends 'delegations' | 'operations' | 'revocations'>(
  records: readonly RecordState[],
  name: Name,
): RecordState[Name] {
  const lists = records.map((record) => record[name]).filter((list) => list.length > 0);
  return (lists.length === 1 ? lists[0]! : lists.flat()) as RecordState[Name];
}
