/** §2 and §4 of the protocol: which URLs may stand in a record, and the side-car that carries them. */
import { describe, expect, it } from 'vitest';
import { assertSideCar, sideCarUrl } from '../../../src/core/record/side-car.ts';
import { isAllowedUrl } from '../../../src/core/record/url.ts';
import { table3 } from '../../helpers/table3.ts';
import { authorNamed, codeOf, fenceOf } from './fixtures.ts';

describe('§4 URL schemes', () => {
  it.each([
    table3.primary_facts_url,
    table3.private_facts_url,
    table3.adaptive_resolver_url,
    'https://a',
    'https://a:8443',
    'https://127.0.0.1/x?y=%20#z',
    'https://[2001:db8::1]:443/facts',
    'https://xn--bcher-kva.example/',
    'http://localhost',
    'http://localhost:3000/facts',
    'http://127.0.0.1:8080/facts',
    'http://127.9.9.9/',
    'http://[::1]:80/?a',
    'ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/facts.json',
    'ipns://agent.example',
    'did:web:agent.example',
    'did:nanda:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    `https://a/${'x'.repeat(245)}`,
  ])('allows https, http on loopback only, ipfs, ipns and did: %s', (url) => {
    expect(isAllowedUrl(url)).toBe(true);
  });

  it.each([
    '',
    'https://',
    'https:///x',
    'https://?x',
    'HTTPS://a',
    'http://a.example/',
    'http://10.0.0.1/',
    'http://0.0.0.0/',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://127.0.0.1@evil.example/',
    'http://localhost@evil.example/',
    'http://localhost:80@evil.example/',
    'http://localhost\\@evil.example/',
    'http://[::1].evil.example/',
    'http://[::2]/',
    'https://user@host.example/',
    'https://user:secret@host.example/',
    'https://a b',
    'https://a\u0000',
    'https://a/\n',
    'https://bücher.example/',
    'https://a/<script>',
    'https://a:123456/',
    'ftp://a',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'ipfs://',
    'did:',
    'did:web',
    'did:WEB:x',
    `https://a/${'x'.repeat(246)}`,
  ])('refuses anything else: %j', (url) => {
    expect(isAllowedUrl(url)).toBe(false);
  });
});

describe('§2 the side-car', () => {
  const author = authorNamed('side-car');
  const three = { primary: 'https://a', private: 'https://b', adaptive: 'https://c' };
  const { addr, urls } = fenceOf(author, { urls: three });

  it('has the URL of each digest pointer, in field order', () => {
    expect(urls).toEqual(['https://a', 'https://b', 'https://c']);
    expect(codeOf(() => assertSideCar(addr, urls))).toBe('none');
    expect(sideCarUrl(addr, urls, 'private')).toBe('https://b');
  });

  it.each([
    ['a swapped pair', ['https://b', 'https://a', 'https://c']],
    ['one too few', ['https://a', 'https://b']],
    ['one too many', ['https://a', 'https://b', 'https://c', 'https://d']],
    ['another URL', ['https://a', 'https://b', 'https://x']],
    ['a URL twice', ['https://a', 'https://a', 'https://c']],
    ['none', []],
  ])('is refused with %s', (_, wrong) => {
    expect(codeOf(() => assertSideCar(addr, wrong))).toBe('bad-side-car');
  });

  it('is refused without a fence, and with a URL that is not allowed', () => {
    expect(codeOf(() => assertSideCar(null, []))).toBe('none');
    expect(codeOf(() => assertSideCar(null, ['https://a']))).toBe('bad-side-car');
    const plain = fenceOf(author, { urls: { primary: 'http://a.example' } });
    expect(codeOf(() => assertSideCar(plain.addr, plain.urls))).toBe('bad-url');
  });

  it('has a URL once that two fields share', () => {
    const shared = fenceOf(author, {
      urls: { primary: 'https://a', private: 'https://b', adaptive: 'https://a' },
    });
    expect(shared.urls).toEqual(['https://a', 'https://b']);
    expect(codeOf(() => assertSideCar(shared.addr, shared.urls))).toBe('none');
    expect(codeOf(() => assertSideCar(shared.addr, ['https://a', 'https://b', 'https://a']))).toBe(
      'bad-side-car',
    );
    expect(sideCarUrl(shared.addr, shared.urls, 'adaptive')).toBe('https://a');
  });

  it('has no entry for a blinded pointer', () => {
    const blinded = fenceOf(author, { urls: { primary: 'https://a', private: new Uint8Array(16) } });
    expect(blinded.urls).toEqual(['https://a']);
    expect(codeOf(() => assertSideCar(blinded.addr, blinded.urls))).toBe('none');
    expect(codeOf(() => sideCarUrl(blinded.addr, blinded.urls, 'private'))).toBe('bad-argument');
  });
});
