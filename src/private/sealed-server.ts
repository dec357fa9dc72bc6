/**
 * The target's side of the private path (docs/protocol.md §7): opens what was sealed to it, answers one find or one fetch,
 * and seals the answer for whoever asked. It sees the relay and the key that is asked for, and nothing else.
 */
import { isProtocolError, ProtocolError, type ProtocolErrorCode } from '../core/errors.ts';
import { createTokenBucket } from '../core/gossip/token-bucket.ts';
import { replicationCount } from '../core/limits.ts';
import { decodeFetch, decodeSealed, encodeSealedAnswer } from '../core/overlay/content-message.ts';
import { decodeRequest, encodeFailure } from '../core/overlay/message.ts';
import { contentMessages, messageType } from '../core/overlay/message-type.ts';
import { createQuota } from '../core/peer/quota.ts';
import { createSealedMemory } from '../core/private/sealed-text.ts';
import type { OverlayHandlers } from '../ports/overlay.ts';
import type { PathParts } from './path-types.ts';
import type { OpenedCall, Sealing } from './sealing.ts';

/** Of one relay, for all who ask through it, before any cryptography. */
const questionsBurst = 1_000;
const questionsPerSecond = 400;
/** Of all relays together: each costs a fraction of a millisecond, and others want to be answered too. */
const allQuestions = { burst: 4_000, perSecond: 1_500 };

/** Answers a sealed request; never rejects. */
export type SealedServer = (
  relay: string,
  body: Uint8Array,
  core: OverlayHandlers['requestReceived'],
) => Promise<Uint8Array>;

export function createSealedServer(
  { clock, counted }: Pick<PathParts, 'clock' | 'counted'>,
  sealing: Sealing,
  fetch: (peer: string, digest: Uint8Array) => Promise<Uint8Array>,
): SealedServer {
  const mayAsk = createQuota({ burst: questionsBurst, perSecond: questionsPerSecond });
  const mayAnswer = createTokenBucket(allQuestions);
  const memory = createSealedMemory();

  function refuse(code: ProtocolErrorCode): Uint8Array {
    counted('private_requests', `refused-${code}`, 1);
    return encodeFailure(code);
  }

  async function answerTo(
    relay: string,
    body: Uint8Array,
    core: OverlayHandlers['requestReceived'],
  ): Promise<Uint8Array> {
    if (messageType(body) === contentMessages.fetch) return fetch(relay, decodeFetch(body));
    assertPlainFind(body);
    return core(relay, body);
  }

  return async (relay, body, core) => {
    if (!mayAsk(relay, 1, clock.nowMs())) return refuse('over-quota');
    if (!mayAnswer.take(clock.nowMs())) return refuse('busy');
    let call: OpenedCall | null;
    try {
      call = sealing.open(decodeSealed(body));
      if (call === null) return refuse('bad-key');
      memory.accept(call.sealKey, call.question.minute, clock.nowMs());
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return refuse(error.code);
    }
    let sealed: Uint8Array;
    try {
      sealed = call.seal(await answerTo(relay, call.question.body, core));
      counted('private_requests', 'answered', 1);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      // Who asks is told within the seal: a relay learns no more than that there was an answer.
      counted('private_requests', `refused-${error.code}`, 1);
      sealed = call.seal(encodeFailure(error.code));
    }
    return encodeSealedAnswer('sealed', sealed);
  };
}

/** One agent, nothing known, all contacts: what differs between askers would tell them apart. */
function assertPlainFind(body: Uint8Array): void {
  const request = decodeRequest(body);
  const isPlain =
    request.type === 'find' &&
    request.closerMax === replicationCount &&
    request.items.length === 1 &&
    request.items[0]!.known === null;
  if (!isPlain) throw new ProtocolError('wrong-shape', 'in private one agent is found, or one blob fetched');
}
