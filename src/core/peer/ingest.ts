/**
 * The one door through which anything becomes accepted: put, answer, push, gossip, sync and the node's own publishing
 * all bring a bundle here. Order (§4): known bytes, quota (before, at the door), every check without signatures, the
 * signatures still owed, join under a per-agent lock, store, tell. Decides what changed; does not answer anybody.
 * Source: docs/protocol.md §3 (join), §4 (checks), §5 (what is announced).
 */
import { bytesEqual, bytesToHex } from '../bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { acceptedSince } from '../record/accepted.ts';
import { type Admission, admitBundle, agentIdOfBundle } from '../record/admission.ts';
import { type AgentState, bundleDigest, joinStates } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { remembered } from '../remembered.ts';
import type { AgentTable } from './agent-table.ts';
import type { CachedAgent } from './cached-agent.ts';
import type { PeerContext, StoreFailure } from './context.ts';
import type { ChangeKind } from './effects.ts';

export type IngestSource = 'gossip' | 'put' | 'sync' | 'push' | 'local' | 'resolve';

export interface IngestResult {
  readonly agentId: AgentId | null;
  /** Why it was refused; null when it was joined or known. */
  readonly refusal: ProtocolErrorCode | null;
  /** What this peer held before; null also when the bytes were known already. */
  readonly before: AgentState | null;
  /** Since when the head of that key log was held, seconds; null where nothing was. */
  readonly heldSince: number | null;
  /** What came, verified; null when refused or known. */
  readonly incoming: AgentState | null;
  /** Why a part of what came does not stand beside what is held; null when all of it does. */
  readonly leftOut: ProtocolErrorCode | null;
  /** What this peer has now; null when refused and unknown. */
  readonly agent: CachedAgent | null;
  readonly changes: readonly ChangeKind[];
}

export interface IngestRequest {
  readonly bundle: Bundle;
  /** Its encoding, when it came as one: equal bytes are known without another look. */
  readonly bytes: Uint8Array | null;
  /** The agent it must be about, when the caller knows. */
  readonly expected: AgentId | null;
  readonly source: IngestSource;
  /** Whether this peer is a storing peer of that record. */
  readonly shouldHold: boolean;
  /** Once the verdict stands; the state is in memory. */
  readonly onJoined: (result: IngestResult) => void;
  /** Once it is durable (at once when nothing was written). Called after onJoined, never when refused. */
  readonly onDurable?: (failure: StoreFailure) => void;
}

export interface Ingest {
  (request: IngestRequest): void;
  /** Called for every accepted change, before onJoined. */
  onAccepted(listener: (result: IngestResult, source: IngestSource) => void): void;
}

/** Bundles that wait for the same agent's lock; more are answered `busy`. */
const lockQueueMax = 256;

const refused = (agentId: AgentId | null, refusal: ProtocolErrorCode): IngestResult => ({
  agentId,
  refusal,
  before: null,
  heldSince: null,
  incoming: null,
  leftOut: null,
  agent: null,
  changes: [],
});

