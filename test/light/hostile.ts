/** Answers of full nodes that lie, by what they lie about. Each serves every other request in good faith. */
import {
  decodeRequest,
  encodeClosestAnswer,
  encodeFailure,
  encodeFindAnswers,
  encodePutAnswers,
  encodeUnwatchAnswer,
  encodeWatchAnswer,
  type FindAnswer,
} from '../../src/core/overlay/message.ts';
import type { PeerContact } from '../../src/core/peer/events.ts';
import { testPeerId } from '../helpers/peer-network.ts';

export interface Truth {
  /** What an honest full node would show. */
  readonly current: Uint8Array;
  readonly old: Uint8Array;
  readonly ofAnother: Uint8Array;
}

export type Answering = (body: Uint8Array) => Promise<Uint8Array>;

const never = new Promise<never>(() => {});
let bogus = 0;

/** Twenty peers that nobody has ever met, each time others. */
function nobodies(): PeerContact[] {
  return Array.from({ length: 20 }, () => ({
    peer: testPeerId(`nobody ${bogus++}`),
    addresses: ['/ip4/127.0.0.1/tcp/9'],
  }));
}

function tampered(bundle: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(bundle);
  // Inside the first signature of the key log: canonical still, and wrong.
  bytes[bytes.length - 40]! ^= 1;
  return bytes;
}

function answering(find: () => FindAnswer, watch: () => Uint8Array | null): Answering {
  return async (body) => {
    const request = decodeRequest(body);
    switch (request.type) {
      case 'find':
        return encodeFindAnswers(request.items.map(find));
      case 'watch':
        return encodeWatchAnswer(request.agentIds.map(watch));
      case 'unwatch':
        return encodeUnwatchAnswer();
      case 'put':
        return encodePutAnswers(
          request.bundles.map(() => ({ status: 'refused', code: 'not-closest', current: null })),
        );
      case 'closest':
        return encodeClosestAnswer([]);
      default:
        return encodeFailure('over-quota');
    }
  };
}

const showing = (record: FindAnswer['record'], closer: () => PeerContact[] = () => []): Answering =>
  answering(
    () => ({ record, closer: closer() }),
    () => (record instanceof Uint8Array ? record : null),
  );

/** What a lying full node may do, by name. */
export const lies: Readonly<Record<string, (truth: Truth) => Answering>> = {
  'a record whose signature does not hold': ({ current }) => showing(tampered(current)),
  'an old record': ({ old }) => showing(old),
  'no record': () => showing(null),
  'that nothing is newer than what was never asked': () => showing('not-newer'),
  'to ask again, for ever': () => showing('ask-again'),
  'closer peers without end that do not exist': () => showing(null, nobodies),
  "another agent's record": ({ ofAnother }) => showing(ofAnother),
  'bytes that are no message': () => async () => new Uint8Array(1000).fill(0xff),
  'a frame of the largest size with nothing in it': () => async () => new Uint8Array(1024 * 1024),
  'an answer to another question': () => async () => encodeUnwatchAnswer(),
  'a refusal of everything': () => async () => encodeFailure('over-quota'),
  'nothing at all': () => () => never,
};
