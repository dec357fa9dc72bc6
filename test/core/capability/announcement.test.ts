/** Capability announcements, their bytes and what they are checked for (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { bytesToHex, utf8ToBytes } from '../../../src/core/bytes.ts';
import { admitCapabilities } from '../../../src/core/capability/admit.ts';
import { decodeCapabilities } from '../../../src/core/capability/announcement.ts';
import { isTag, parseTag, tagPoint, tagPrefixes } from '../../../src/core/capability/tag.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../../src/core/cbor.ts';
import { verifyAdmitted } from '../../../src/core/ed25519.ts';
import { isProtocolError } from '../../../src/core/errors.ts';
import { digest } from '../../../src/core/hash.ts';
import { keyEventValue } from '../../../src/core/identity/key-event-codec.ts';
import { assertTimely, compareItems } from '../../../src/core/place/signed-item.ts';
import { fuzzDecoder } from '../../helpers/mutate.ts';
import { bornAgent, ended, recovered, rotated, type TestAgent } from '../../helpers/test-agent.ts';
import { announced, startSeconds } from './fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 11);
const agent = bornAgent('capable', startSeconds);
const other = bornAgent('other', startSeconds);
const turned = rotated(agent, startSeconds + 5);

function codeOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (isProtocolError(error)) return error.code;
    throw error;
  }
  return 'taken';
}

/** The announcement's values with one part replaced. */
function altered(change: (items: CborValue[]) => void, tags = ['/a', '/b']): Uint8Array {
  const items = structuredClone(decodeCanonical(announced(agent, tags).bytes, 65_536)) as CborValue[];
  change(items);
  return encodeCanonical(items);
}

describe('a tag', () => {
  it.each([
    ['/translate/en-es', '/translate/en-es'],
    ['Translate/EN-ES/', '/translate/en-es'],
    ['  /a/b/c/d ', '/a/b/c/d'],
    ['c++.build_2', '/c++.build_2'],
  ])('"%s" has the normal form %s', (text, tag) => {
    expect(parseTag(text)).toBe(tag);
    expect(isTag(tag)).toBe(true);
  });

  it.each([
    '',
    '/',
    '//',
    '/a//b',
    '/a/b/c/d/e',
    '/é',
    '/a b',
    '/-a',
    '/.',
    '/a/..',
    `/${'x'.repeat(64)}`,
    '/a?',
  ])('"%s" is refused', (text) => {
    expect(codeOf(() => parseTag(text))).toBe('bad-tag');
    expect(isTag(text)).toBe(false);
  });

  it('stands at each of its prefixes', () => {
    expect(tagPrefixes('/translate/en-es/legal')).toEqual([
      '/translate',
      '/translate/en-es',
      '/translate/en-es/legal',
    ]);
  });

  it('has its place at H("weft/cap/1" ‖ tag)', () => {
    expect(tagPoint('/translate')).toEqual(digest(utf8ToBytes('weft/cap/1/translate')));
  });
});

describe('a capability announcement', () => {
  it('comes back from its bytes as it went in, its tags in order and each once', () => {
    const made = announced(agent, ['/b', 'A/x', '/b']);
    expect(made.tags).toEqual(['/a/x', '/b']);
    expect(decodeCapabilities(made.bytes)).toEqual(made);
    expect(made.expiresAt - made.issuedAt).toBe(24 * 3600);
    expect(bytesToHex(made.agentId)).toBe(bytesToHex(agent.agentId));
  });

  it('takes a few hundred bytes with a fresh key log', () => {
    expect(announced(agent, ['/translate/en-es', '/summarise']).bytes.length).toBeLessThan(400);
  });

  it('says at most 4 tags', () => {
    expect(codeOf(() => announced(agent, ['/a', '/b', '/c', '/d', '/e']))).toBe('bad-argument');
    const five = altered((items) => {
      (items[0] as CborValue[])[1] = ['/a', '/b', '/c', '/d', '/e'];
    });
    expect(codeOf(() => decodeCapabilities(five))).toBe('wrong-shape');
  });

  it('lasts at most 24 hours', () => {
    for (const hours of [0, 25]) {
      const bytes = altered((items) => {
        (items[0] as CborValue[])[3] = hours;
      });
      expect(codeOf(() => decodeCapabilities(bytes))).toBe('wrong-shape');
    }
  });

  it.each([
    ['out of order', ['/b', '/a']],
    ['twice', ['/a', '/a']],
    ['not in its normal form', ['/A']],
    ['without a slash', ['a']],
  ])('is refused with a tag %s', (_, tags) => {
    const bytes = altered((items) => {
      (items[0] as CborValue[])[1] = tags;
    });
    expect(codeOf(() => decodeCapabilities(bytes))).toBe('bad-tag');
  });

  it('is refused without a key log, and with one that does not begin with an inception', () => {
    const without = altered((items) => {
      items[2] = [];
    });
    expect(codeOf(() => decodeCapabilities(without))).toBe('bad-key-log');
    const headless = altered((items) => {
      items[2] = [keyEventValue(turned.state.keyState.head) as CborValue];
    });
    expect(codeOf(() => decodeCapabilities(headless))).toBe('bad-key-log');
  });

  it('is refused before its time and after its end', () => {
    const made = announced(agent, ['/a'], startSeconds, 2);
    expect(codeOf(() => assertTimely(made, startSeconds - 120))).toBe('taken');
    expect(codeOf(() => assertTimely(made, startSeconds - 121))).toBe('from-the-future');
    expect(codeOf(() => assertTimely(made, startSeconds + 7199))).toBe('taken');
    expect(codeOf(() => assertTimely(made, startSeconds + 7200))).toBe('expired');
  });

  it('of two, the later stands', () => {
    const [early, late] = [announced(agent, ['/a']), announced(agent, [], startSeconds + 1)];
    expect(compareItems(late, early)).toBeGreaterThan(0);
    expect(compareItems(early, early)).toBe(0);
  });

  it(`survives 5,000 mutations with a typed error or a reading (seed ${seed})`, () => {
    const valid = [announced(agent, ['/a', '/b/c']).bytes, announced(turned, []).bytes];
    const { refused, taken } = fuzzDecoder(decodeCapabilities, valid, { inputs: 5_000, seed });
    expect(refused + taken).toBe(5_000);
    expect(refused).toBeGreaterThan(1_000);
  });
});

