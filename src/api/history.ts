/**
 * The key log as a history: which key an agent signed with, from when to when. Decides what "valid at time t" means.
 *
 * The times are those that the events state. They are not proven, and never decide what holds now; an event that states
 * an earlier time than the one before it begins where that one began.
 */
import { bytesToHex } from '../core/bytes.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import { type KeyEvent, keyEventSequence, keyEventSignerKey } from '../core/identity/key-event.ts';
import type { KeyState } from '../core/identity/key-state.ts';
import { type JsonObject, timeView } from './views.ts';

/** The key of one stretch of time. */
export interface KeyPeriod {
  readonly event: KeyEvent;
  /** Null after a tombstone. */
  readonly signingKey: Uint8Array | null;
  /** Seconds since 1970, as the events state them. */
  readonly from: number;
  /** Null: still. */
  readonly until: number | null;
}

/** The periods of the chosen log, in order; the last one of a forked log ends where the fork begins. */
export function keyPeriods(keyState: KeyState): readonly KeyPeriod[] {
  let latest = 0;
  const starts = keyState.chain.map((event) => {
    latest = Math.max(latest, event.body.issuedAt);
    return latest;
  });
  const end =
    keyState.proof === null
      ? null
      : Math.max(latest, Math.min(...keyState.proof.map((event) => event.body.issuedAt)));
  return keyState.chain.map((event, index) => ({
    event,
    signingKey: event.body.type === 'tomb' ? null : event.body.signingKey,
    from: starts[index]!,
    until: starts[index + 1] ?? end,
  }));
}

/** The period of that time: of several that begin in one second the last. Null before the inception, and in a fork. */
export function periodAt(keyState: KeyState, atSeconds: number): KeyPeriod | null {
  const found = keyPeriods(keyState).findLast(({ from }) => from <= atSeconds);
  return found === undefined || (found.until !== null && atSeconds >= found.until) ? null : found;
}

/** Every event of the log with what it changed. @param atSeconds adds the key of that time */
export function historyView(keyState: KeyState, atSeconds: number | null): JsonObject {
  return {
    agentId: formatAgentId(keyState.agentId),
    status: keyState.status,
    events: keyPeriods(keyState).map(periodView),
    proof: keyState.proof === null ? null : keyState.proof.map(eventView),
    at: atSeconds === null ? null : atView(keyState, atSeconds),
  };
}

function atView(keyState: KeyState, atSeconds: number): JsonObject {
  const period = periodAt(keyState, atSeconds);
  const key = period?.signingKey ?? null;
  return {
    time: timeView(atSeconds),
    signingKey: key === null ? null : bytesToHex(key),
    sequence: period === null ? null : keyEventSequence(period.event),
    establishment: period === null ? null : period.event.key,
  };
}

function periodView(period: KeyPeriod): JsonObject {
  const { from, until, signingKey, event } = period;
  return {
    ...eventView(event),
    signingKey: signingKey === null ? null : bytesToHex(signingKey),
    validFrom: timeView(from),
    validUntil: until === null ? null : timeView(until),
  };
}

function eventView(event: KeyEvent): JsonObject {
  const { body } = event;
  return {
    type: body.type,
    sequence: keyEventSequence(event),
    digest: event.key,
    prior: body.type === 'icp' ? null : bytesToHex(body.prior),
    signedBy: bytesToHex(keyEventSignerKey(body)),
    issuedAt: timeView(body.issuedAt),
    reason: body.type === 'tomb' ? body.reason : null,
    bytes: bytesToHex(event.bytes),
  };
}
