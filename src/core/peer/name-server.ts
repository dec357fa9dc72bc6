/**
 * A storing peer's side of names: takes records of names whose point it is among the closest to, shows each to whoever can
 * name it, and keeps them alive while nobody else does. Lists nothing: there is no request for that. What all signed items
 * have in common is place's. Source: docs/protocol.md §7.
 */
import { bytesEqual, bytesToHex } from '../bytes.ts';
import { isProtocolError, ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { nameStoreBytesMax } from '../limits.ts';
import { admitName, assertNameTimely } from '../name/admit.ts';
import { decodeNameRecord, type NameRecord, nameKey } from '../name/name-record.ts';
import type { KeepAnswer } from '../overlay/keep-answer.ts';
import { encodeFailure } from '../overlay/message.ts';
import {
  decodeNameRequest,
  encodeLookUpAnswer,
  encodeNameAnswers,
  type LookUpAnswer,
  type NameRequest,
} from '../overlay/name-message.ts';
import { createIntake, refusal, type TakeItem } from '../place/intake.ts';
import { createStoringPeer } from '../place/storing-peer.ts';
import { createSweep } from '../place/sweep.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { AgentTable } from './agent-table.ts';
import { answerAll } from './answer-all.ts';
import type { PeerContext } from './context.ts';
import { createNameKeeper } from './name-keeper.ts';
import { createNameStore, type KeptName, type NameStore } from './name-store.ts';
import type { Outbox } from './outbox.ts';
import { costOfItems, createQuota } from './quota.ts';

export interface NameServer {
  readonly store: Pick<NameStore, 'size' | 'get'>;
  handle(inboundId: number, peer: string, body: Uint8Array): void;
  /** Answers once it is durable. */
  readonly take: TakeItem;
  /** The namespace's authority changed: what was signed under the old one, or by a revoked delegate, goes at once. */
  changed(state: AgentState): void;
  /** From the disk at start. */
  restore(bytes: Uint8Array): void;
  /** Whether this peer is a storing peer of that point, as far as it knows. */
  isMine(point: Uint8Array): boolean;
  /** Everything is loaded: begins to keep alive what is kept here. */
  start(): void;
}

export function createNameServer(context: PeerContext, table: AgentTable, outbox: Outbox): NameServer {
  const { config } = context;
  const store = createNameStore(nameStoreBytesMax);
  /** Something was kept at some time. */
  let isUsed = false;
  const mayName = createQuota({ burst: config.putsBurst, perSecond: config.putsPerSecond });
  const mayLookUp = createQuota({ burst: config.findsBurst, perSecond: config.findsPerSecond });
  const { isMine, closerTo } = createStoringPeer(context.routing, config, context.nowMs);
  const keepAlive = createNameKeeper(context, { outbox, store, isMine, forget });
  const sweepLater = createSweep(
    context,
    () => store.size() === 0,
    () => forget(store.keys().filter((key) => store.get(key)!.expiresAt <= context.nowSeconds())),
  );

  store.onDisplaced((key) => {
    context.count('names', 'displaced');
    forget([key]);
  });

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
      request.type === 'name'
        ? mayName(peer, costOfItems(request.records), nowMs)
        : mayLookUp(peer, 1, nowMs);
    if (!isWithin) {
      fail('over-quota');
      return;
    }
    context.count('requests', request.type);
    if (request.type === 'look-up') {
      respond(encodeLookUpAnswer(show(request.agentId, request.point, peer)));
      return;
    }
    answerAll<Uint8Array, KeepAnswer>(
      request.records,
      (record, onAnswer) => take(record, peer, onAnswer),
      (answers) => respond(encodeNameAnswers(answers)),
    );
  }

  const take = createIntake<NameRecord, KeptName>(context, table, {
    metric: 'names',
    read(bytes) {
      const record = decodeNameRecord(bytes);
      assertNameTimely(record, context.nowSeconds());
      assertNotBehind(record);
      return record;
    },
    kept: store.get,
    isMine: ({ point }) => isMine(point),
    admit: admitName,
    keepOn({ key }) {
      store.touch(key, context.nowMs());
      return { status: 'stored', code: null };
    },
    keep,
  });

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

  function keep(
    record: NameRecord,
    establishment: Uint8Array,
    from: string,
    onAnswer: (answer: KeepAnswer) => void,
  ): void {
    const { key } = record;
    isUsed = true;
    dropOlderKeys(record, establishment);
    if (!store.put(record, establishment, from, context.nowMs())) {
      onAnswer(refusal(context, 'names', 'displaced', 'displaced'));
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
      const kept = store.get(key);
      if (kept !== undefined && bytesEqual(kept.bytes, record.bytes)) store.drop(key);
      onAnswer(refusal(context, 'names', failure));
    });
  }

  function show(agentId: AgentId, point: Uint8Array, asker: string): LookUpAnswer {
    const kept = store.get(nameKey(agentId, point));
    const isCurrent = kept !== undefined && kept.expiresAt > context.nowSeconds();
    return { record: isCurrent ? kept.bytes : null, closer: closerTo(point, asker) };
  }

  function forget(keys: readonly string[]): void {
    for (const key of keys) store.drop(key);
    if (keys.length > 0)
      context.writeNames(
        keys.map((key) => ({ key, bytes: null })),
        () => {},
      );
  }

  function changed(state: AgentState): void {
    if (!isUsed) return;
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
  }

  return {
    ...{ store, handle, take, isMine },
    start() {
      if (config.role === 'full') keepAlive();
    },
    restore(bytes) {
      isUsed = true;
      store.restore(bytes, context.nowMs());
      sweepLater();
    },
    changed,
  };
}
