/** docs/protocol.cddl against what the code encodes over one agent's life, and against the vectors. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { encodeFrameHead, requestKind } from '../../src/adapters/libp2p/frame.ts';
import * as log from '../../src/audit/exchange/log-message.ts';
import { encodeLeaf } from '../../src/audit/leaf.ts';
import { delegateAgent, revokeDelegation } from '../../src/core/author/grant.ts';
import { updateAgent } from '../../src/core/author/update.ts';
import { delegateOf } from '../../src/core/author/writer.ts';
import { hexToBytes } from '../../src/core/bytes.ts';
import { decodeCanonical } from '../../src/core/cbor.ts';
import { encodeAnnouncements } from '../../src/core/gossip/announcement.ts';
import { frameBytesMax } from '../../src/core/limits.ts';
import * as capability from '../../src/core/overlay/capability-message.ts';
import * as content from '../../src/core/overlay/content-message.ts';
import * as message from '../../src/core/overlay/message.ts';
import * as nameMessage from '../../src/core/overlay/name-message.ts';
import { type AgentState, encodeState } from '../../src/core/record/agent-state.ts';
import { announced } from '../core/capability/fixtures.ts';
import { described, named, withdrawn } from '../core/name/fixtures.ts';
import { cddlProblem, readCddl } from '../helpers/cddl-validate.ts';
import {
  bornAgent,
  ended,
  recovered,
  rotated,
  signingKeyOf,
  testSigner,
  updated,
} from '../helpers/test-agent.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rules = readCddl(`${root}docs/protocol.cddl`);
const startSeconds = 1_790_000_000;

/** Bytes of the code, by the rule that they must fit. */
function encodingsOfOneLife(): [string, Uint8Array][] {
  const born = bornAgent('cddl', startSeconds);
  const audience = testSigner('cddl delegate').publicKey;
  const grant = { audience, rights: 3, fieldMask: 15, nonce: new Uint8Array(8) };
  const time = { notBefore: startSeconds, expiresAt: startSeconds + 3600, nowSeconds: startSeconds + 1 };
  const granted = delegateAgent({ state: born.state, signer: signingKeyOf(born), ...grant, ...time });
  const byController = updated(
    { ...born, state: granted.state },
    { adaptive: 'https://example.org/a', ttlCode: 3 },
    startSeconds + 2,
  );
  const writer = delegateOf(byController.state, testSigner('cddl delegate'), startSeconds + 3);
  const blinded = { private: new Uint8Array(16).fill(7), primary: null };
  const written = updateAgent({
    state: byController.state,
    writer,
    changes: blinded,
    nowSeconds: startSeconds + 3,
  }).state;
  const revoked = revokeDelegation({
    state: written,
    signer: signingKeyOf(born),
    token: granted.token,
    reason: 'superseded',
    nowSeconds: startSeconds + 4,
  });
  const changed = recovered(rotated({ ...born, state: revoked }, startSeconds + 5), startSeconds + 6);
  const states = [
    born.state,
    granted.state,
    written,
    revoked,
    changed.state,
    ended(changed, startSeconds + 7).state,
  ];
  const said = [born, changed].map((agent): [string, Uint8Array] => [
    'capabilities',
    announced(agent, ['/chat', '/translate/en-es'], startSeconds + 8).bytes,
  ]);
  return [...states.flatMap(encodingsOfState), ...said];
}

function encodingsOfState(state: AgentState): [string, Uint8Array][] {
  const each = (rule: string, items: readonly { readonly bytes: Uint8Array }[]): [string, Uint8Array][] =>
    items.map((item) => [rule, item.bytes]);
  return [
    ['bundle', encodeState(state)],
    ...encodeAnnouncements(state).map((bytes): [string, Uint8Array] => ['announcement', bytes]),
    ...each('key-event', state.keyState.retained),
    ...each('delegation', state.delegations),
    ...each('operation', state.operations),
    ...each('revocation', state.revocations),
  ];
}

