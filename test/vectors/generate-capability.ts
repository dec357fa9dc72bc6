/**
 * Writes test/vectors/valid/capability/ and test/vectors/invalid/capability/: capability announcements and the draw of a
 * storing peer, in hexadecimal. Deterministic; run as `node test/vectors/generate-capability.ts`.
 * The verdicts are stated by construction; test/core/capability/vectors.test.ts holds the code to them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { bytesToHex } from '../../src/core/bytes.ts';
import { createDraw } from '../../src/core/capability/ranked-set.ts';
import { tagPoint, tagsAndPrefixes } from '../../src/core/capability/tag.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../src/core/cbor.ts';
import type { ProtocolErrorCode } from '../../src/core/errors.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { keyEventValue } from '../../src/core/identity/key-event-codec.ts';
import { announced, startSeconds } from '../core/capability/fixtures.ts';
import { testPeerId } from '../helpers/peer-network.ts';
import { bornAgent, recovered, rotated, type TestAgent } from '../helpers/test-agent.ts';

const born = bornAgent('vector capability', startSeconds);
const turned = rotated(born, startSeconds + 10);
const healed = recovered(turned, startSeconds + 20);
const other = bornAgent('vector capability 2', startSeconds);

function valid(name: string, agent: TestAgent, tags: readonly string[], hours: number) {
  const made = announced(agent, tags, startSeconds + 30, hours);
  return {
    name,
    bytes: bytesToHex(made.bytes),
    agentId: formatAgentId(made.agentId),
    establishment: bytesToHex(agent.state.keyState.establishment),
    tags: made.tags,
    issuedAt: made.issuedAt,
    expiresAt: made.expiresAt,
    points: tagsAndPrefixes(made.tags).map((tag) => [tag, bytesToHex(tagPoint(tag))]),
  };
}

function invalid(name: string, code: ProtocolErrorCode, change: (items: CborValue[]) => void) {
  const { bytes } = announced(turned, ['/chat', '/translate/en-es'], startSeconds + 30);
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

const whole = announced(turned, ['/chat'], startSeconds + 30).bytes;

write('valid', 'announcements', {
  rule: 'capabilities',
  cases: [
    valid('one tag', born, ['/chat'], 24),
    valid('four tags, of one to four parts', born, ['/a', '/a/b', '/a/b/c', '/c++/d_e/f.g/h-1'], 24),
    valid('a tag of 64 bytes', born, [`/${'x'.repeat(63)}`], 1),
    valid('a withdrawal', born, [], 24),
    valid('after a rotation', turned, ['/translate/en-es'], 12),
    valid('after a recovery', healed, ['/translate/en-es', '/chat'], 24),
  ],
});
write('invalid', 'announcements', {
  rule: 'capabilities',
  cases: [
    invalid('a later version', 'wrong-shape', body(0, 2)),
    invalid('five tags', 'wrong-shape', body(1, ['/a', '/b', '/c', '/d', '/e'])),
    invalid('a tag that is no text', 'wrong-shape', body(1, [new Uint8Array(3)])),
    invalid('a tag of 65 bytes', 'wrong-shape', body(1, [`/${'x'.repeat(64)}`])),
    invalid('no time at all', 'wrong-shape', body(3, 0)),
    invalid('25 hours', 'wrong-shape', body(3, 25)),
    invalid('a signature of 63 bytes', 'wrong-shape', item(1, new Uint8Array(63))),
    invalid('an item more', 'wrong-shape', item(3, null)),
    invalid('a tag in upper case', 'bad-tag', body(1, ['/Chat'])),
    invalid('a tag that ends with a slash', 'bad-tag', body(1, ['/chat/'])),
    invalid('a tag of five parts', 'bad-tag', body(1, ['/a/b/c/d/e'])),
    invalid('a tag that climbs', 'bad-tag', body(1, ['/a/..'])),
    invalid('tags out of order', 'bad-tag', body(1, ['/b', '/a'])),
    invalid('a tag twice', 'bad-tag', body(1, ['/a', '/a'])),
    invalid('another tag than was signed', 'bad-signature', body(1, ['/chat', '/translate/en-fr'])),
    invalid('a longer time than was signed', 'bad-signature', body(2, startSeconds + 31)),
    invalid('the log of another agent', 'bad-signature', item(2, log(other))),
    invalid('the log from before a rotation', 'bad-signature', item(2, log(born))),
    invalid('the log after a recovery', 'bad-signature', item(2, log(healed))),
    invalid('no log', 'bad-key-log', item(2, [])),
    invalid('a log without its inception', 'bad-key-log', item(2, log(turned).slice(1))),
    invalid('a log with an event twice', 'bad-key-log', item(2, [...log(turned), ...log(turned).slice(1)])),
    { name: 'a byte too many', code: 'not-canonical', bytes: `${bytesToHex(whole)}00` },
    { name: 'a byte too few', code: 'not-canonical', bytes: bytesToHex(whole.slice(0, -1)) },
  ],
});
write('valid', 'draws', {
  rule: 'draw',
  cases: [0, 500_000, 500_001].map((hour) => {
    const peer = testPeerId('vector peer');
    const draw = createDraw(peer)(born.agentId, hour);
    return { name: `hour ${hour}`, peer, agentId: formatAgentId(born.agentId), hour, draw };
  }),
});

function write(folder: 'valid' | 'invalid', name: string, content: object): void {
  const directory = new URL(`${folder}/capability/`, import.meta.url);
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify(content, null, 2)}\n`);
}