export function createIngest(context: PeerContext, table: AgentTable): Ingest {
  /** An agent that is locked, and nobody waits: mostly the only one. A map that gains and loses one entry is rebuilt each time. */
  let locked: string | null = null;
  /** The bundles that wait for each other agent that is locked. */
  const queueByAgent = new Map<string, (() => void)[]>();
  let isAnyQueued = false;
  const listeners: ((result: IngestResult, source: IngestSource) => void)[] = [];

  function ingest(request: IngestRequest): void {
    const agentId = agentIdOfBundle(request.bundle);
    const key = agentKey(agentId);
    if (request.bytes !== null && isKnown(key, request.bytes, request.shouldHold)) {
      request.onJoined({
        agentId,
        refusal: null,
        before: null,
        heldSince: null,
        incoming: null,
        leftOut: null,
        agent: table.cached(key) ?? null,
        changes: [],
      });
      request.onDurable?.(null);
      return;
    }
    withLock(agentId, key, request);
  }

  function begin(agentId: AgentId, key: string, request: IngestRequest): void {
    table.load(key, (held) => admit(request, agentId, key, held));
  }

  /** The same bytes as the table's, and nothing to change about who holds them: idempotent, and free. */
  function isKnown(key: string, bytes: Uint8Array, shouldHold: boolean): boolean {
    const row = table.row(key);
    if (row === undefined || (shouldHold && !row.isHeld)) return false;
    const cached = table.cached(key);
    if (cached === undefined) return bytesEqual(row.digest, bundleDigest(bytes));
    // A write that is not durable yet must be waited for, so the ordinary way is taken.
    return cached.pendingWrites === 0 && bytesEqual(cached.bundle, bytes);
  }

  function withLock(agentId: AgentId, key: string, request: IngestRequest): void {
    const queue = key === locked ? [] : isAnyQueued ? queueByAgent.get(key) : undefined;
    if (queue === undefined) {
      if (locked === null) locked = key;
      else setQueue(key, []);
      begin(agentId, key, request);
    } else if (queue.length >= lockQueueMax) {
      request.onJoined(refused(null, 'busy'));
    } else {
      if (key === locked) {
        locked = null;
        setQueue(key, queue);
      }
      queue.push(() => begin(agentId, key, request));
    }
  }

  function setQueue(key: string, queue: (() => void)[]): void {
    queueByAgent.set(key, queue);
    isAnyQueued = true;
  }

  function unlock(key: string): void {
    if (key === locked) {
      locked = null;
      return;
    }
    const next = queueByAgent.get(key)?.shift();
    if (next !== undefined) next();
    else {
      queueByAgent.delete(key);
      isAnyQueued = queueByAgent.size > 0;
    }
  }

  function refuse(request: IngestRequest, agentId: AgentId | null, error: unknown): void {
    if (!isProtocolError(error)) throw error;
    context.count('bundles_refused', error.code);
    request.onJoined(refused(agentId, error.code));
  }

  function admit(request: IngestRequest, agentId: AgentId, key: string, held: CachedAgent | null): void {
    let admission: Admission;
    try {
      admission = admitBundle(request.bundle, request.expected, context.nowSeconds(), held?.state ?? null);
    } catch (error) {
      unlock(key);
      refuse(request, agentId, error);
      return;
    }
    const finish = (verdicts: readonly boolean[]): void => {
      if (verdicts.length !== admission.checks.length || verdicts.includes(false)) {
        unlock(key);
        context.count('bundles_refused', 'bad-signature');
        request.onJoined(refused(agentId, 'bad-signature'));
        return;
      }
      join(request, key, admission, held);
    };
    if (admission.checks.length === 0) finish([]);
    else context.verify(admission.checks, finish);
  }

  function join(request: IngestRequest, key: string, admission: Admission, held: CachedAgent | null): void {
    const { agentId, state: incoming, leftOut } = admission;
    const before = held?.state ?? null;
    const heldSince = held?.learnedAt ?? null;
    const { state, changed } = joinStates(before, incoming, context.nowSeconds());
    const isHeld = held?.isHeld === true || request.shouldHold;
    if (!changed && held !== null && held.isHeld === isHeld) {
      unlock(key);
      request.onJoined({
        agentId,
        refusal: null,
        before,
        heldSince,
        incoming,
        leftOut,
        agent: held,
        changes: [],
      });
      if (held.pendingWrites === 0) request.onDurable?.(null);
      else table.save(state, isHeld, (failure) => request.onDurable?.(failure));
      return;
    }
    if (!table.hasRoom(key)) {
      unlock(key);
      request.onJoined(refused(agentId, 'store-full'));
      return;
    }
    const onDurable = (failure: StoreFailure): void => {
      if (failure !== null) context.count('bundles_refused', failure);
      request.onDurable?.(failure);
    };
    const accepted = changed ? acceptedSince(before, state) : [];
    const encoded = encodingOf(request, held, leftOut, state);
    const agent = table.save(state, isHeld, onDurable, { accepted, ...(encoded && { encoded }) });
    const changes = changed ? changesSince(state, before) : [];
    const result: IngestResult = {
      agentId,
      refusal: null,
      before,
      heldSince,
      incoming,
      leftOut,
      agent,
      changes,
    };
    unlock(key);
    if (changed) for (const listener of listeners) listener(result, request.source);
    request.onJoined(result);
  }

  return Object.assign(ingest, {
    onAccepted: (listener: (result: IngestResult, source: IngestSource) => void) =>
      void listeners.push(listener),
  });
}

/** What watchers want to know, in the order of weight. */
const changesSince = remembered(describeChanges);

function describeChanges(after: AgentState, before: AgentState | null): readonly ChangeKind[] {
  const changes: ChangeKind[] = [];
  const { keyState } = after;
  if (before?.keyState.head.key !== keyState.head.key || before.keyState.status !== keyState.status) {
    const change = keyChange(after);
    if (change !== null) changes.push(change);
  }
  const known = new Set(before?.revocations.map((revocation) => revocation.key));
  for (const revocation of after.revocations) {
    if (known.has(revocation.key)) continue;
    const change = revocation.kind === 'delegation' ? 'delegation-revoked' : 'credential-revoked';
    if (!changes.includes(change)) changes.push(change);
  }
  if (recordBytes(before) !== recordBytes(after)) changes.push('changed');
  return changes;
}

function keyChange({ keyState }: AgentState): ChangeKind | null {
  if (keyState.status !== 'active') return keyState.status;
  if (keyState.head.body.type === 'rot') return 'rotated';
  return keyState.head.body.type === 'rec' ? 'recovered' : null;
}

function recordBytes(state: AgentState | null): string {
  if (state?.addr == null) return '';
  return bytesToHex(state.addr.digest16) + state.operations.map((operation) => operation.key).join();
}

/**
 * The bytes that came, where they are the state's canonical bundle for certain: a first record of which nothing was left
 * out, with no list in which an order could differ. Undefined: it must be encoded.
 */
function encodingOf(
  { bytes }: IngestRequest,
  held: CachedAgent | null,
  leftOut: ProtocolErrorCode | null,
  { keyState, addr, delegations, operations, revocations }: AgentState,
): Uint8Array | undefined {
  const isPlain =
    delegations.length + operations.length + revocations.length === 0 && keyState.retained.length === 1;
  return bytes !== null && held === null && leftOut === null && addr !== null && isPlain ? bytes : undefined;
}