function encodingsOfMessages(): [string, Uint8Array][] {
  const [id, short, bundle] = [new Uint8Array(32), new Uint8Array(16), new Uint8Array(500)];
  const contact = { peer: '12D3KooW', addresses: ['/ip4/127.0.0.1/tcp/1'] };
  const requests: readonly (readonly [string, message.RecordRequest])[] = [
    [
      'find',
      {
        type: 'find',
        closerMax: 20,
        items: [
          { agentId: id, known: null },
          { agentId: id, known: short },
        ],
      },
    ],
    ['put', { type: 'put', bundles: [bundle] }],
    ['watch', { type: 'watch', agentIds: [id] }],
    ['unwatch', { type: 'unwatch', agentIds: [] }],
    ['sync-summary', { type: 'sync-summary', set: 'authority', count: 3, xor: short }],
    ['sync-ids', { type: 'sync-ids', set: 'records', buckets: Uint8Array.of(0, 255), after: null }],
    ['sync-ids', { type: 'sync-ids', set: 'authority', buckets: Uint8Array.of(7), after: id }],
    ['closest', { type: 'closest', point: id, count: 20 }],
    ['announce', { type: 'announce', announcements: [bundle] }],
    ['search', { type: 'search', point: id, count: 64 }],
  ];
  const found = (['not-newer', 'ask-again', null, bundle] as const).map((record) => ({
    record,
    closer: [contact],
  }));
  const putAnswers = [
    { status: 'stored', code: null, current: null },
    { status: 'stale', code: null, current: bundle },
    { status: 'refused', code: 'bad-signature', current: null },
  ] as const;
  const answers: readonly (readonly [string, Uint8Array])[] = [
    ['found', message.encodeFindAnswers(found)],
    ['put-result', message.encodePutAnswers(putAnswers)],
    ['watched', message.encodeWatchAnswer([bundle, null])],
    ['unwatched', message.encodeUnwatchAnswer()],
    ['sync-buckets', message.encodeSyncSummaryAnswer(null)],
    ['sync-buckets', message.encodeSyncSummaryAnswer(new Uint8Array(256 * message.syncBucketBytes))],
    ['sync-found', message.encodeSyncIdsAnswer([{ agentId: id, id: short }])],
    ['closest-found', message.encodeClosestAnswer([contact])],
    [
      'announced',
      capability.encodeAnnounceAnswers([
        { status: 'stored', code: null },
        { status: 'refused', code: 'bad-tag' },
      ]),
    ],
    ['search-found', capability.encodeSearchAnswer({ announcements: [bundle], closer: [contact] })],
    ['failure', message.encodeFailure('over-quota')],
  ];
  return [
    ...requests.flatMap(([rule, request]): [string, Uint8Array][] => {
      const bytes = message.encodeRequest(request);
      return [
        [rule, bytes],
        ['request', bytes],
      ];
    }),
    ...answers.flatMap(([rule, bytes]): [string, Uint8Array][] => [
      [rule, bytes],
      ['answer', bytes],
    ]),
    ['push', message.encodePush([bundle])],
  ];
}

function encodingsOfPrivatePath(): [string, Uint8Array][] {
  const [blob, name, question] = [new Uint8Array(500), new Uint8Array(32), new Uint8Array(176)];
  const contact = { peer: '12D3KooW', addresses: ['/ip4/127.0.0.1/tcp/1'] };
  const requests: [string, Uint8Array][] = [
    ['hold', content.encodeHold([blob, name])],
    ['fetch', content.encodeFetch(name)],
    ['relay', content.encodeRelay('12D3KooW', question)],
    ['sealed', content.encodeSealed(question)],
  ];
  const answers: [string, Uint8Array][] = [
    ['held', content.encodeHoldAnswers([{ status: 'refused', code: 'not-closest' }])],
    ['fetched', content.encodeFetchAnswer({ bytes: blob, closer: [contact] })],
    ['fetched', content.encodeFetchAnswer({ bytes: null, closer: [] })],
    ['relayed', content.encodeSealedAnswer('relay', new Uint8Array(8240))],
    ['sealed-back', content.encodeSealedAnswer('sealed', new Uint8Array(98_352))],
  ];
  return [
    ...requests.flatMap(([rule, bytes]): [string, Uint8Array][] => [
      [rule, bytes],
      ['request', bytes],
    ]),
    ...answers.flatMap(([rule, bytes]): [string, Uint8Array][] => [
      [rule, bytes],
      ['answer', bytes],
    ]),
  ];
}

function encodingsOfNames(): [string, Uint8Array][] {
  const [record, id] = [new Uint8Array(300), new Uint8Array(32)];
  const contact = { peer: '12D3KooW', addresses: ['/ip4/127.0.0.1/tcp/1'] };
  const born = bornAgent('cddl names', startSeconds);
  const target = { agentId: born.agentId };
  const records = [
    named(born, 'shop', target),
    named(born, 'shop', { url: 'https://agents.example.com' }, { isBlinded: true }),
    withdrawn(born, 'shop'),
    described(born, { claims: ['example.com'], target, policy: 'hidden' }),
  ];
  const requests: [string, Uint8Array][] = [
    ['name', nameMessage.encodeNameRequest({ type: 'name', records: [record] })],
    ['look-up', nameMessage.encodeNameRequest({ type: 'look-up', agentId: id, point: id })],
  ];
  const answers: [string, Uint8Array][] = [
    ['named', nameMessage.encodeNameAnswers([{ status: 'stale', code: 'stale-base' }])],
    ['looked-up', nameMessage.encodeLookUpAnswer({ record, closer: [contact] })],
    ['looked-up', nameMessage.encodeLookUpAnswer({ record: null, closer: [] })],
  ];
  return [
    ...records.map(({ bytes }): [string, Uint8Array] => ['name-record', bytes]),
    ...requests.flatMap(([rule, bytes]): [string, Uint8Array][] => [
      [rule, bytes],
      ['request', bytes],
    ]),
    ...answers.flatMap(([rule, bytes]): [string, Uint8Array][] => [
      [rule, bytes],
      ['answer', bytes],
    ]),
  ];
}

