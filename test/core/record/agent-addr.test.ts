/** §2 of the protocol: the AgentAddr, sentence by sentence. */
import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyAdmitted } from '../../../src/core/ed25519.ts';
import { isProtocolError } from '../../../src/core/errors.ts';
import { type AgentAddrDraft, addrExpiresAt, agentAddrCheck } from '../../../src/core/record/agent-addr.ts';
import { decodeAgentAddr, encodeAgentAddr } from '../../../src/core/record/agent-addr-codec.ts';
import {
  ttlCodeFor,
  ttlSeconds,
  ttlSecondsByCode,
  validityCodeDefault,
  validityCodeFor,
  validityHoursByCode,
  validitySeconds,
} from '../../../src/core/record/durations.ts';
import { blindDigest, noPointer, type Pointers, urlDigest } from '../../../src/core/record/pointer.ts';
import { signAgentAddr } from '../../../src/core/record/sign.ts';
import { table3, table3JsonBytes } from '../../helpers/table3.ts';
import { authorNamed, codeOf, fenceOf, pointersOf, startSeconds, textBytes } from './fixtures.ts';

const author = authorNamed('table three', 'real');
const { agentId, establishment } = author.context;
const paper = fenceOf(author, {
  urls: {
    primary: table3.primary_facts_url,
    private: table3.private_facts_url,
    adaptive: table3.adaptive_resolver_url,
  },
  ttlCode: ttlCodeFor(table3.ttl),
}).addr;

const draft = (change: Partial<AgentAddrDraft> = {}): AgentAddrDraft => ({ ...paper, ...change });
const sign = (change: Partial<AgentAddrDraft>) => signAgentAddr(draft(change), author.context);
const publicKey = (): Uint8Array => author.context.signer.publicKey;

/** The same rule in OpenSSL, for loops: fast, and proven equal by the verifier contract. */
const opensslKey = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey()).toString('base64url') },
  format: 'jwk',
});

