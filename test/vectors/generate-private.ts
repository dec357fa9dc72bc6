/**
 * Writes test/vectors/{valid,invalid}/private/: sealed questions and answers with every secret that went in, and messages
 * about content, in hexadecimal. Deterministic; run as `node test/vectors/generate-private.ts`.
 * test/private/vectors.test.ts holds the code to them.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createNobleAgreement } from '../../src/adapters/system/noble-agreement.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { type CborValue, encodeCanonical } from '../../src/core/cbor.ts';
import { contentUrl } from '../../src/core/content/content.ts';
import type { ProtocolErrorCode } from '../../src/core/errors.ts';
import { digest } from '../../src/core/hash.ts';
import {
  encodeFetch,
  encodeFetchAnswer,
  encodeHold,
  encodeHoldAnswers,
  encodeRelay,
  encodeSealed,
  encodeSealedAnswer,
} from '../../src/core/overlay/content-message.ts';
import { encodeRequest } from '../../src/core/overlay/message.ts';
import { privateFindItem } from '../../src/core/private/sealed-text.ts';
import { createSealing } from '../../src/private/sealing.ts';
import { contentBytes } from '../core/content/sample-content.ts';
import { testPeerId } from '../helpers/peer-network.ts';
import { peerIdOfSeed } from '../private/peer-id-of-seed.ts';

const bytesOf = (name: string): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(`private vector ${name}`).digest());
const agreement = createNobleAgreement();
const minute = 30_000_001;
const untilSeconds = 1_900_000_000;

function sealedCase(name: string, body: Uint8Array, answer: Uint8Array) {
  const seed = bytesOf(`${name} seed`);
  const [secret, nonce] = [bytesOf(`${name} secret`), bytesOf(`${name} nonce`)];
  const network = '/weft';
  const asker = createSealing({ agreement, network, self: null, entropy: { randomBytes: () => secret } });
  const target = createSealing({ agreement, network, self: seed, entropy: { randomBytes: () => nonce } });
  const peer = peerIdOfSeed(seed);
  const { sealed } = asker.seal(peer, { minute, body })!;
  return {
    name,
    bytes: bytesToHex(encodeSealed(sealed)),
    ...{ network, peer, minute },
    targetSeed: bytesToHex(seed),
    askerSecret: bytesToHex(secret),
    question: bytesToHex(body),
    answerNonce: bytesToHex(nonce),
    answer: bytesToHex(answer),
    answerDigest: bytesToHex(digest(encodeSealedAnswer('sealed', target.open(sealed)!.seal(answer)))),
  };
}

const blob = contentBytes('vector', untilSeconds);
const contact = { peer: testPeerId('a vector'), addresses: ['/ip4/192.0.2.1/tcp/4801'] };
const find = encodeRequest({ type: 'find', ...privateFindItem(bytesOf('agent')) });
const fetched = encodeFetchAnswer({ bytes: blob, closer: [contact] });

write('valid', 'sealed', {
  rule: 'sealed',
  cases: [
    sealedCase('a find', find, new Uint8Array(0)),
    sealedCase('a fetch, with an answer', encodeFetch(digest(blob)), fetched),
    sealedCase('an answer of the longer length', encodeFetch(digest(blob)), new Uint8Array(8_190).fill(7)),
  ],
});
write('valid', 'hold', {
  rule: 'hold',
  blob: bytesToHex(blob),
  digest: bytesToHex(digest(blob)),
  url: contentUrl(digest(blob)),
  validUntil: untilSeconds,
  cases: [{ name: 'a blob and a digest', bytes: bytesToHex(encodeHold([blob, digest(blob)])) }],
});
write('valid', 'held', {
  rule: 'held',
  cases: [
    {
      name: 'each outcome',
      bytes: bytesToHex(
        encodeHoldAnswers([
          { status: 'stored', code: null },
          { status: 'stale', code: null },
          { status: 'displaced', code: 'displaced' },
          { status: 'refused', code: 'not-closest' },
        ]),
      ),
    },
  ],
});
write('valid', 'fetched', {
  rule: 'fetched',
  cases: [
    { name: 'a blob', bytes: bytesToHex(fetched) },
    { name: 'nothing', bytes: bytesToHex(encodeFetchAnswer({ bytes: null, closer: [] })) },
  ],
});
write('valid', 'relay', {
  rule: 'relay',
  cases: [{ name: 'to a peer', bytes: bytesToHex(encodeRelay(contact.peer, new Uint8Array(176).fill(1))) }],
});

function invalid(name: string, value: CborValue, code: ProtocolErrorCode = 'wrong-shape') {
  return { name, code, bytes: bytesToHex(encodeCanonical(value)) };
}
write('invalid', 'hold', {
  rule: 'hold',
  cases: [
    invalid('an item of 33 bytes', [10, [new Uint8Array(33)]]),
    invalid('65 items', [10, Array.from({ length: 65 }, () => new Uint8Array(32))]),
    invalid('another message', [11, [new Uint8Array(32)]]),
  ],
});
write('invalid', 'relay', {
  rule: 'relay',
  cases: [
    invalid('a question of another length', [12, contact.peer, new Uint8Array(175)]),
    invalid('a target that is too long', [12, 'x'.repeat(65), new Uint8Array(176)]),
    invalid('a target with an address', [12, [contact.peer, contact.addresses], new Uint8Array(176)]),
  ],
});
write('invalid', 'sealed-back', {
  rule: 'sealed-back',
  cases: [
    invalid('an answer of another length', [13, new Uint8Array(8241)]),
    invalid('nothing', [13, null]),
  ],
});

function write(folder: 'valid' | 'invalid', name: string, content: object): void {
  const path = new URL(`${folder}/private/`, import.meta.url);
  mkdirSync(path, { recursive: true });
  writeFileSync(new URL(`${name}.json`, path), `${JSON.stringify(content, null, 2)}\n`);
}