function encodingsOfLog(): [string, Uint8Array][] {
  const [id, hash] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
  const requests: [string, Uint8Array][] = [
    ['checkpoints', log.encodeLogRequest({ type: 'checkpoints', notes: ['a note'] })],
    [
      'log-proof',
      log.encodeLogRequest({ type: 'consistency', logId: id.subarray(24), older: 3, newer: 2 ** 50 }),
    ],
    ['log-view', log.encodeLogRequest({ type: 'view', agentId: id })],
  ];
  const answers: [string, Uint8Array][] = [
    ['checkpoints-known', log.encodeNotes([])],
    ['log-proven', log.encodeConsistency([hash])],
    ['log-proven', log.encodeConsistency(null)],
    ['log-viewed', log.encodeView('{}')],
    ['log-viewed', log.encodeView(null)],
  ];
  return [
    ...requests.flatMap(([rule, bytes]): [string, Uint8Array][] => [
      [rule, bytes],
      ['request', bytes],
    ]),
    ...answers.flatMap(([rule, bytes]): [string, Uint8Array][] => [
      [rule, bytes],
      ['answer', bytes],
    ]),
    ['log-entry', encodeLeaf({ agentId: id, kind: 'credential', hash, seenAt: startSeconds })],
  ];
}

/** One frame without its length (below 0x80, so one byte). */
function encodedFrame(): [string, Uint8Array] {
  const body = message.encodeUnwatchAnswer();
  return ['frame', new Uint8Array([...encodeFrameHead(70_000, requestKind, body.length).slice(1), ...body])];
}

const encodings = [
  ...encodingsOfOneLife(),
  ...encodingsOfMessages(),
  ...encodingsOfPrivatePath(),
  ...encodingsOfNames(),
  ...encodingsOfLog(),
  encodedFrame(),
];

describe('docs/protocol.cddl', () => {
  it('fits every structure that the code encodes', () => {
    const problems = encodings.map(([rule, bytes]) =>
      cddlProblem(rules, rule, decodeCanonical(bytes, frameBytesMax)),
    );
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
    const covered = [
      'bundle',
      'announcement',
      'key-event',
      'delegation',
      'operation',
      'revocation',
      'found',
      'push',
    ];
    expect(covered.filter((rule) => !encodings.some(([name]) => name === rule))).toEqual([]);
  });

  it('refuses each of them with an item more, with one less, or with an item of another type', () => {
    for (const [rule, bytes] of encodings) {
      const value = decodeCanonical(bytes, frameBytesMax) as unknown[];
      expect(cddlProblem(rules, rule, [...value, null])).not.toBeNull();
      expect(cddlProblem(rules, rule, value.slice(0, -1))).not.toBeNull();
      value.forEach((_, index) => {
        expect(cddlProblem(rules, rule, value.with(index, -1)), `${rule} item ${index}`).not.toBeNull();
      });
    }
  });

  it('fits every valid vector', () => {
    const problems = vectorsIn('valid').map(({ path, name, rule, bytes }) => {
      const problem = cddlProblem(rules, rule, decodedValue(rule, bytes));
      return problem === null ? null : `${path} "${name}": ${problem}`;
    });
    expect(problems.length).toBeGreaterThan(20);
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
  });

  it('refuses every invalid vector that is refused for its shape', () => {
    const fitting = vectorsIn('invalid')
      // The layout of an AgentAddr is not CBOR: the document bounds its size only.
      .filter(({ rule }) => rule !== 'agent-addr')
      .filter(({ code }) => code === 'wrong-shape' || code === 'wrong-version')
      .map(({ path, name, rule, bytes }) => ({
        path,
        name,
        fits: cddlProblem(rules, rule, decodedValue(rule, bytes)) === null,
      }));
    expect(fitting.length).toBeGreaterThan(10);
    expect(fitting.filter(({ fits }) => fits)).toEqual([]);
  });
});

interface Vector {
  readonly path: string;
  readonly name: string;
  readonly rule: string;
  readonly bytes: Uint8Array;
  readonly code?: string | undefined;
}

/** Every encoding in the files of one folder: `bytes` of a case, or each of its `events`. */
function vectorsIn(folder: 'valid' | 'invalid'): Vector[] {
  const paths = globSync(`test/vectors/${folder}/**/*.json`, { cwd: root }).sort();
  return paths.flatMap((path) => {
    const { rule, cases } = JSON.parse(readFileSync(`${root}${path}`, 'utf8')) as {
      readonly rule: string;
      readonly cases: readonly { name: string; code?: string; bytes?: string; events?: readonly string[] }[];
    };
    return cases.flatMap(({ name, code, bytes, events }) =>
      (bytes === undefined ? (events ?? []) : [bytes]).map((hex) => ({
        path,
        name,
        rule,
        code,
        bytes: hexToBytes(hex),
      })),
    );
  });
}

/** An AgentAddr is a fixed layout; everything else is CBOR. */
function decodedValue(rule: string, bytes: Uint8Array): unknown {
  return rule === 'agent-addr' ? bytes : decodeCanonical(bytes, frameBytesMax);
}
