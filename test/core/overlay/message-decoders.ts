/** The record protocol's decoders with a valid sample of each message. */
import { decodeAnnouncement, encodeAnnouncements } from '../../../src/core/gossip/announcement.ts';
import {
  decodeAnnounceAnswers,
  decodeSearchAnswer,
  encodeAnnounceAnswers,
  encodeSearchAnswer,
} from '../../../src/core/overlay/capability-message.ts';
import {
  decodeClosestAnswer,
  decodeFindAnswers,
  decodePush,
  decodePutAnswers,
  decodeRequest,
  decodeSyncIdsAnswer,
  decodeSyncSummaryAnswer,
  decodeWatchAnswer,
  encodeClosestAnswer,
  encodeFindAnswers,
  encodePush,
  encodePutAnswers,
  encodeRequest,
  encodeSyncIdsAnswer,
  encodeSyncSummaryAnswer,
  encodeWatchAnswer,
} from '../../../src/core/overlay/message.ts';
import { decodeEntry, encodeEntry } from '../../../src/core/peer/entry.ts';
import { testPeerId } from '../../helpers/peer-network.ts';
import { bornAgent, bundleOf, rotated } from '../../helpers/test-agent.ts';
import { announced } from '../capability/fixtures.ts';

const agent = bornAgent('messages', 1_800_000_000);
const turned = rotated(agent, 1_800_000_100);
const bundle = bundleOf(agent);
const aid = agent.agentId;
const known = aid.slice(0, 16);
const capabilities = announced(turned, ['/translate/en-es', '/chat']).bytes;
const contact = { peer: testPeerId('contact'), addresses: ['/ip4/127.0.0.1/tcp/4001'] };

export const samples = {
  requests: [
    encodeRequest({
      type: 'find',
      closerMax: 20,
      items: [
        { agentId: aid, known: null },
        { agentId: aid, known },
      ],
    }),
    encodeRequest({ type: 'put', bundles: [bundle, bundle] }),
    encodeRequest({ type: 'watch', agentIds: [aid] }),
    encodeRequest({ type: 'unwatch', agentIds: [aid] }),
    encodeRequest({ type: 'sync-summary', set: 'authority', count: 3, xor: known }),
    encodeRequest({ type: 'sync-ids', set: 'records', buckets: Uint8Array.of(1, 2, 255), after: aid }),
    encodeRequest({ type: 'closest', point: aid, count: 20 }),
    encodeRequest({ type: 'announce', announcements: [capabilities, capabilities] }),
    encodeRequest({ type: 'search', point: aid, count: 64 }),
  ],
  findAnswers: [
    encodeFindAnswers([
      { record: bundle, closer: [contact] },
      { record: null, closer: [contact] },
      { record: 'not-newer', closer: [] },
      { record: 'ask-again', closer: [] },
    ]),
  ],
  putAnswers: [
    encodePutAnswers([
      { status: 'stored', code: null, current: null },
      { status: 'stale', code: 'stale-base', current: bundle },
    ]),
  ],
};

/** Name, decoder, valid inputs. */
export const messageDecoders: readonly [string, (bytes: Uint8Array) => unknown, readonly Uint8Array[]][] = [
  ['request', decodeRequest, samples.requests],
  ['find answer', (bytes) => decodeFindAnswers(bytes, 4), samples.findAnswers],
  ['put answer', (bytes) => decodePutAnswers(bytes, 2), samples.putAnswers],
  ['watch answer', (bytes) => decodeWatchAnswer(bytes, 2), [encodeWatchAnswer([bundle, null])]],
  [
    'sync summary',
    decodeSyncSummaryAnswer,
    [encodeSyncSummaryAnswer(new Uint8Array(5120)), encodeSyncSummaryAnswer(null)],
  ],
  ['sync ids', decodeSyncIdsAnswer, [encodeSyncIdsAnswer([{ agentId: aid, id: known }])]],
  ['closest answer', decodeClosestAnswer, [encodeClosestAnswer([contact, contact])]],
  [
    'announce answer',
    (bytes) => decodeAnnounceAnswers(bytes, 2),
    [
      encodeAnnounceAnswers([
        { status: 'stored', code: null },
        { status: 'refused', code: 'bad-tag' },
      ]),
    ],
  ],
  [
    'search answer',
    decodeSearchAnswer,
    [encodeSearchAnswer({ announcements: [capabilities], closer: [contact] })],
  ],
  ['push', decodePush, [encodePush([bundle])]],
  ['announcement', decodeAnnouncement, encodeAnnouncements(turned.state)],
  [
    'store entry',
    decodeEntry,
    [
      encodeEntry({
        isHeld: true,
        learnedAt: 1,
        expiresAt: 2,
        mark: { establishment: aid, issuedAt: 3 },
        bundle,
      }),
    ],
  ],
];
