/** How names are written, and the one form in which they are kept (docs/protocol.md §7; the paper, Table 1). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase32 } from '../../src/core/bytes.ts';
import { apexLabel, isNameLabel } from '../../src/core/name/label.ts';
import { formatName, parseLabel, parseName, parseNamespace } from '../../src/names/agent-name.ts';
import { NamesError } from '../../src/names/names-error.ts';
import { isOfOneScript } from '../../src/names/scripts.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 31);
const agent = toBase32(new Uint8Array(32).fill(7));
const key = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';

const codeOf = (text: string): string => {
  try {
    return formatName(parseName(text));
  } catch (error) {
    if (error instanceof NamesError) return error.code;
    throw error;
  }
};

describe('the names of the paper, Table 1', () => {
  it.each([
    ['civil', '@alice', { namespace: { kind: 'home' }, label: 'alice' }],
    ['government', '@US:shop', { namespace: { kind: 'word', word: 'us' }, label: 'shop' }],
    ['enterprise behind a store', '@company', { namespace: { kind: 'home' }, label: 'company' }],
    [
      'enterprise behind a store, by its zone',
      '@company.example',
      { namespace: { kind: 'dns', name: 'company.example' }, label: apexLabel },
    ],
    ['enterprise visible', '@company:shop', { namespace: { kind: 'word', word: 'company' }, label: 'shop' }],
    [
      'enterprise visible, by its zone',
      '@company.example:shop',
      { namespace: { kind: 'dns', name: 'company.example' }, label: 'shop' },
    ],
    [
      'Web3 behind a market',
      '@did:web:market.example',
      { namespace: { kind: 'did', did: 'did:web:market.example' }, label: apexLabel },
    ],
    [
      'Web3 visible',
      '@did:web:market.example:alice',
      { namespace: { kind: 'did', did: 'did:web:market.example:alice' }, label: apexLabel },
    ],
    ['Web3 visible, a key', `@${key}`, { namespace: { kind: 'did', did: key }, label: apexLabel }],
  ])('%s: %s', (_, text, name) => {
    expect(parseName(text)).toEqual(name);
    expect(parseName(formatName(parseName(text)))).toEqual(name);
  });

  it('the URN of its text (urn:agent:salesforce:starbucks) is a word and a label', () => {
    expect(parseName('urn:agent:salesforce:starbucks')).toEqual(parseName('@salesforce:starbucks'));
  });
});

describe('one spelling of each name', () => {
  it.each([
    ['URN:Agent:Example.COM:Shop', 'urn:agent:example.com:shop'],
    [' @example.com.:shop ', 'urn:agent:example.com:shop'],
    ['@ｅｘａｍｐｌｅ.com:ｓhop', 'urn:agent:example.com:shop'],
    ['@BÜCHER.example:Straße', 'urn:agent:xn--bcher-kva.example:xn--strae-oqa'],
    ['@xn--bcher-kva.example:xn--strae-oqa', 'urn:agent:xn--bcher-kva.example:xn--strae-oqa'],
    ['@пример.рф:агент', 'urn:agent:xn--e1afmkfd.xn--p1ai:xn--80agg6aza'],
    ['@例え。jp:エージェント', 'urn:agent:xn--r8jz45g.jp:xn--hckb2c7c8kyb'],
    [`@nanda:${agent}:shop`, `urn:agent:${agent}:shop`],
    [`@did:nanda:${agent}:shop`, `urn:agent:${agent}:shop`],
    [`urn:agent:${agent.toUpperCase()}:shop`, `urn:agent:${agent}:shop`],
    ['urn:agent:example.com:_', 'urn:agent:example.com:_'],
    ['@did:web:Example.com%3A8443:u', 'urn:agent:did:web:example.com%3A8443:u:_'],
    ['@Alice', '@alice'],
  ])('%s is %s', (text, spelling) => {
    expect(codeOf(text)).toBe(spelling);
    expect(codeOf(spelling)).toBe(spelling);
  });

  it.each([
    ['a Cyrillic а among Latin letters', '@аpple.com:shop'],
    ['a Greek ο in a label', '@example.com:shοp'],
    ['the same, in ASCII already', '@xn--pple-43d.com:shop'],
    ['a soft hyphen', '@exam\u00adple.com:shop'],
    ['a zero width joiner', '@exam\u200dple.com:shop'],
    ['writing from right to left by a control', '@exam\u202eple.com:shop'],
    ['a percent sign', '@exa%6dple.com:shop'],
    ['a slash', '@example.com/a:shop'],
    ['a user', '@user@example.com:shop'],
    ['an address', '@127.0.0.1:shop'],
    ['an address in short', '@127.1:shop'],
    ['an address in hexadecimal', '@0x7f000001:shop'],
    ['an IPv6 address', '@[::1]:shop'],
    ['Punycode that says nothing', '@xn--a.com:shop'],
    ['two dots', '@example..com:shop'],
    ['a label too many', '@example.com:shop:shop'],
    ['no label', 'urn:agent:example.com'],
    ['an empty label', '@example.com:'],
    ['an empty namespace', 'urn:agent::shop'],
    ['nothing', '@'],
    ['a dash first', '@example.com:-shop'],
    ['a dot in a label', '@example.com:a.b'],
    ['a label of 64', `@example.com:${'a'.repeat(64)}`],
    ['a zone of 254', `@${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(62)}:x`],
    ['a DID of another method', '@did:ion:abc'],
    ['a did:web that climbs', '@did:web:example.com:..'],
    ['a did:web at an address', '@did:web:127.0.0.1'],
    ['no name at all', 'https://example.com'],
    ['half a character', '@\ud800.com:shop'],
    ['very much', `@${'x'.repeat(600)}`],
  ])('refuses %s', (_, text) => {
    expect(codeOf(text)).toBe('bad-name');
  });

  it(`nothing that is written throws anything else, and what is read is read again the same (seed ${seed})`, () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom('example.com', 'xn--', 'did:web:', '_', agent, '。', ':', '%', 'а', 'Å', 'ﬁ', '\u0000'),
    );
    const text = fc
      .tuple(
        fc.constantFrom('@', 'urn:agent:', 'URN:AGENT:', ''),
        fc.array(part, { maxLength: 5 }),
        fc.constantFrom('', ':'),
      )
      .map(([head, parts, between]) => head + parts.join(between));
    fc.assert(
      fc.property(text, (given) => {
        const spelling = codeOf(given);
        if (spelling === 'bad-name') return;
        expect(codeOf(spelling)).toBe(spelling);
        expect(spelling).toMatch(/^[\x21-\x7e]+$/);
        expect(isNameLabel(parseName(spelling).label)).toBe(true);
      }),
      { seed, numRuns: 2_000 },
    );
  });
});

describe('parts of names', () => {
  it('a label and a namespace are read alone as they are in a name', () => {
    expect(parseLabel(' Shop ')).toBe('shop');
    expect(parseNamespace(`nanda:${agent}`)).toMatchObject({ kind: 'agent' });
    expect(parseNamespace('Example.com')).toEqual({ kind: 'dns', name: 'example.com' });
    expect(() => parseLabel('a.b')).toThrow(NamesError);
  });

  it.each([
    ['shop', true],
    ['пример', true],
    ['日本語テスト', true],
    ['tokyo東京', true],
    ['한국어', true],
    ['a1-2', true],
    ['shоp', false],
    ['αbc', false],
    ['пpимер', false],
    ['東京пример', false],
  ])('%s is of one script: %s', (label, isOne) => {
    expect(isOfOneScript(label)).toBe(isOne);
  });
});
