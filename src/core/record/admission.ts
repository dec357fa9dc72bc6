/**
 * The door for bundles (§4): from decoded bytes to a state and the signature checks that it still owes. Every check
 * that needs no cryptography comes first; what the held state makes void, or has already, is not verified again.
 */
import { bytesEqual } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { delegationCheck } from '../identity/delegation.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import { inceptionAgentId, keyEventCheck } from '../identity/key-event.ts';
import type { KeyState } from '../identity/key-state.ts';
import { revocationChecks } from '../identity/revocation.ts';
import { remembered } from '../remembered.ts';
import { agentAddrCheck } from './agent-addr.ts';
import { type AgentState, createState, joinStates, sameKeyEvents } from './agent-state.ts';
import type { Bundle } from './bundle.ts';
import { assertBundle } from './bundle-validate.ts';
import { operationCheck } from './operation.ts';
import { operationUsesToken } from './operation-validate.ts';
import { isRevoked, projectRecords } from './projection.ts';
import { emptyRecord, fenceDelegation, type RecordState } from './record-state.ts';

export interface Admission {
  readonly agentId: AgentId;
  /**
   * What of the bundle stands beside the held state: true once all checks hold, for joinStates with that held state.
   * A fence, token or operation that the held state makes void is left out.
   */
  readonly state: AgentState;
  readonly checks: readonly SignatureCheck[];
  /**
   * Null when all of the bundle stands, else why the first thing does not, in the order fence, tokens, operations,
   * revocations: `wrong-establishment` or `stale-base` for an older fence, `revoked`, `expired`, `from-the-future`, or
   * `displaced` by another in its place. The rest stands: it may come from a peer with another clock.
   */
  readonly leftOut: ProtocolErrorCode | null;
}

/**
 * Judges a bundle.
 * @param expected the agent that was asked for; null at a door where any agent may come.
 * @param held what this peer has of that agent, its signatures verified; null when it has nothing.
 * @throws ProtocolError `wrong-agent`, `bad-key-log` and what assertBundle throws.
 */
export const admitBundle = remembered(judgeBundle);

function judgeBundle(
  bundle: Bundle,
  expected: AgentId | null,
  nowSeconds: number,
  held: AgentState | null,
): Admission {
  const agentId = agentIdOfBundle(bundle);
  if (expected !== null && !bytesEqual(agentId, expected)) {
    throw new ProtocolError('wrong-agent', 'the inception in the bundle is that of another agent');
  }
  if (held !== null && !bytesEqual(agentId, held.agentId)) {
    throw new ProtocolError('bad-argument', 'the held state is that of another agent');
  }
  const keyState = keyStateOf(agentId, bundle, held);
  assertBundle(bundle, keyState, nowSeconds);
  const record =
    keyState.status === 'active' ? projectRecords([bundle], keyState.establishment, nowSeconds) : emptyRecord;
  const whole = createState(keyState, record);
  const state = held === null ? whole : withoutVoid(whole, held, nowSeconds);
  return {
    agentId,
    state,
    checks: checksOwed(state, held),
    leftOut: reasonLeftOut(bundle, state, held, nowSeconds),
  };
}

/** H of the inception, which comes first. @throws ProtocolError `bad-key-log`. */
export function agentIdOfBundle(bundle: Bundle): AgentId {
  const inception = bundle.keyEvents[0];
  if (inception === undefined) throw new ProtocolError('bad-key-log', 'a bundle carries its key log');
  return inceptionAgentId(inception);
}

function keyStateOf(agentId: AgentId, bundle: Bundle, held: AgentState | null): KeyState {
  if (held !== null && sameKeyEvents(bundle.keyEvents, held.keyState.retained)) return held.keyState;
  return chooseLog(agentId, bundle.keyEvents);
}

