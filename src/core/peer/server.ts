/**
 * A storing peer's side of the record protocol: answers find, put, watch and sync requests, and those about capabilities.
 * Decides who is served and what is stored here; what is true is decided by ingest. Source: docs/protocol.md §4, §6.
 */
import { bytesEqual } from '../bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { frameBytesMax } from '../limits.ts';
import { encodeAnnounceAnswers, encodeSearchAnswer } from '../overlay/capability-message.ts';
import { compareDistance, type KadId, kadId, kadIdOfAgent } from '../overlay/distance.ts';
import type { KeepAnswer } from '../overlay/keep-answer.ts';
import {
  decodeRequest,
  encodeClosestAnswer,
  encodeFailure,
  encodeFindAnswers,
  encodePutAnswers,
  encodeUnwatchAnswer,
  encodeWatchAnswer,
  type FindAnswer,
  type FindItem,
  type PutAnswer,
  type RecordRequest,
} from '../overlay/message.ts';
import { agentIdOfBundle } from '../record/admission.ts';
import { recordsEqual } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { decodeBundle, encodeBundle } from '../record/bundle-codec.ts';
import { authorityBundle } from '../record/stored-state.ts';
import type { AgentTable } from './agent-table.ts';
import { answerAll } from './answer-all.ts';
import type { CapabilityServer } from './capability-server.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';
import type { Ingest, IngestResult } from './ingest.ts';
import { costOfItems, createQuota } from './quota.ts';
import type { Synchroniser } from './synchroniser.ts';
import type { Watchers } from './watchers.ts';

/** Closer peers named beside a record that is there, or known to the asker: it needs few more. */
const closerBesideRecordMax = 4;
/** Bytes of bundles in one answer; what does not fit is answered "ask again". */
const answerBytesMax = frameBytesMax - 128 * 1024;

export interface Server {
  handle(inboundId: number, peer: string, body: Uint8Array): void;
  /** Whether this peer is a storing peer of the agent's record, as far as it knows (§4). */
  shouldHold(agentId: AgentId): boolean;
}

