/**
 * What a storing peer refuses before any signature, cheapest first (§4): establishment, iat, validity, side-car, URLs,
 * delegations and revocations, operations. Judges a bundle by its own key log and the clock, never by what is held.
 */
import { bytesEqual } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { type Delegation, hasRight } from '../identity/delegation.ts';
import type { KeyState } from '../identity/key-state.ts';
import { assertRevocation } from '../identity/revocation.ts';
import { clockSkewSecondsMax } from '../limits.ts';
import { type AgentAddr, addrExpiresAt } from './agent-addr.ts';
import type { Bundle } from './bundle.ts';
import { assertOperation } from './operation-validate.ts';
import { delegationTimely, isRevoked } from './projection.ts';
import { fenceDelegation } from './record-state.ts';
import { assertSideCar } from './side-car.ts';

/**
 * Everything but signatures and the key log itself.
 * @throws ProtocolError `forked`, `tombstoned`, `wrong-establishment`, `from-the-future`, `expired`, `bad-side-car`,
 * `bad-url`, `bad-delegation`, `revoked`, `bad-revocation`, `stale-base`, `bad-operation`.
 */
export function assertBundle(bundle: Bundle, keyState: KeyState, nowSeconds: number): void {
  if (keyState.status !== 'active') {
    assertNoRecord(bundle, keyState.status);
    return;
  }
  if (bundle.addr !== null) assertAddr(bundle.addr, keyState, nowSeconds);
  assertSideCar(bundle.addr, bundle.urls);
  for (const token of bundle.delegations) assertSlotToken(token, keyState);
  for (const revocation of bundle.revocations) {
    assertEstablishment(revocation.establishment, keyState);
    assertRevocation(revocation, keyState.agentId);
  }
  if (bundle.addr !== null && bundle.addr.slot !== 0) assertFenceDelegation(bundle, keyState, nowSeconds);
  for (const operation of bundle.operations) assertOperation(operation, bundle.addr, bundle.delegations);
}

/** A frozen or ended agent has no record: whoever sends one has not understood its key log. */
function assertNoRecord(bundle: Bundle, status: 'forked' | 'tombstoned'): void {
  if (bundle.addr === null && bundle.delegations.length === 0 && bundle.operations.length === 0) return;
  throw new ProtocolError(status, `the agent is ${status}: only its key log is stored`);
}

function assertAddr(addr: AgentAddr, keyState: KeyState, nowSeconds: number): void {
  if (addr.epoch !== keyState.sequence) {
    throw new ProtocolError(
      'wrong-establishment',
      'the record was signed under another key event than the head',
      {
        epoch: addr.epoch,
        sequence: keyState.sequence,
      },
    );
  }
  if (addr.issuedAt > nowSeconds + clockSkewSecondsMax) {
    const aheadSeconds = addr.issuedAt - nowSeconds;
    throw new ProtocolError('from-the-future', `iat lies ${aheadSeconds} s ahead: check the clocks`, {
      aheadSeconds,
    });
  }
  if (addrExpiresAt(addr) <= nowSeconds) {
    throw new ProtocolError('expired', 'the validity of the record is over: sign a new one', {
      expiredAtSeconds: addrExpiresAt(addr),
    });
  }
}

function assertEstablishment(establishment: Uint8Array, keyState: KeyState): void {
  if (bytesEqual(establishment, keyState.establishment)) return;
  throw new ProtocolError(
    'wrong-establishment',
    'a token or revocation stands under another key event than the head',
  );
}

/** Tokens without a slot travel with what they prove, not in the record. */
function assertSlotToken(token: Delegation, keyState: KeyState): void {
  assertEstablishment(token.establishment, keyState);
  if (token.slot === 0 || token.depth !== 1 || !bytesEqual(token.issuer, keyState.agentId)) {
    throw new ProtocolError('bad-delegation', 'a record carries tokens of its controller that hold a slot');
  }
}

function assertFenceDelegation(bundle: Bundle, keyState: KeyState, nowSeconds: number): void {
  const token = fenceDelegation(bundle);
  if (token === null || token.slot !== bundle.addr!.slot || !hasRight(token, 'publish')) {
    const message =
      'the first token of a record that a delegate signed is its own, with "publish" and its slot';
    throw new ProtocolError('bad-delegation', message, { slot: bundle.addr!.slot });
  }
  if (!delegationTimely(token, keyState.establishment, nowSeconds)) {
    throw new ProtocolError('expired', 'the token of the delegate who signed the record is not valid now');
  }
  if (isRevoked(token, bundle.revocations)) {
    throw new ProtocolError('revoked', 'the token of the delegate who signed the record is revoked');
  }
}
