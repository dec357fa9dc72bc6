/**
 * Finds, puts, announcements and names to one peer leave as batches: what gathers in one turn of the driver, and what gathers while
 * `windowRequests` requests to that peer are under way. An idle peer is asked at once, a busy one in full frames.
 * Bounds: a frame's bytes and items; what waits is bounded by the callers' own calls. Source: docs/protocol.md §4.
 */
import { frameBytesMax, requestItemsMax } from '../limits.ts';
import { decodeAnnounceAnswers } from '../overlay/capability-message.ts';
import type { KeepAnswer } from '../overlay/keep-answer.ts';
import {
  decodeFindAnswers,
  decodePutAnswers,
  encodeRequest,
  type FindAnswer,
  type FindItem,
  type PutAnswer,
} from '../overlay/message.ts';
import { decodeNameAnswers, encodeNameRequest } from '../overlay/name-message.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';

/** Requests of one kind to one peer under way at once. */
const windowRequests = 2;
/** Room for the message's own arrays around the bundles. */
const frameReserveBytes = 16 * 1024;
const findItemBytes = 56;

export interface Outbox {
  /** null: no answer, or one that was not of the protocol. */
  find(
    to: PeerContact,
    item: FindItem,
    closerMax: number,
    onAnswer: (answer: FindAnswer | null) => void,
  ): void;
  put(to: PeerContact, bundle: Uint8Array, onAnswer: (answer: PutAnswer | null) => void): void;
  announce(to: PeerContact, announcement: Uint8Array, onAnswer: (answer: KeepAnswer | null) => void): void;
  name(to: PeerContact, record: Uint8Array, onAnswer: (answer: KeepAnswer | null) => void): void;
  /** How long an answer may take before another peer is asked beside: never so short that load alone breeds more load. */
  hedgeDelayMs(): number;
  /** Enough have answered for that to be known: who has just begun takes many for late that are merely far. */
  isHedgeSure(): boolean;
}

/** Weight of the newest answer in the moving average of answer times. */
const answerTimeWeight = 0.1;
const hedgeAnswerTimes = 3;
/** Answers after which their average says something. */
const answersMin = 20;

interface Item<Payload, Answer> {
  readonly payload: Payload;
  readonly sizeBytes: number;
  readonly queuedAtMs: number;
  readonly onAnswer: (answer: Answer | null) => void;
}

interface Lane<Payload, Answer> {
  contact: PeerContact;
  readonly waiting: Item<Payload, Answer>[];
  inFlight: number;
  isFlushDue: boolean;
}

interface Kind<Payload, Answer> {
  encode(payloads: readonly Payload[]): Uint8Array;
  decode(body: Uint8Array, count: number): readonly Answer[];
}

export function createOutbox(context: PeerContext): Outbox {
  let answerTimeMs = 0;
  let answers = 0;
  const noteAnswerTime = (timeMs: number): void => {
    answerTimeMs += answerTimeWeight * (timeMs - answerTimeMs);
    answers++;
  };
  const finds = createLanes<FindItem & { readonly closerMax: number }, FindAnswer>(context, noteAnswerTime, {
    encode: (items) =>
      encodeRequest({ type: 'find', closerMax: Math.max(...items.map((item) => item.closerMax)), items }),
    decode: decodeFindAnswers,
  });
  const puts = createLanes<Uint8Array, PutAnswer>(context, noteAnswerTime, {
    encode: (bundles) => encodeRequest({ type: 'put', bundles }),
    decode: decodePutAnswers,
  });
  const announces = createLanes<Uint8Array, KeepAnswer>(context, noteAnswerTime, {
    encode: (announcements) => encodeRequest({ type: 'announce', announcements }),
    decode: decodeAnnounceAnswers,
  });
  const names = createLanes<Uint8Array, KeepAnswer>(context, noteAnswerTime, {
    encode: (records) => encodeNameRequest({ type: 'name', records }),
    decode: decodeNameAnswers,
  });
  const send =
    <Answer>(lanes: (to: PeerContact, item: Item<Uint8Array, Answer>) => void) =>
    (to: PeerContact, payload: Uint8Array, onAnswer: (answer: Answer | null) => void): void =>
      lanes(to, { payload, sizeBytes: payload.length + 8, queuedAtMs: context.nowMs(), onAnswer });
  return {
    find: (to, item, closerMax, onAnswer) =>
      finds(to, {
        payload: { ...item, closerMax },
        sizeBytes: findItemBytes,
        queuedAtMs: context.nowMs(),
        onAnswer,
      }),
    hedgeDelayMs: () => Math.max(context.config.hedgeAfterMs, hedgeAnswerTimes * answerTimeMs),
    isHedgeSure: () => answers >= answersMin,
    put: send(puts),
    announce: send(announces),
    name: send(names),
  };
}

function createLanes<Payload, Answer>(
  context: PeerContext,
  noteAnswerTime: (timeMs: number) => void,
  kind: Kind<Payload, Answer>,
): (to: PeerContact, item: Item<Payload, Answer>) => void {
  const laneByPeer = new Map<string, Lane<Payload, Answer>>();

  function takeBatch(lane: Lane<Payload, Answer>): Item<Payload, Answer>[] {
    let sizeBytes = frameReserveBytes;
    let count = 0;
    for (const item of lane.waiting) {
      if (count === requestItemsMax || (count > 0 && sizeBytes + item.sizeBytes > frameBytesMax)) break;
      sizeBytes += item.sizeBytes;
      count++;
    }
    return lane.waiting.splice(0, count);
  }

  function flush(lane: Lane<Payload, Answer>): void {
    lane.isFlushDue = false;
    while (lane.waiting.length > 0 && lane.inFlight < windowRequests) {
      const batch = takeBatch(lane);
      lane.inFlight++;
      context.send(lane.contact, kind.encode(batch.map((item) => item.payload)), (body) => {
        lane.inFlight--;
        settle(lane, batch, body);
        if (lane.waiting.length > 0) schedule(lane);
        else if (lane.inFlight === 0) laneByPeer.delete(lane.contact.peer);
      });
    }
  }

  function settle(
    lane: Lane<Payload, Answer>,
    batch: readonly Item<Payload, Answer>[],
    body: Uint8Array | null,
  ): void {
    let answers: readonly Answer[] | null = null;
    if (body !== null) {
      try {
        answers = kind.decode(body, batch.length);
      } catch {
        context.count('answers_refused', 'malformed');
      }
    }
    if (answers === null) context.routing.markFailed(lane.contact.peer, context.nowMs());
    else {
      context.routing.markAnswered(lane.contact.peer);
      noteAnswerTime(context.nowMs() - batch[0]!.queuedAtMs);
    }
    for (let index = 0; index < batch.length; index++) batch[index]!.onAnswer(answers?.[index] ?? null);
  }

  function schedule(lane: Lane<Payload, Answer>): void {
    if (lane.isFlushDue || lane.inFlight >= windowRequests) return;
    lane.isFlushDue = true;
    context.atTurnEnd(() => flush(lane));
  }

  return (to, item) => {
    let lane = laneByPeer.get(to.peer);
    if (lane === undefined) {
      lane = { contact: to, waiting: [], inFlight: 0, isFlushDue: false };
      laneByPeer.set(to.peer, lane);
    }
    if (to.addresses.length > 0) lane.contact = to;
    lane.waiting.push(item);
    schedule(lane);
  };
}
