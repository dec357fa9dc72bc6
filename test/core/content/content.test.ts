/** What a storing peer takes as content, and what its URL is (docs/protocol.md §7). */
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8ToBytes } from '../../../src/core/bytes.ts';
import { contentOfUrl, contentUrl, isContentOf, readContent } from '../../../src/core/content/content.ts';
import { digest } from '../../../src/core/hash.ts';
import { contentBytesMax } from '../../../src/core/limits.ts';
import { isAllowedUrl } from '../../../src/core/record/url.ts';
import { contentBytes, contentText } from './sample-content.ts';

const now = 1_790_000_000;
const later = '2026-12-01T00:00:00Z';
const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code });
const read = (text: string) => readContent(utf8ToBytes(text), now);

describe('content', () => {
  it('is a credential as canonical JSON, named by its SHA-256', () => {
    const bytes = contentBytes('a', now + 60);
    expect(readContent(bytes, now)).toEqual({ digest: digest(bytes), validUntil: now + 60 });
    expect(isContentOf(bytes, digest(bytes))).toBe(true);
    expect(isContentOf(bytes.subarray(1), digest(bytes))).toBe(false);
  });

  it('has at most 64 KiB', () => {
    expect(readContent(contentBytes('a', now + 60, contentBytesMax), now).validUntil).toBe(now + 60);
    expect(() => readContent(contentBytes('a', now + 60, contentBytesMax + 1), now)).toThrow(
      refusal('too-large'),
    );
  });

  it('ends by its own word', () => {
    expect(() => readContent(contentBytes('a', now), now)).toThrow(refusal('expired'));
    expect(() => read(contentText('a', '2020-01-01T00:00:00Z'))).toThrow(refusal('expired'));
    for (const validUntil of ['soon', '', '2026', '2026-13-01T00:00:00Z', 7, null, undefined])
      expect(() => read(contentText('a', later, { validUntil }))).toThrow(refusal('wrong-shape'));
  });

  it.each([
    ['nothing', ''],
    ['few bytes', '{}'],
    ['what is no JSON', `${' '.repeat(80)}{`],
    ['a list', JSON.stringify([contentText('a', later)])],
    ['a text', JSON.stringify(contentText('a', later))],
    ['another type', contentText('a', later, { type: ['VerifiablePresentation'] })],
    ['no proof', contentText('a', later, { proof: undefined })],
    ['a proof that is a list', contentText('a', later, { proof: [] })],
    ['no subject', contentText('a', later, { credentialSubject: undefined })],
    [
      'a subject that is no agent',
      contentText('a', later, { credentialSubject: { id: 'did:web:a.example' } }),
    ],
    ['a list of subjects', contentText('a', later, { credentialSubject: [{ id: 'did:nanda:a' }] })],
  ])('is not %s', (_, text) => {
    expect(() => read(text)).toThrow(refusal('wrong-shape'));
  });

  it('has one spelling', () => {
    const text = contentText('a', later);
    expect(() => read(` ${text}`)).toThrow(refusal('not-canonical'));
    expect(() => read(text.replace('"proof"', '"\\u0070roof"'))).toThrow(refusal('not-canonical'));
    const { type, ...rest } = JSON.parse(text) as Record<string, unknown>;
    expect(() => read(JSON.stringify({ type, ...rest }))).toThrow(refusal('not-canonical'));
  });

  it('is not deep, however deep it is', () => {
    const deep = (levels: number): string =>
      contentText('a', later, {
        credentialSubject: {
          id: 'did:nanda:a',
          x: JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown,
        },
      });
    expect(read(deep(14)).validUntil).toBeGreaterThan(now);
    expect(() => read(deep(15))).toThrow(refusal('wrong-shape'));
    expect(() => read('['.repeat(60_000))).toThrow(refusal('wrong-shape'));
    expect(() => read(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`)).toThrow(refusal('wrong-shape'));
    // Brackets within texts are text.
    expect(read(contentText('[[[[{{{{\\"[[[['.repeat(20), later)).validUntil).toBeGreaterThan(now);
  });

  it('refuses bytes that are no UTF-8', () => {
    const bytes = contentBytes('a', now + 60);
    expect(() => readContent(concatBytes(bytes, Uint8Array.of(0xff)), now)).toThrow(refusal('wrong-shape'));
  });
});

describe('the URL of content', () => {
  const bytes = contentBytes('a', now + 60);

  it('is ipfs:// and the CID of a raw block, which a record may carry', () => {
    const url = contentUrl(digest(bytes));
    expect(url).toBe(`ipfs://${CID.createV1(0x55, create(0x12, digest(bytes))).toString()}`);
    expect(isAllowedUrl(url)).toBe(true);
    expect(contentOfUrl(url)).toEqual(digest(bytes));
  });

  it('is no other URL', () => {
    const url = contentUrl(digest(bytes));
    const cid = CID.createV1(0x55, create(0x12, digest(bytes)));
    const others = [
      `${url}/facts.json`,
      `${url}?x`,
      url.replace('ipfs:', 'ipns:'),
      url.toUpperCase(),
      url.slice(0, -1),
      `ipfs://${CID.createV1(0x70, create(0x12, digest(bytes))).toString()}`,
      `ipfs://${CID.createV1(0x55, create(0x13, digest(bytes))).toString()}`,
      `ipfs://${CID.createV0(create(0x12, digest(bytes))).toString()}`,
      `ipfs://${cid.toString().slice(0, -1)}${cid.toString().endsWith('b') ? 'c' : 'b'}x`,
      'https://a.example/',
      '',
    ];
    for (const other of others) expect(contentOfUrl(other)).toBeNull();
    // The last character has bits beyond the last byte: another spelling of the same bytes is none of ours.
    const last = 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(url.at(-1)!);
    const spelled = `${url.slice(0, -1)}${'abcdefghijklmnopqrstuvwxyz234567'[last | 1]}`;
    if (spelled !== url) expect(contentOfUrl(spelled)).toBeNull();
  });
});
