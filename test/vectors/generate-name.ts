/**
 * Writes test/vectors/valid/name/ and test/vectors/invalid/name/: name records, in hexadecimal. Deterministic; run as
 * `node test/vectors/generate-name.ts`. The verdicts are stated by construction; test/core/name/vectors.test.ts holds the
 * code to them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { delegateAgent } from '../../src/core/author/grant.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../src/core/cbor.ts';
import type { ProtocolErrorCode } from '../../src/core/errors.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { rightBits } from '../../src/core/identity/delegation.ts';
import { keyEventValue } from '../../src/core/identity/key-event-codec.ts';
import { namePoint } from '../../src/core/name/label.ts';
import type { NameRecord } from '../../src/core/name/name-record.ts';
import { described, named, startSeconds, withdrawn } from '../core/name/fixtures.ts';
import {
  bornAgent,
  recovered,
  rotated,
  signingKeyOf,
  type TestAgent,
  testSigner,
} from '../helpers/test-agent.ts';

const born = bornAgent('vector name', startSeconds);
const turned = rotated(born, startSeconds + 10);
const healed = recovered(turned, startSeconds + 20);
const other = bornAgent('vector name 2', startSeconds);
const at = { issuedAt: startSeconds + 30 };
const target = { agentId: other.agentId };
const delegate = testSigner('vector name delegate');

function tokenOf(rights: number) {
  return delegateAgent({
    ...{ state: born.state, signer: signingKeyOf(born), audience: delegate.publicKey, rights },
    ...{ fieldMask: 15, nonce: new Uint8Array(8), nowSeconds: startSeconds },
    ...{ notBefore: startSeconds, expiresAt: startSeconds + 3_600 },
  }).token;
}

function valid(name: string, agent: TestAgent, record: NameRecord) {
  return {
    name,
    bytes: bytesToHex(record.bytes),
    agentId: formatAgentId(record.agentId),
    establishment: bytesToHex(agent.state.keyState.establishment),
    label: record.label,
    point: bytesToHex(record.point),
    meaning: meaningText(record),
    issuedAt: record.issuedAt,
    expiresAt: record.expiresAt,
  };
}

/** As text that two implementations can compare. */
function meaningText({ meaning }: NameRecord): string {
  if (meaning.kind === 'withdrawn') return 'withdrawn';
  const where = (one: typeof target | { url: string } | null): string =>
    one === null ? 'itself' : 'url' in one ? one.url : formatAgentId(one.agentId);
  if (meaning.kind === 'target') return where(meaning.target as typeof target);
  const { policy, claims } = meaning.profile;
  return `${policy}; ${claims.join(', ')}; ${where(meaning.profile.target as typeof target | null)}`;
}

function invalid(name: string, code: ProtocolErrorCode, change: (items: CborValue[]) => void, of = turned) {
  const { bytes } = named(of, 'shop', target, at);
  const items = structuredClone(decodeCanonical(bytes, 65_536)) as CborValue[];
  change(items);
  return { name, code, bytes: bytesToHex(encodeCanonical(items)) };
}

const body = (index: number, value: CborValue) => (items: CborValue[]) => {
  (items[0] as CborValue[])[index] = value;
};
const item = (index: number, value: CborValue) => (items: CborValue[]) => {
  items[index] = value;
};
const log = (agent: TestAgent): CborValue[] => agent.state.keyState.chain.map(keyEventValue) as CborValue[];
const profile = (policy: CborValue, claims: CborValue, own: CborValue) => (items: CborValue[]) => {
  body(1, '_')(items);
  body(2, [policy, claims, own])(items);
};
const whole = named(turned, 'shop', target, at).bytes;
const weakly = named(born, 'shop', target, { ...at, token: tokenOf(rightBits.op), signer: delegate });