describe('§2 the AgentAddr', () => {
  it('holds the paper’s own example (Table 3, three URLs) in exactly 120 bytes with its signature', () => {
    expect(paper.bytes.length).toBe(120);
    expect(table3JsonBytes(paper.signature)).toBeGreaterThan(440);
    expect(verifyAdmitted(agentAddrCheck(paper, agentId, establishment, publicKey()))).toBe(true);
  });

  it('fails to decode or verify after each of its one-bit changes', () => {
    let verified = 0;
    for (let bit = 0; bit < paper.bytes.length * 8; bit++) {
      const bytes = paper.bytes.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      try {
        const check = agentAddrCheck(decodeAgentAddr(bytes), agentId, establishment, publicKey());
        if (verify(null, check.message, opensslKey, check.signature)) verified++;
      } catch (error) {
        expect(isProtocolError(error)).toBe(true);
      }
    }
    expect(verified).toBe(0);
  });

  it('lays out header, pointers and signature as the table says', () => {
    const { bytes } = paper;
    expect(bytes[0]).toBe(0b01_01_01_01);
    expect([bytes[1], bytes[2], bytes[3]]).toEqual([0, 0, (10 << 4) | 8]);
    expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(4)).toBe(startSeconds);
    expect(bytes.slice(8, 24)).toEqual(urlDigest('primary', table3.primary_facts_url));
    expect(bytes.slice(24, 40)).toEqual(urlDigest('private', table3.private_facts_url));
    expect(bytes.slice(40, 56)).toEqual(urlDigest('adaptive', table3.adaptive_resolver_url));
    expect(bytes.slice(56)).toEqual(paper.signature);
  });

  it('decodes to what was signed and encodes to the same bytes, for every combination of pointer kinds', () => {
    const digest = { kind: 'digest', digest: new Uint8Array(16).fill(7) } as const;
    const inline = { kind: 'inline', url: 'https://a.io/x' } as const;
    const blinded = { kind: 'blinded', digest: new Uint8Array(16).fill(9) } as const;
    const combinations: Pointers[] = [];
    for (const primary of [noPointer, digest, inline])
      for (const privatePointer of [noPointer, digest, inline, blinded])
        for (const adaptive of [noPointer, digest, inline])
          combinations.push({ primary, private: privatePointer, adaptive });
    const allowed = combinations.filter((pointers) => codeOf(() => sign({ pointers })) === 'none');
    expect(allowed.length).toBe(21);
    for (const pointers of allowed) {
      const addr = sign({ pointers });
      expect(decodeAgentAddr(encodeAgentAddr(addr))).toEqual(addr);
    }
  });

  it('signs "weft/addr/1" ‖ aid ‖ estDigest ‖ the bytes before the signature, so it is void under another agent or event', () => {
    const check = agentAddrCheck(paper, agentId, establishment, publicKey());
    const expected = [...textBytes('weft/addr/1'), ...agentId, ...establishment, ...paper.bytes.slice(0, 56)];
    expect([...check.message]).toEqual(expected);
    const other = new Uint8Array(32).fill(1);
    expect(verifyAdmitted(agentAddrCheck(paper, other, establishment, publicKey()))).toBe(false);
    expect(verifyAdmitted(agentAddrCheck(paper, agentId, other, publicKey()))).toBe(false);
    expect(verifyAdmitted(agentAddrCheck(paper, agentId, establishment, other))).toBe(false);
  });

  it('is 72 bytes without pointers, and refuses fewer', () => {
    const bare = sign({ pointers: pointersOf({}) });
    expect(bare.bytes.length).toBe(72);
    expect(codeOf(() => decodeAgentAddr(bare.bytes.subarray(1)))).toBe('wrong-shape');
    expect(codeOf(() => decodeAgentAddr(new Uint8Array()))).toBe('wrong-shape');
  });

  it('refuses more than 120 bytes', () => {
    expect(codeOf(() => decodeAgentAddr(new Uint8Array(121)))).toBe('too-large');
    const url = `https://a.io/${'x'.repeat(36)}`;
    const pointers = { ...pointersOf({}), primary: { kind: 'inline', url } } as const;
    expect(codeOf(() => sign({ pointers }))).toBe('bad-argument');
    expect(
      sign({ pointers: { ...pointers, primary: { kind: 'inline', url: url.slice(0, 48) } } }).bytes.length,
    ).toBe(120);
  });

  it('refuses another version', () => {
    for (const version of [0, 2, 3]) {
      const bytes = paper.bytes.slice();
      bytes[0] = (bytes[0]! & 0x3f) | (version << 6);
      expect(codeOf(() => decodeAgentAddr(bytes))).toBe('wrong-version');
    }
  });

  it('has slot 0 for the controller and 1 to 7 for delegates, and no other', () => {
    for (let slot = 0; slot <= 7; slot++) expect(decodeAgentAddr(sign({ slot }).bytes).slot).toBe(slot);
    const bytes = paper.bytes.slice();
    bytes[2] = 8;
    expect(codeOf(() => decodeAgentAddr(bytes))).toBe('wrong-shape');
    expect(codeOf(() => sign({ slot: 8 }))).toBe('bad-argument');
  });

  it('lets a one-URL agent inline a short URL, as the last pointer only', () => {
    const inline = { kind: 'inline', url: 'https://agent.example/.agent-facts' } as const;
    const pointers = { ...pointersOf({}), primary: inline };
    expect(decodeAgentAddr(sign({ pointers }).bytes).pointers).toEqual(pointers);
    expect(sign({ pointers }).bytes.length).toBe(72 + inline.url.length);
    const notLast = {
      ...pointersOf({ adaptive: 'https://b.example' }),
      primary: { kind: 'inline', url: 'did:web:a' } as const,
    };
    expect(codeOf(() => sign({ pointers: notLast }))).toBe('bad-argument');
    const bytes = sign({
      pointers: pointersOf({ primary: 'https://a', adaptive: 'https://b' }),
    }).bytes.slice();
    bytes[0] = 0b01_10_00_01;
    expect(codeOf(() => decodeAgentAddr(bytes))).toBe('wrong-shape');
  });

  it('refuses an inline URL that a side-car could not hold', () => {
    for (const url of ['', 'http://a.io', 'ftp://a.io', 'https://a b', 'https://a/\u00e9']) {
      expect(codeOf(() => sign({ pointers: { ...pointersOf({}), primary: { kind: 'inline', url } } }))).toBe(
        'bad-url',
      );
    }
    const bytes = sign({
      pointers: { ...pointersOf({}), primary: { kind: 'inline', url: 'did:web:a' } },
    }).bytes.slice();
    bytes[12] = 0xe9;
    expect(codeOf(() => decodeAgentAddr(bytes))).toBe('bad-url');
  });

  it('refuses pointers that are longer or shorter than their kinds', () => {
    const two = sign({ pointers: pointersOf({ primary: 'https://a', private: 'https://b' }) }).bytes;
    for (const kinds of [0b01_01_00_00, 0b01_01_01_01, 0b01_00_00_00]) {
      const bytes = two.slice();
      bytes[0] = kinds;
      expect(codeOf(() => decodeAgentAddr(bytes))).toBe('wrong-shape');
    }
  });

  it('blinds the private facts only: H16("weft/blind/1" ‖ salt ‖ aid ‖ url)', () => {
    const salt = new Uint8Array(16).fill(3);
    const blinded = blindDigest(salt, agentId, table3.private_facts_url);
    const addr = sign({ pointers: pointersOf({ private: blinded }) });
    expect(decodeAgentAddr(addr.bytes).pointers.private).toEqual({ kind: 'blinded', digest: blinded });
    expect(blindDigest(new Uint8Array(16), agentId, table3.private_facts_url)).not.toEqual(blinded);
    expect(blindDigest(salt, establishment, table3.private_facts_url)).not.toEqual(blinded);
    expect(codeOf(() => sign({ pointers: pointersOf({ primary: blinded }) }))).toBe('bad-argument');
    const bytes = addr.bytes.slice();
    bytes[0] = 0b01_11_00_00;
    expect(codeOf(() => decodeAgentAddr(bytes))).toBe('wrong-shape');
  });

  it('digests a URL with its field: the same URL in two fields has two digests', () => {
    const url = table3.primary_facts_url;
    expect(urlDigest('primary', url)).not.toEqual(urlDigest('adaptive', url));
    expect(urlDigest('primary', url).length).toBe(16);
  });

  it('has the tables of ttl and validity, and rounds down to them', () => {
    expect(ttlSecondsByCode.length).toBe(16);
    expect(validityHoursByCode.length).toBe(16);
    for (let code = 0; code < 16; code++) {
      expect(ttlCodeFor(ttlSeconds(code))).toBe(code);
      expect(validityCodeFor(validitySeconds(code))).toBe(code);
      expect(decodeAgentAddr(sign({ ttlCode: code, validityCode: 15 - code }).bytes)).toMatchObject({
        ttlCode: code,
        validityCode: 15 - code,
      });
    }
    expect(validitySeconds(validityCodeDefault)).toBe(48 * 3600);
    expect([ttlCodeFor(4), ttlCodeFor(3599), ttlCodeFor(1e9)]).toEqual([0, 9, 15]);
    expect([validityCodeFor(0), validityCodeFor(47 * 3600)]).toEqual([0, 7]);
    expect(codeOf(() => ttlSeconds(16))).toBe('bad-argument');
    expect(codeOf(() => validityCodeFor(-1))).toBe('bad-argument');
    expect(codeOf(() => sign({ ttlCode: 16 }))).toBe('bad-argument');
  });

  it('ends with its validity, whatever its ttl', () => {
    const addr = sign({ ttlCode: 15, validityCode: 0 });
    expect(addrExpiresAt(addr)).toBe(startSeconds + 3600);
  });

  it('refuses what does not fit its bytes', () => {
    expect(codeOf(() => sign({ issuedAt: 2 ** 32 }))).toBe('bad-argument');
    expect(codeOf(() => sign({ issuedAt: 1.5 }))).toBe('bad-argument');
    expect(codeOf(() => sign({ epoch: 256 }))).toBe('bad-argument');
    const pointers = { ...pointersOf({}), primary: { kind: 'digest', digest: new Uint8Array(15) } as const };
    expect(codeOf(() => sign({ pointers }))).toBe('bad-argument');
  });
});
