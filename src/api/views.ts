/**
 * What the node knows, as JSON. One form for everything: an agent id is `nanda:` text, every other byte string is lower
 * case hexadecimal, times are ISO 8601 in UTC, durations are whole seconds; a value that is not there is null.
 */
import { bytesToHex } from '../core/bytes.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import { type Delegation, fieldBits, rightBits } from '../core/identity/delegation.ts';
import type { KeyState } from '../core/identity/key-state.ts';
import type { Revocation } from '../core/identity/revocation.ts';
import { sharedPrefixBits } from '../core/overlay/distance.ts';
import type { PublishResult, Resolution } from '../core/peer/effects.ts';
import { addrExpiresAt } from '../core/record/agent-addr.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { ttlSeconds, validitySeconds } from '../core/record/durations.ts';
import { pointerFields } from '../core/record/field.ts';
import { materialise } from '../core/record/merge.ts';
import type { Operation } from '../core/record/operation.ts';
import type {
  AgentChange,
  AgentResult,
  Keyspace,
  NodeSamples,
  NodeStatus,
  PeerStatus,
} from '../node/node-types.ts';

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Seconds since 1970 as ISO 8601. */
export function timeView(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** Milliseconds since 1970 as ISO 8601. */
export function timeMsView(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Key log and record of one agent. */
export function stateView(state: AgentState): JsonObject {
  return {
    agentId: formatAgentId(state.agentId),
    keys: keysView(state.keyState),
    record: recordView(state),
    delegations: state.delegations.map(delegationView),
    revocations: state.revocations.map(revocationView),
  };
}

/** Where a record stands for a reader, with the state behind it. */
function resolutionView(resolution: Resolution): JsonObject {
  const { status, agentId, state, ageSeconds, responders, holders, cached } = resolution;
  const known =
    state === null ? { keys: null, record: null, delegations: [], revocations: [] } : stateView(state);
  return { status, agentId: formatAgentId(agentId), ageSeconds, responders, holders, cached, ...known };
}

/** The same as text. The part that only a new state changes is made once for each state: most resolves are of a few agents. */
export function resolutionText(resolution: Resolution): string {
  const { status, agentId, state, ageSeconds, responders, holders, cached } = resolution;
  if (state === null) return JSON.stringify(resolutionView(resolution));
  let known = knownTextByState.get(state);
  if (known === undefined) {
    const { agentId: _agentId, ...rest } = stateView(state);
    known = JSON.stringify(rest).slice(1);
    knownTextByState.set(state, known);
  }
  const said = { status, agentId: formatAgentId(agentId), ageSeconds, responders, holders, cached };
  return `${JSON.stringify(said).slice(0, -1)},${known}`;
}

/** Goes with the state. */
const knownTextByState = new WeakMap<AgentState, string>();

/** What the storing peers said. */
export function publishView(result: PublishResult): JsonObject {
  const { status, acknowledgements, asked, refusal } = result;
  return { status, acknowledgements, asked, refusal };
}

/** The answer to every call that changes an agent. */
export function agentResultView(result: AgentResult): JsonObject {
  return {
    agentId: formatAgentId(result.agentId),
    publish: publishView(result.publish),
    recordBytes: result.recordBytes,
    expiresAt: result.expiresAtSeconds === null ? null : timeView(result.expiresAtSeconds),
    state: stateView(result.state),
  };
}

/** One line of the stream of changes. */
export function changeView(change: AgentChange): JsonObject {
  return {
    type: 'change',
    agentId: formatAgentId(change.agentId),
    change: change.change,
    source: change.source,
    acceptedAtMs: change.acceptedAtMs,
    acceptedAt: timeMsView(change.acceptedAtMs),
    state: stateView(change.state),
  };
}

/** How much the node keeps. */
export function storeView({ store, agents }: NodeStatus): JsonObject {
  return { store: { ...store }, agents: { ...agents } };
}

/** The node itself. */
export function statusView(status: NodeStatus): JsonObject {
  const { startedAtMs, network, agents, store, memory, addresses, ...rest } = status;
  return {
    ...rest,
    addresses,
    startedAt: timeMsView(startedAtMs),
    network: { ...network },
    agents: { ...agents },
    store: { ...store },
    memory: { ...memory },
  };
}

/** One peer that the node knows. */
export function peerView(peer: PeerStatus): JsonObject {
  const { connectedAtMs, gossipScore, ...rest } = peer;
  return {
    ...rest,
    gossipScore: gossipScore === null ? null : Math.round(gossipScore * 100) / 100,
    connectedAt: connectedAtMs === null ? null : timeMsView(connectedAtMs),
  };
}

/** Who and what stands where. A place is its first 8 bytes. */
export function keyspaceView({ self, peers, held }: Keyspace): JsonObject {
  const place = (point: Keyspace['self']): string => bytesToHex(point.bytes.subarray(0, 8));
  return {
    place: place(self),
    held,
    peers: peers.map(({ contact, kadId }) => ({
      peer: contact.peer,
      place: place(kadId),
      sharedBits: sharedPrefixBits(self, kadId),
    })),
  };
}

/** At most so many samples, the newest among them. */
export function samplesView({ intervalMs, timesMs, series }: NodeSamples, pointsMax: number): JsonObject {
  const step = Math.max(1, Math.ceil(timesMs.length / pointsMax));
  const last = timesMs.length - 1;
  const thin = (values: readonly number[]): number[] =>
    values.filter((_, index) => (last - index) % step === 0);
  const thinned = Object.entries(series).map(([name, values]) => [name, thin(values)]);
  return { intervalMs, timesMs: thin(timesMs), series: Object.fromEntries(thinned) };
}

/** A grant. */
export function delegationView(token: Delegation): JsonObject {
  return {
    hash: token.key,
    issuer: bytesToHex(token.issuer),
    slot: token.slot,
    audience: bytesToHex(token.audience),
    rights: namesOf(rightBits, token.rights),
    fields: namesOf(fieldBits, token.fieldMask),
    depth: token.depth,
    notBefore: timeView(token.notBefore),
    expiresAt: timeView(token.expiresAt),
  };
}

/** A revocation of a grant or a credential. */
export function revocationView(revocation: Revocation): JsonObject {
  return {
    kind: revocation.kind,
    target: bytesToHex(revocation.target),
    grants: revocation.chain.map(delegationView),
    reason: revocation.reason,
    depth: revocation.depth,
    issuedAt: timeView(revocation.issuedAt),
    expiresAt: timeView(revocation.expiresAt),
  };
}

/** A signed change of one field. */
export function operationView(operation: Operation): JsonObject {
  const { value } = operation;
  return {
    digest: bytesToHex(operation.digest16),
    slot: operation.slot,
    n: operation.n,
    field: operation.field,
    value: value instanceof Uint8Array ? bytesToHex(value) : value,
    left: operation.left === null ? null : bytesToHex(operation.left),
    issuedAt: timeView(operation.issuedAt),
  };
}

function keysView(keyState: KeyState): JsonObject {
  const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : bytesToHex(bytes));
  const { body } = keyState.head;
  return {
    status: keyState.status,
    sequence: keyState.sequence,
    establishment: bytesToHex(keyState.establishment),
    signingKey: hex(keyState.signingKey),
    rotationDigest: hex(keyState.rotationDigest),
    recoveryDigest: hex(keyState.recoveryDigest),
    endReason: body.type === 'tomb' ? body.reason : null,
    events: keyState.chain.map((event) => ({
      type: event.body.type,
      digest: event.key,
      issuedAt: timeView(event.body.issuedAt),
    })),
    proof: keyState.proof === null ? null : keyState.proof.map((event) => event.key),
  };
}

function recordView(state: AgentState): JsonObject | null {
  const { addr } = state;
  if (addr === null) return null;
  const { fields } = materialise(state);
  const pointers = pointerFields.map((name) => {
    const { value, origin } = fields[name];
    const isBlinded = value instanceof Uint8Array;
    const shown = { url: isBlinded ? null : value, blindedDigest: isBlinded ? bytesToHex(value) : null };
    return [name, { ...shown, origin: originView(origin, addr.slot) }] as const;
  });
  return {
    fields: {
      ...Object.fromEntries(pointers),
      ttl: { seconds: ttlSeconds(fields.ttl.code), origin: originView(fields.ttl.origin, addr.slot) },
    },
    fence: bytesToHex(addr.digest16),
    slot: addr.slot,
    epoch: addr.epoch,
    issuedAt: timeView(addr.issuedAt),
    expiresAt: timeView(addrExpiresAt(addr)),
    validitySeconds: validitySeconds(addr.validityCode),
    bytes: bytesToHex(addr.bytes),
    operations: state.operations.map(operationView),
  };
}

/** Who said it: the signer of the fence, or of one operation on it. */
function originView(origin: Operation | null, fenceSlot: number): JsonObject {
  return origin === null
    ? { kind: 'fence', slot: fenceSlot, operation: null }
    : { kind: 'operation', slot: origin.slot, operation: bytesToHex(origin.digest16) };
}

function namesOf(bits: Readonly<Record<string, number>>, mask: number): string[] {
  return Object.entries(bits).flatMap(([name, bit]) => ((mask & bit) === 0 ? [] : [name]));
}