/** The parts of a state that are still there after a join with the held one; its key log stays whole. */
function withoutVoid(incoming: AgentState, held: AgentState, nowSeconds: number): AgentState {
  const joined = joinStates(held, incoming, nowSeconds).state;
  if (!bytesEqual(joined.keyState.establishment, incoming.keyState.establishment)) {
    return createState(incoming.keyState, emptyRecord);
  }
  const stands =
    incoming.addr !== null && joined.addr !== null && bytesEqual(incoming.addr.bytes, joined.addr.bytes);
  const publisher = stands ? fenceDelegation(joined) : null;
  const common = commonItems(incoming.delegations, joined.delegations);
  return createState(incoming.keyState, {
    addr: stands ? incoming.addr : null,
    urls: stands ? incoming.urls : emptyRecord.urls,
    delegations:
      publisher === null ? common : [publisher, ...common.filter((token) => token.key !== publisher.key)],
    operations: stands ? commonItems(incoming.operations, joined.operations) : emptyRecord.operations,
    revocations: commonItems(incoming.revocations, joined.revocations),
  });
}

function checksOwed(state: AgentState, held: AgentState | null): SignatureCheck[] {
  const { agentId, keyState } = state;
  const heldEvents = held?.keyState.retained ?? [];
  const checks =
    heldEvents === keyState.retained
      ? []
      : keyState.retained
          .filter((event) => !heldEvents.some((other) => bytesEqual(other.bytes, event.bytes)))
          .map(keyEventCheck);
  const { signingKey, establishment } = keyState;
  if (signingKey === null) return checks;
  const known: RecordState =
    held !== null && bytesEqual(held.keyState.establishment, establishment) ? held : emptyRecord;
  const { addr } = state;
  if (addr !== null && !isKnownAddr(state, known)) {
    checks.push(agentAddrCheck(addr, agentId, establishment, fenceDelegation(state)?.audience ?? signingKey));
  }
  for (const token of newItems(state.delegations, known.delegations)) {
    checks.push(delegationCheck(token, agentId, signingKey));
  }
  for (const operation of newItems(state.operations, known.operations)) {
    const token = state.delegations.find((candidate) => operationUsesToken(operation, candidate));
    checks.push(operationCheck(operation, agentId, establishment, token?.audience ?? signingKey));
  }
  for (const revocation of newItems(state.revocations, known.revocations)) {
    checks.push(...revocationChecks(revocation, agentId, signingKey));
  }
  return checks;
}

/** The same bytes by the same signer: a fence under another token owes a check under that token's audience. */
function isKnownAddr(state: RecordState, known: RecordState): boolean {
  if (state.addr === null || known.addr === null || !bytesEqual(state.addr.bytes, known.addr.bytes))
    return false;
  return fenceDelegation(state)?.key === fenceDelegation(known)?.key;
}

/** In the order fence, tokens, operations, revocations. */
function reasonLeftOut(
  bundle: Bundle,
  state: AgentState,
  held: AgentState | null,
  nowSeconds: number,
): ProtocolErrorCode | null {
  if (bundle.addr !== null && state.addr === null) {
    const sameEstablishment =
      held !== null && bytesEqual(held.keyState.establishment, state.keyState.establishment);
    if (!sameEstablishment) return 'wrong-establishment';
    const token = fenceDelegation(bundle);
    return token !== null && isRevoked(token, held.revocations) ? 'revoked' : 'stale-base';
  }
  const [token] = newItems(bundle.delegations, state.delegations);
  if (token !== undefined) {
    if (isRevoked(token, [...bundle.revocations, ...(held?.revocations ?? [])])) return 'revoked';
    if (token.expiresAt <= nowSeconds) return 'expired';
    return token.notBefore > nowSeconds ? 'from-the-future' : 'displaced';
  }
  const [operation] = newItems(bundle.operations, state.operations);
  if (operation !== undefined) return operation.issuedAt > nowSeconds ? 'from-the-future' : 'displaced';
  const [revocation] = newItems(bundle.revocations, state.revocations);
  return revocation === undefined ? null : revocation.expiresAt <= nowSeconds ? 'expired' : 'displaced';
}

function commonItems<Item extends { readonly key: string }>(
  items: readonly Item[],
  others: readonly Item[],
): readonly Item[] {
  if (items.length === 0) return items;
  const keys = new Set(others.map((other) => other.key));
  return items.every((item) => keys.has(item.key)) ? items : items.filter((item) => keys.has(item.key));
}

function newItems<Item extends { readonly key: string }>(
  items: readonly Item[],
  known: readonly Item[],
): readonly Item[] {
  if (items.length === 0 || known.length === 0) return items;
  const keys = new Set(known.map((item) => item.key));
  return items.filter((item) => !keys.has(item.key));
}
