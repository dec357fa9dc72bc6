/**
 * What a sybil does once the attack has begun, as a wrapper of its node: some requests it answers itself, and the core
 * behind it hears of no record, no revocation and no message any more. Before that it is a node like any other.
 */
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { type KadId, kadId, kadIdOfAgent } from '../../../src/core/overlay/distance.ts';
import {
  decodeFindAnswers,
  decodeRequest,
  encodeClosestAnswer,
  encodeFindAnswers,
  encodePutAnswers,
  encodeSyncSummaryAnswer,
  type FindAnswer,
  type FindItem,
  type RecordRequest,
} from '../../../src/core/overlay/message.ts';
import type { PeerContact } from '../../../src/core/peer/events.ts';
import { agentIdOfBundle } from '../../../src/core/record/admission.ts';
import { decodeBundle, encodeBundle } from '../../../src/core/record/bundle-codec.ts';
import type { Random } from '../../../src/core/rng.ts';
import type { SimulatedNode } from '../node-shell.ts';

/**
 * `silent` answers nothing; `lying` shows records that nobody signed; `stale` shows what the record was when the attack
 * began; `misleading` knows no record, and names sybils and peers that are not there, all of them near the key; `idle`
 * acknowledges what it does not store, and knows no record; `denying` does too, and names other sybils alone.
 */
export type Deceit = 'silent' | 'lying' | 'stale' | 'misleading' | 'idle' | 'denying';

/** What all sybils of a run share. */
export interface Conspiracy {
  readonly random: Random;
  /** Of every agent, as it was when the attack began. */
  readonly archive: ReadonlyMap<string, Uint8Array>;
  /** The agent that it is about; all others are treated as by any node. Null: it is about everybody. */
  readonly victimKey: string | null;
  /** Sybils near a point, and ids near it behind which nobody is. */
  sybilsNear(point: KadId, count: number): PeerContact[];
  nobodyNear(point: KadId, count: number): PeerContact[];
  /** How often each thing was done. */
  count(deed: string): void;
}

type Answer = (body: Uint8Array) => void;

const closerMax = 20;

/** From now on the node deceives. */
export function deceive(node: SimulatedNode, deceit: Deceit, conspiracy: Conspiracy): void {
  const { random, archive, victimKey, sybilsNear, nobodyNear, count } = conspiracy;
  const answerTruly = node.answer;

  node.answer = (from, body, onAnswer) => {
    const request = requestOf(body);
    const answered = request === null || !isMeant(request) ? null : answer(request);
    if (answered === 'never') neverAnswer(onAnswer);
    else if (answered === null)
      answerTruly(from, body, deceit === 'idle' ? withoutRecords(request, onAnswer) : onAnswer);
    else onAnswer(answered);
  };
  // Nothing is passed on, and nothing is told of.
  node.validate = (_from, _topic, _data, onVerdict) => {
    count('dropped');
    onVerdict('ignore');
  };

  function isMeant(request: RecordRequest): boolean {
    if (victimKey === null) return true;
    if (request.type === 'find') return request.items.some(({ agentId }) => agentKey(agentId) === victimKey);
    if (request.type === 'put') return request.bundles.some((bytes) => keyOf(bytes) === victimKey);
    // What the others reconcile would show what is kept from them.
    return request.type === 'sync-summary';
  }

  function withoutRecords(request: RecordRequest | null, onAnswer: Answer): Answer {
    if (request?.type !== 'find') return onAnswer;
    return (body) => {
      const answers = decodeFindAnswers(body, request.items.length);
      onAnswer(encodeFindAnswers(answers.map(({ closer }) => ({ record: null, closer }))));
    };
  }

  function neverAnswer(onAnswer: Answer): void {
    const before = node.slownessMs;
    node.slownessMs = Number.POSITIVE_INFINITY;
    onAnswer(new Uint8Array());
    node.slownessMs = before;
  }

  /** Null: as any node would. */
  function answer(request: RecordRequest): Uint8Array | 'never' | null {
    if (request.type === 'find') count('asked');
    if (deceit === 'silent') {
      count('silent');
      return 'never';
    }
    if (request.type === 'put') {
      count('swallowed');
      return encodePutAnswers(
        request.bundles.map(() => ({ status: 'stored' as const, code: null, current: null })),
      );
    }
    if (request.type === 'sync-summary') return encodeSyncSummaryAnswer(null);
    if (deceit === 'idle') return null;
    if (request.type === 'find') return encodeFindAnswers(request.items.map(answerFind));
    if (request.type === 'closest' && deceit === 'misleading') {
      count('misled');
      return encodeClosestAnswer(falseContacts(kadId(request.point)));
    }
    return null;
  }

  function answerFind({ agentId }: FindItem): FindAnswer {
    const point = kadIdOfAgent(agentId);
    const old = archive.get(agentKey(agentId)) ?? null;
    if (deceit === 'lying') {
      count('lies');
      return { record: falseRecord(old), closer: [] };
    }
    if (deceit === 'stale') {
      count('stale');
      return { record: old, closer: [] };
    }
    count('misled');
    const closer = deceit === 'misleading' ? falseContacts(point) : sybilsNear(point, closerMax);
    return { record: null, closer };
  }

  function falseContacts(point: KadId): PeerContact[] {
    const sybils = sybilsNear(point, closerMax / 4);
    return [...nobodyNear(point, closerMax - sybils.length), ...sybils];
  }

  /** Garbled, another agent's, altered, or unsigned. */
  function falseRecord(old: Uint8Array | null): Uint8Array {
    const kind = random.below(4);
    const noise = Uint8Array.from({ length: 300 }, () => random.below(256));
    if (old === null || kind === 0) return noise;
    if (kind === 1) return [...archive.values()][random.below(archive.size)]!;
    const bundle = decodeBundle(old);
    if (bundle.addr === null) return noise;
    const bytes = Uint8Array.from(bundle.addr.bytes);
    // The issue time lies before the signature, which is the last 64 bytes.
    if (kind === 2) bytes[7]! ^= 1 + random.below(255);
    else bytes.fill(0, bytes.length - 64);
    return encodeBundle({ ...bundle, addr: { ...bundle.addr, bytes } });
  }
}

/** Null: of another part of the protocol. */
function requestOf(body: Uint8Array): RecordRequest | null {
  try {
    return decodeRequest(body);
  } catch {
    return null;
  }
}

function keyOf(bytes: Uint8Array): string {
  return agentKey(agentIdOfBundle(decodeBundle(bytes)));
}