describe('who checks an announcement', () => {
  const verified = (bytes: Uint8Array, held: TestAgent | null): boolean =>
    admitCapabilities(decodeCapabilities(bytes), held?.state.keyState ?? null).checks.every(verifyAdmitted);

  it('needs nothing but its bytes', () => {
    expect(verified(announced(agent, ['/a']).bytes, null)).toBe(true);
    expect(verified(announced(turned, ['/a']).bytes, null)).toBe(true);
    expect(verified(announced(recovered(turned, startSeconds + 9), ['/a']).bytes, null)).toBe(true);
  });

  it('owes the check of the announcement alone where it holds the key log', () => {
    expect(admitCapabilities(announced(turned, ['/a']), turned.state.keyState).checks).toHaveLength(1);
    expect(admitCapabilities(announced(turned, ['/a']), agent.state.keyState).checks).toHaveLength(2);
    expect(admitCapabilities(announced(turned, ['/a']), null).checks).toHaveLength(3);
  });

  it('finds altered tags, times and signatures, and those of another agent', () => {
    const changes: ((items: CborValue[]) => void)[] = [
      (items) => {
        (items[0] as CborValue[])[1] = ['/a', '/c'];
      },
      (items) => {
        (items[0] as CborValue[])[2] = startSeconds + 1;
      },
      (items) => {
        (items[0] as CborValue[])[3] = 23;
      },
      (items) => {
        items[1] = new Uint8Array(64).fill(1);
      },
      (items) => {
        items[2] = other.state.keyState.chain.map(keyEventValue) as CborValue[];
      },
    ];
    for (const change of changes) expect(verified(altered(change), null)).toBe(false);
  });

  it('refuses what was signed before a rotation or recovery that it knows', () => {
    const old = announced(agent, ['/a']);
    expect(codeOf(() => admitCapabilities(old, turned.state.keyState))).toBe('wrong-establishment');
    const healed = recovered(agent, startSeconds + 5).state.keyState;
    expect(codeOf(() => admitCapabilities(old, healed))).toBe('wrong-establishment');
  });

  it('refuses those of an agent that has ended or is forked', () => {
    const old = announced(agent, ['/a']);
    expect(codeOf(() => admitCapabilities(old, ended(agent, startSeconds + 5).state.keyState))).toBe(
      'tombstoned',
    );
    const branch = rotated(agent, startSeconds + 6, ' b');
    expect(codeOf(() => admitCapabilities(announced(branch, ['/a']), turned.state.keyState))).toBe('forked');
  });

  it('refuses a log with an event that is not on the chain, or not in order', () => {
    const events = turned.state.keyState.chain.map(keyEventValue) as CborValue[];
    const items = decodeCanonical(announced(turned, ['/a']).bytes, 65_536) as CborValue[];
    const twice = encodeCanonical([items[0]!, items[1]!, [...events, events[1]!]]);
    expect(codeOf(() => admitCapabilities(decodeCapabilities(twice), null))).toBe('bad-key-log');
  });
});