export function createServer(
  context: PeerContext,
  parts: {
    readonly table: AgentTable;
    readonly ingest: Ingest;
    readonly watchers: Watchers;
    readonly synchroniser: Synchroniser;
    readonly capabilities: CapabilityServer;
  },
): Server {
  const { table, ingest, watchers, synchroniser, capabilities } = parts;
  const { config, routing } = context;
  const mayPut = createQuota({ burst: config.putsBurst, perSecond: config.putsPerSecond });
  const mayFind = createQuota({ burst: config.findsBurst, perSecond: config.findsPerSecond });

  const shouldHold = (agentId: AgentId): boolean =>
    config.role === 'full' &&
    routing.isAmongClosest(kadIdOfAgent(agentId), config.replication + config.slack);

  function handle(inboundId: number, peer: string, body: Uint8Array): void {
    const respond = (answer: Uint8Array): void =>
      context.emit({ type: 'send-response', inboundId, body: answer });
    let request: RecordRequest;
    try {
      request = decodeRequest(body);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('requests_refused', error.code);
      respond(encodeFailure(error.code));
      return;
    }
    if (!isWithinQuota(request, peer)) {
      context.count('requests_refused', 'over-quota');
      respond(encodeFailure('over-quota'));
      return;
    }
    context.count('requests', request.type);
    dispatch(request, peer, respond);
  }

  function isWithinQuota(request: RecordRequest, peer: string): boolean {
    const nowMs = context.nowMs();
    if (request.type === 'put') return mayPut(peer, costOfItems(request.bundles), nowMs);
    if (request.type === 'announce') return mayPut(peer, costOfItems(request.announcements), nowMs);
    if (request.type === 'find') return mayFind(peer, request.items.length, nowMs);
    if (request.type === 'watch' || request.type === 'unwatch')
      return mayFind(peer, request.agentIds.length, nowMs);
    // A row of an answer is about a record.
    if (request.type === 'search') return mayFind(peer, request.count, nowMs);
    return mayFind(peer, 8, nowMs);
  }

  function dispatch(request: RecordRequest, peer: string, respond: (answer: Uint8Array) => void): void {
    switch (request.type) {
      case 'find':
        answerAll<FindItem, FindAnswer>(
          request.items,
          (item, onAnswer) => answerFind(item, request.closerMax, peer, onAnswer),
          (answers) => respond(encodeFindAnswers(withinFrame(answers))),
        );
        return;
      case 'put':
        answerAll<Uint8Array, PutAnswer>(request.bundles, answerPut, (answers) =>
          respond(encodePutAnswers(answers)),
        );
        return;
      case 'watch':
        answerAll<AgentId, Uint8Array | null>(
          request.agentIds.filter((agentId) => watchers.add(peer, agentId)),
          (agentId, onAnswer) => table.loadBundle(agentKey(agentId), onAnswer),
          (bundles) => {
            const complete = bundles.length === request.agentIds.length;
            respond(complete ? encodeWatchAnswer(bundles) : encodeFailure('over-quota'));
          },
        );
        return;
      case 'unwatch':
        for (const agentId of request.agentIds) watchers.remove(peer, agentId);
        respond(encodeUnwatchAnswer());
        return;
      case 'sync-summary':
      case 'sync-ids':
        respond(synchroniser.answer(request, peer));
        return;
      case 'closest':
        respond(encodeClosestAnswer(closestTo(kadId(request.point), request.count, peer)));
        return;
      case 'announce':
        answerAll<Uint8Array, KeepAnswer>(
          request.announcements,
          (bytes, onAnswer) => capabilities.take(bytes, peer, onAnswer),
          (answers) => respond(encodeAnnounceAnswers(answers)),
        );
        return;
      case 'search':
        respond(encodeSearchAnswer(capabilities.show(request.point, request.count, peer)));
    }
  }

  function answerFind(
    item: FindItem,
    closerMax: number,
    asker: string,
    onAnswer: (answer: FindAnswer) => void,
  ): void {
    const key = agentKey(item.agentId);
    const row = table.row(key);
    const closer = (hasRecord: boolean): PeerContact[] =>
      closerThanSelf(item.agentId, closerMax, asker, hasRecord);
    if (row === undefined) {
      onAnswer({ record: null, closer: closer(false) });
    } else if (!row.isHeld && row.expiresAt !== 0) {
      // What it once read is not kept current here; key events and revocations are.
      if (row.authorityDigest === null) onAnswer({ record: null, closer: closer(false) });
      else
        table.loadBundle(key, (bundle) =>
          onAnswer({
            record: bundle === null ? null : encodeBundle(authorityBundle(decodeBundle(bundle))),
            closer: closer(false),
          }),
        );
    } else if (item.known !== null && bytesEqual(row.digest, item.known)) {
      onAnswer({ record: 'not-newer', closer: closer(true) });
    } else {
      // Who has another one may be about to bring it, to all of the closest.
      const isFirst = item.known === null;
      table.loadBundle(key, (bundle) =>
        onAnswer({ record: bundle, closer: closer(bundle !== null && isFirst) }),
      );
    }
  }

  function closerThanSelf(
    agentId: AgentId,
    closerMax: number,
    asker: string,
    hasRecord: boolean,
  ): PeerContact[] {
    if (closerMax === 0) return [];
    const target = kadIdOfAgent(agentId);
    // Whoever is not among the k closest says so by naming them: an update may have reached those alone.
    const isBrief = hasRecord && routing.isAmongClosest(target, config.replication);
    const count = isBrief ? Math.min(closerMax, closerBesideRecordMax) : closerMax;
    return routing
      .closest(target, count, context.nowMs())
      .filter((peer) => !isBrief || compareDistance(target, peer.kadId, routing.self) < 0)
      .map((peer) => peer.contact)
      .filter((contact) => contact.peer !== asker);
  }

  function closestTo(target: KadId, count: number, asker: string): PeerContact[] {
    return routing
      .closest(target, count + 1, context.nowMs())
      .map(({ contact }) => contact)
      .filter(({ peer }) => peer !== asker)
      .slice(0, count);
  }

  function answerPut(bytes: Uint8Array, onAnswer: (answer: PutAnswer) => void): void {
    const refuse = (code: ProtocolErrorCode): void => onAnswer({ status: 'refused', code, current: null });
    let bundle: Bundle;
    try {
      bundle = decodeBundle(bytes);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('bundles_refused', error.code);
      refuse(error.code);
      return;
    }
    const agentId = agentIdOfBundle(bundle);
    const isStorer = table.row(agentKey(agentId))?.isHeld === true || shouldHold(agentId);
    const hasAuthority = bundle.keyEvents.length > 1 || bundle.revocations.length > 0;
    if (!isStorer && !hasAuthority) {
      refuse('not-closest');
      return;
    }
    let result: IngestResult | null = null;
    ingest({
      bundle: isStorer ? bundle : authorityBundle(bundle),
      bytes: isStorer ? bytes : null,
      expected: null,
      source: 'put',
      shouldHold: isStorer && bundle.addr !== null,
      onJoined(joined) {
        result = joined;
        if (joined.refusal !== null) refuse(joined.refusal);
      },
      onDurable(failure) {
        if (failure !== null) refuse(failure);
        else if (!isStorer && bundle.addr !== null) refuse('not-closest');
        else onAnswer(putAnswer(result!));
      },
    });
  }

  return { handle, shouldHold };
}

/** What the join did, in the writer's terms (§4). */
export function putAnswer({ incoming, leftOut, agent }: IngestResult): PutAnswer {
  if (incoming === null || agent === null) return { status: 'stored', code: null, current: null };
  switch (leftOut) {
    case null: {
      const isSame =
        recordsEqual(incoming, agent.state) && incoming.keyState.head.key === agent.state.keyState.head.key;
      return { status: isSame ? 'stored' : 'merged', code: null, current: null };
    }
    case 'stale-base':
    case 'wrong-establishment':
      return { status: 'stale', code: leftOut, current: agent.bundle };
    case 'displaced':
      return { status: 'displaced', code: leftOut, current: agent.bundle };
    default:
      return { status: 'refused', code: leftOut, current: agent.bundle };
  }
}

/** Answers over the frame's size become "ask again"; the first is always served. */
function withinFrame(answers: readonly FindAnswer[]): FindAnswer[] {
  let sizeBytes = 0;
  return answers.map((answer) => {
    if (!(answer.record instanceof Uint8Array)) return answer;
    sizeBytes += answer.record.length;
    return sizeBytes <= answerBytesMax ? answer : { ...answer, record: 'ask-again' };
  });
}