write('valid', {
  rule: 'name-record',
  nowSeconds: startSeconds + 60,
  cases: [
    valid('an agent', born, named(born, 'shop', target, at)),
    valid('a registry', born, named(born, 'staff', { url: 'https://agents.example.com' }, { ...at, hours: 1 })),
    valid('a DID', born, named(born, 'alice', { url: 'did:web:example.com:alice' }, at)),
    valid('a label of 63', born, named(born, 'x'.repeat(63), target, at)),
    valid('a label of another script', born, named(born, 'xn--bcher-kva', target, at)),
    valid('a point alone', born, named(born, 'shop', target, { ...at, isBlinded: true })),
    valid('a withdrawal', born, withdrawn(born, 'shop', startSeconds + 31)),
    valid('after a rotation', turned, named(turned, 'shop', target, at)),
    valid('after a recovery', healed, named(healed, 'shop', target, at)),
    valid(
      'by a delegate',
      born,
      named(born, 'shop', target, { ...at, token: tokenOf(rightBits.publish), signer: delegate }),
    ),
    valid('a namespace that claims nothing', born, described(born, {}, startSeconds + 30)),
    valid(
      'a namespace with a zone, a DID and a target',
      born,
      described(born, { policy: 'hidden', claims: ['example.com', 'did:web:example.com'], target }, startSeconds + 30),
    ),
  ],
});
write('invalid', {
  rule: 'name-record',
  nowSeconds: startSeconds + 60,
  cases: [
    invalid('a later version', 'wrong-shape', body(0, 2)),
    invalid('a label of 64', 'wrong-shape', body(1, 'x'.repeat(64))),
    invalid('a point of 31 bytes', 'wrong-shape', body(1, new Uint8Array(31))),
    invalid('an agent id of 33 bytes', 'wrong-shape', body(2, new Uint8Array(33))),
    invalid('a target that is a number', 'wrong-shape', body(2, 7)),
    invalid('no time at all', 'wrong-shape', body(4, 0)),
    invalid('169 hours', 'wrong-shape', body(4, 169)),
    invalid('a withdrawal for an hour', 'bad-name', (items) => {
      body(2, null)(items);
      body(4, 1)(items);
    }),
    invalid('a signature of 63 bytes', 'wrong-shape', item(1, new Uint8Array(63))),
    invalid('a token that is none', 'wrong-shape', item(2, new Uint8Array(3))),
    invalid('an item more', 'wrong-shape', item(4, null)),
    invalid('a target in place of what "_" says', 'bad-name', body(1, '_')),
    invalid('what "_" says at another label', 'bad-name', body(2, [0, [], null])),
    invalid('a policy that there is not', 'wrong-shape', profile(3, [], null)),
    invalid('five claims', 'wrong-shape', profile(0, ['a.b', 'a.c', 'a.d', 'a.e', 'a.f'], null)),
    invalid('a label in upper case', 'bad-name', body(1, 'Shop')),
    invalid('an empty label', 'bad-name', body(1, '')),
    invalid('a label with a dot', 'bad-name', body(1, 'a.b')),
    invalid('a label that begins with a dash', 'bad-name', body(1, '-shop')),
    invalid('a label in another script', 'bad-name', body(1, 'bücher')),
    invalid('a claim in upper case', 'bad-name', profile(0, ['Example.com'], null)),
    invalid('a claim of one label', 'bad-name', profile(0, ['com'], null)),
    invalid('a claim of an address', 'bad-name', profile(0, ['127.0.0.1'], null)),
    invalid('claims out of order', 'bad-name', profile(0, ['b.example', 'a.example'], null)),
    invalid('a claim twice', 'bad-name', profile(0, ['a.example', 'a.example'], null)),
    invalid('a URL of plain http', 'bad-url', body(2, 'http://example.com')),
    invalid('a URL of a file', 'bad-url', body(2, 'file:///etc/passwd')),
    invalid('a URL of content', 'bad-url', body(2, 'ipfs://bafkreib')),
    invalid('another target than was signed', 'bad-signature', body(2, born.agentId)),
    invalid('another label than was signed', 'bad-signature', body(1, 'shot')),
    invalid('its point in place of the label', 'bad-signature', body(1, namePoint(turned.agentId, 'shop'))),
    invalid('a longer time than was signed', 'bad-signature', body(3, startSeconds + 31)),
    invalid('the log of another agent', 'bad-signature', item(3, log(other))),
    invalid('the log from before a rotation', 'bad-signature', item(3, log(born))),
    invalid('no log', 'bad-key-log', item(3, [])),
    invalid('a log without its inception', 'bad-key-log', item(3, log(turned).slice(1))),
    { name: 'a delegate without the right', code: 'bad-delegation', bytes: bytesToHex(weakly.bytes) },
    { name: 'a byte too many', code: 'not-canonical', bytes: `${bytesToHex(whole)}00` },
    { name: 'a byte too few', code: 'not-canonical', bytes: bytesToHex(whole.slice(0, -1)) },
  ],
});

function write(folder: 'valid' | 'invalid', content: object): void {
  const directory = new URL(`${folder}/name/`, import.meta.url);
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL('records.json', directory), `${JSON.stringify(content, null, 2)}\n`);
}
