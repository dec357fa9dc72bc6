/**
 * What the parts of one peer share: time, choices, effects, and the ledger that brings each answer back to the
 * part that asked. Parts are factories over a context; they call one another, never the outside.
 */
import type { SignatureCheck } from '../ed25519.ts';
import type { RoutingTable } from '../overlay/routing-table.ts';
import type { AcceptedEvent } from '../record/accepted.ts';
import type { Random } from '../rng.ts';
import type { PeerEffect } from './effects.ts';
import type { PeerContact, PeerEvent } from './events.ts';
import type { PeerConfig } from './peer-config.ts';
import { createPending } from './pending.ts';
import type { Timers } from './timers.ts';

export type StoreFailure = 'store-full' | 'store-failed' | null;

export interface EntryWrite {
  readonly agentKey: string;
  readonly bytes: Uint8Array | null;
  /** Whether the store has nothing of this agent yet; left out: not known. */
  readonly isNew?: boolean;
  /** Key events and revocations that are accepted with this write; left out: none. For an audit log (§9). */
  readonly accepted?: readonly AcceptedEvent[];
}

export interface PeerContext {
  readonly config: PeerConfig;
  readonly self: PeerContact;
  readonly random: Random;
  readonly routing: RoutingTable;
  readonly timers: Timers;
  /** Calls back at the first wake after so many milliseconds. Returns the cancellation. */
  after(delayMs: number, callback: () => void): () => void;
  nowMs(): number;
  nowSeconds(): number;
  emit(effect: PeerEffect): void;
  verify(checks: readonly SignatureCheck[], onVerdicts: (verdicts: readonly boolean[]) => void): void;
  readEntry(agentKey: string, onRead: (bytes: Uint8Array | null) => void): void;
  writeEntries(writes: readonly EntryWrite[], onWritten: (failure: StoreFailure) => void): void;
  writeNames(
    writes: readonly { readonly key: string; readonly bytes: Uint8Array | null }[],
    onWritten: (failure: StoreFailure) => void,
  ): void;
  /** null when the request failed. */
  send(to: PeerContact, body: Uint8Array, onAnswer: (body: Uint8Array | null) => void): void;
  /** Runs the callback when the driver's turn ends: what gathers until then leaves as one batch. */
  atTurnEnd(callback: () => void): void;
  count(metric: string, label: string, value?: number): void;
}

type Answer = Extract<PeerEvent, { readonly requestId: number }>;

/** The ledger's other side, for peer.handle: hands an answer to whoever waits, once. */
export interface Ledger {
  readonly context: Omit<
    PeerContext,
    'config' | 'self' | 'random' | 'routing' | 'timers' | 'after' | 'nowMs' | 'nowSeconds'
  >;
  answer(event: Answer): void;
  endTurn(): void;
  /** Something waits for the end of the turn. */
  gathers(): boolean;
  /** Effects since the last call. */
  takeEffects(): PeerEffect[];
  waiting(): number;
}

export function createLedger(requestTimeoutMs: number): Ledger {
  let effects: PeerEffect[] = [];
  let turnEnd: (() => void)[] = [];
  const waiting = createPending<(event: Answer) => void>();

  return {
    context: {
      emit: (effect) => void effects.push(effect),
      verify(checks, onVerdicts) {
        const requestId = waiting.add((event) =>
          onVerdicts(event.type === 'signatures-verified' ? event.verdicts : []),
        );
        effects.push({ type: 'verify-signatures', requestId, checks });
      },
      readEntry(agentKey, onRead) {
        const requestId = waiting.add((event) => onRead(event.type === 'entry-read' ? event.bytes : null));
        effects.push({ type: 'read-entry', requestId, agentKey });
      },
      writeEntries(writes, onWritten) {
        effects.push({ type: 'write-entries', requestId: waiting.add(toFailure(onWritten)), writes });
      },
      writeNames(writes, onWritten) {
        effects.push({ type: 'write-names', requestId: waiting.add(toFailure(onWritten)), writes });
      },
      send(to, body, onAnswer) {
        const requestId = waiting.add((event) =>
          onAnswer(event.type === 'response-received' ? event.body : null),
        );
        effects.push({ type: 'send-request', requestId, to, body, timeoutMs: requestTimeoutMs });
      },
      atTurnEnd: (callback) => void turnEnd.push(callback),
      count: (metric, label, value = 1) => void effects.push({ type: 'count', metric, label, value }),
    },
    answer(event) {
      waiting.take(event.requestId)?.(event);
    },
    endTurn() {
      const callbacks = turnEnd;
      turnEnd = [];
      for (const callback of callbacks) callback();
    },
    gathers: () => turnEnd.length > 0,
    takeEffects() {
      const taken = effects;
      effects = [];
      return taken;
    },
    waiting: () => waiting.size(),
  };
}

const toFailure =
  (onWritten: (failure: StoreFailure) => void) =>
  (event: Answer): void =>
    onWritten(event.type === 'entries-written' ? event.failure : 'store-failed');
