/**
 * A storing peer's side of names: takes records of names whose point it is among the closest to, shows each to whoever can
 * name it, and keeps them alive while nobody else does. Lists nothing: there is no request for that.
 * Decides, cheapest first, what is taken. Source: docs/protocol.md §7.
 */
import { bytesEqual, bytesToHex } from '../bytes.ts';
import { isProtocolError, ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { nameStoreBytesMax } from '../limits.ts';
import { admitName, assertNameTimely } from '../name/admit.ts';
import { decodeNameRecord, type NameRecord, nameKey } from '../name/name-record.ts';
import { kadId } from '../overlay/distance.ts';
import { encodeFailure } from '../overlay/message.ts';
import {
  decodeNameRequest,
  encodeLookUpAnswer,
  encodeNameAnswers,
  type LookUpAnswer,
  type NameAnswer,
  type NameRequest,
} from '../overlay/name-message.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import { createNameStore, isNameOvertaken, isSameName, type NameStore } from './name-store.ts';
import { createQuota } from './quota.ts';

export interface NameServer {
  readonly store: NameStore;
  handle(inboundId: number, peer: string, body: Uint8Array): void;
  /** Takes one record, or says why not; answers once it is durable. @param from who brought it */
  take(bytes: Uint8Array, from: string, onAnswer: (answer: NameAnswer) => void): void;
  /** The namespace's authority changed: what was signed under the old one, or by a revoked delegate, goes at once. */
  changed(state: AgentState): void;
  /** From the disk at start. */
  restore(bytes: Uint8Array): void;
  /** Whether this peer is a storing peer of that point, as far as it knows. */
  isMine(point: Uint8Array): boolean;
  /** Keeps it no longer. */
  forget(key: string): void;
}

/** A record counts for each KiB that was begun, as a bundle does. */
const quotaBytes = 1024;
const sweepIntervalMs = 60_000;

export function createNameServer(context: PeerContext, table: AgentTable): NameServer {
  const { config, routing } = context;
  const store = createNameStore(nameStoreBytesMax);
  const mayName = createQuota({ burst: config.putsBurst, perSecond: config.putsPerSecond });
  const mayLookUp = createQuota({ burst: config.findsBurst, perSecond: config.findsPerSecond });
  let isSweepSet = false;

  store.onDisplaced((key) => {
    context.count('names', 'displaced');
    forget([key]);
  });

  const isMine = (point: Uint8Array): boolean =>
    config.role === 'full' && routing.isAmongClosest(kadId(point), config.replication + config.slack);

  function handle(inboundId: number, peer: string, body: Uint8Array): void {
    const respond = (answer: Uint8Array): void =>
      context.emit({ type: 'send-response', inboundId, body: answer });
    const fail = (code: ProtocolErrorCode): void => {
      context.count('requests_refused', code);
      respond(encodeFailure(code));
    };
    let request: NameRequest;
    try {
      request = decodeNameRequest(body);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      fail(error.code);
      return;
    }
    const nowMs = context.nowMs();
    const isWithin =
      request.type === 'name' ? mayName(peer, costOf(request.records), nowMs) : mayLookUp(peer, 1, nowMs);
    if (!isWithin) {
      fail('over-quota');
      return;
    }
    context.count('requests', request.type);
    if (request.type === 'look-up') {
      respond(encodeLookUpAnswer(show(request.agentId, request.point, peer)));
      return;
    }
    const { records } = request;
    const answers: NameAnswer[] = new Array(records.length);
    let missing = records.length;
    if (missing === 0) respond(encodeNameAnswers([]));
    records.forEach((record, index) => {
      take(record, peer, (answer) => {
        answers[index] = answer;
        if (--missing === 0) respond(encodeNameAnswers(answers));
      });
    });
  }

  function take(bytes: Uint8Array, from: string, onAnswer: (answer: NameAnswer) => void): void {
    const refuse = (code: ProtocolErrorCode, status: NameAnswer['status'] = 'refused'): void => {
      context.count('names', code);
      onAnswer({ status, code });
    };
    const guarded = (task: () => void): void => {
      try {
        task();
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        refuse(error.code);
      }
    };
    guarded(() => {
      const record = decodeNameRecord(bytes);
      assertNameTimely(record, context.nowSeconds());
      const kept = store.get(record.key);
      assertNotBehind(record);
      if (kept === undefined && !isMine(record.point)) refuse('not-closest');
      else if (isNameOvertaken(kept, record)) refuse('stale-base', 'stale');
      else if (isSameName(kept, record)) {
        store.touch(record.key, context.nowMs());
        onAnswer({ status: 'stored', code: null });
      } else
        withState(record, (held) => guarded(() => verify(record, held, from, guarded, refuse, onAnswer)));
    });
  }

  /** Of a namespace that this peer knows by its names alone: a log that is shorter than one of theirs is over. */
  function assertNotBehind({ agentId, keyEvents }: NameRecord): void {
    const head = keyEvents.at(-1)!;
    const other = store.anyOf(agentKey(agentId));
    if (other === undefined || bytesEqual(other.establishment, head.digest)) return;
    if (decodeNameRecord(other.bytes).keyEvents.some((event) => event.key === head.key))
      throw new ProtocolError('wrong-establishment', 'the keys were rotated since: publish the name again');
  }

  /** What stands under a key event before the head of this record's log is void. */
  function dropOlderKeys({ agentId, keyEvents }: NameRecord, establishment: Uint8Array): void {
    const agent = agentKey(agentId);
    const other = store.anyOf(agent);
    if (other === undefined || bytesEqual(other.establishment, establishment)) return;
    const past = keyEvents.slice(0, -1);
    const gone = store
      .ofAgent(agent)
      .filter((one) => past.some((event) => bytesEqual(event.digest, one.establishment)));
    forget(gone.map(({ key }) => key));
  }

  function withState(record: NameRecord, then: (held: AgentState | null) => void): void {
    table.load(agentKey(record.agentId), (agent) => then(agent?.state ?? null));
  }

  function verify(
    record: NameRecord,
    held: AgentState | null,
    from: string,
    guarded: (task: () => void) => void,
    refuse: (code: ProtocolErrorCode, status?: NameAnswer['status']) => void,
    onAnswer: (answer: NameAnswer) => void,
  ): void {
    const { establishment, checks } = admitName(record, held);
    context.verify(checks, (verdicts) => {
      if (verdicts.length !== checks.length || verdicts.includes(false)) {
        refuse('bad-signature');
        return;
      }
      // What was learned while the signatures were checked counts too.
      withState(record, (known) =>
        guarded(() => {
          admitName(record, known);
          if (isNameOvertaken(store.get(record.key), record)) refuse('stale-base', 'stale');
          else keep(record, establishment, from, refuse, onAnswer);
        }),
      );
    });
  }

  function keep(
    record: NameRecord,
    establishment: Uint8Array,
    from: string,
    refuse: (code: ProtocolErrorCode, status?: NameAnswer['status']) => void,
    onAnswer: (answer: NameAnswer) => void,
  ): void {
    const { key } = record;
    dropOlderKeys(record, establishment);
    if (!store.put(record, establishment, from, context.nowMs())) {
      refuse('displaced', 'displaced');
      return;
    }
    sweepLater();
    context.writeNames([{ key, bytes: store.encoded(key) }], (failure) => {
      if (failure === null) {
        context.count('names', 'stored');
        onAnswer({ status: 'stored', code: null });
        return;
      }
      // Not durable, so not accepted.
      if (isSameName(store.get(key), record)) store.drop(key);
      refuse(failure);
    });
  }

  function show(agentId: AgentId, point: Uint8Array, asker: string): LookUpAnswer {
    const kept = store.get(nameKey(agentId, point));
    return {
      record: kept !== undefined && kept.expiresAt > context.nowSeconds() ? kept.bytes : null,
      closer: routing
        .closest(kadId(point), config.replication, context.nowMs())
        .map(({ contact }) => contact)
        .filter(({ peer }) => peer !== asker),
    };
  }

  function forget(keys: readonly string[]): void {
    for (const key of keys) store.drop(key);
    if (keys.length > 0)
      context.writeNames(
        keys.map((key) => ({ key, bytes: null })),
        () => {},
      );
  }

  function sweepLater(): void {
    if (isSweepSet || store.size === 0) return;
    isSweepSet = true;
    context.timers.at(context.nowMs() + sweepIntervalMs, () => {
      isSweepSet = false;
      forget(store.keys().filter((key) => store.get(key)!.expiresAt <= context.nowSeconds()));
      sweepLater();
    });
  }

  return {
    store,
    handle,
    take,
    isMine,
    forget: (key) => forget([key]),
    restore(bytes) {
      store.restore(bytes, context.nowMs());
      sweepLater();
    },
    changed(state) {
      if (store.size === 0) return;
      const { status, establishment } = state.keyState;
      const revoked = new Set(
        state.revocations.filter(({ kind }) => kind === 'delegation').map(({ target }) => bytesToHex(target)),
      );
      const gone = store
        .ofAgent(agentKey(state.agentId))
        .filter(
          (kept) =>
            status !== 'active' ||
            !bytesEqual(kept.establishment, establishment) ||
            (kept.tokenKey !== null && revoked.has(kept.tokenKey)),
        );
      if (gone.length > 0)
        context.count('names', `dropped:${status === 'active' ? 'rotated' : status}`, gone.length);
      forget(gone.map(({ key }) => key));
    },
  };
}

function costOf(records: readonly Uint8Array[]): number {
  return records.reduce((sum, record) => sum + Math.max(1, Math.ceil(record.length / quotaBytes)), 0);
}
