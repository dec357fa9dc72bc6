/** Facts on IPFS through a gateway that is not trusted. */
import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8ToBytes } from '../../src/core/bytes.ts';
import { factsBytesMax } from '../../src/facts/facts-limits.ts';
import { fetchFactsBytes } from '../../src/facts/fetch/facts-source.ts';
import { fetchIpfsBlock } from '../../src/facts/fetch/ipfs-block.ts';

const refusal = (code: string) => expect.objectContaining({ name: 'FactsError', code });
const file = utf8ToBytes('{"facts":"of an agent"}');
/** A field of protobuf: a varint, or bytes with their length. */
const field = (number: number, value: number | Uint8Array): number[] =>
  typeof value === 'number'
    ? [number << 3, value]
    : [
        (number << 3) | 2,
        ...(value.length < 128 ? [value.length] : [(value.length & 127) | 128, value.length >> 7]),
        ...value,
      ];
const bytes = (...parts: number[][]): Uint8Array => Uint8Array.from(parts.flat());
const unixFs = (type: number, ...more: number[][]): Uint8Array =>
  bytes(field(1, bytes(field(1, type), field(2, file), field(3, file.length), ...more)));
const sha256 = (block: Uint8Array): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(block).digest());
const cidOf = (block: Uint8Array, codec = 0x55): CID => CID.createV1(codec, create(0x12, sha256(block)));

const blocks = new Map<string, Uint8Array>();
let requests: { url: string; accept: string | undefined }[] = [];
let behave: RequestListener | null = null;
let server: Server;
let gateway: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({ url: request.url!, accept: request.headers.accept });
    if (behave !== null) {
      behave(request, response);
      return;
    }
    const block = blocks.get(new URL(request.url!, 'http://gateway').pathname.split('/')[2]!);
    response.writeHead(block === undefined ? 404 : 200, { 'content-type': 'application/vnd.ipld.raw' });
    response.end(block);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const rules = { allowPrivate: true, timeoutMs: 5_000, userAgent: 'weft/test' };
function put(block: Uint8Array, codec = 0x55): string {
  const cid = cidOf(block, codec).toString();
  blocks.set(cid, block);
  return `ipfs://${cid}`;
}

describe('a block of IPFS', () => {
  it('is asked for as raw bytes and held to the hash of its CID', async () => {
    requests = [];
    const url = put(file);
    expect((await fetchIpfsBlock(url, gateway, rules)).bytes).toEqual(file);
    expect(requests).toEqual([
      { url: `/ipfs/${url.slice(7)}?format=raw`, accept: 'application/vnd.ipld.raw' },
    ]);
  });

  it('is the file where UnixFS is around it, of version 0 too', async () => {
    for (const type of [0, 2]) {
      expect((await fetchIpfsBlock(put(unixFs(type), 0x70), gateway, rules)).bytes).toEqual(file);
    }
    const block = unixFs(2);
    const version0 = CID.createV0(create(0x12, sha256(block))).toString();
    blocks.set(version0, block);
    expect((await fetchIpfsBlock(`ipfs://${version0}`, gateway, rules)).bytes).toEqual(file);
  });

  it.each([
    ['a directory', unixFs(1)],
    ['a symbolic link', unixFs(4)],
    ['a file of several blocks', unixFs(2, field(4, 7))],
    [
      'a node with links',
      bytes(field(2, bytes(field(1, sha256(file)))), field(1, bytes(field(1, 2), field(2, file)))),
    ],
    ['a file without data', bytes(field(1, bytes(field(1, 2))))],
    ['nothing', new Uint8Array(0)],
    ['what is no protobuf', Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['a length beyond the end', Uint8Array.of(0x0a, 100, 1, 2)],
    ['a field of another type', Uint8Array.of(0x0d, 1, 2, 3, 4)],
  ])('that is %s is refused', async (_, block) => {
    await expect(fetchIpfsBlock(put(block, 0x70), gateway, rules)).rejects.toThrow(refusal('bad-answer'));
  });

  it('of other bytes is refused, whoever serves it', async () => {
    const url = `ipfs://${cidOf(file).toString()}`;
    for (const other of [utf8ToBytes('{"facts":"of another"}'), new Uint8Array(0), unixFs(2)]) {
      blocks.set(url.slice(7), other);
      await expect(fetchIpfsBlock(url, gateway, rules)).rejects.toThrow(refusal('bad-answer'));
    }
  });

  it('has a CID of SHA-256 and no path, or is not asked for', async () => {
    requests = [];
    const cid = cidOf(file).toString();
    const others = [
      `ipfs://${cid}/facts.json`,
      'ipfs://',
      'ipfs://nothing',
      `ipfs://${CID.createV1(0x71, create(0x12, sha256(file))).toString()}`,
      `ipfs://${CID.createV1(0x55, create(0x13, sha256(file))).toString()}`,
      `ipfs://${CID.createV1(0x55, create(0x00, sha256(file))).toString()}`,
      `ipfs://${CID.createV1(0x55, create(0x12, sha256(file).subarray(0, 20))).toString()}`,
      `ipfs://${cid}?x=https://a.example`,
      `ipfs://../${cid}`,
    ];
    for (const url of others) {
      await expect(fetchIpfsBlock(url, gateway, rules)).rejects.toThrow(refusal('bad-url'));
    }
    expect(requests).toEqual([]);
  });

  it('is bounded, and fetched past the guard', async () => {
    const large = new Uint8Array(factsBytesMax + 100).fill(7);
    await expect(fetchIpfsBlock(put(large), gateway, rules)).rejects.toThrow(refusal('too-large'));
    await expect(fetchIpfsBlock(put(file), gateway, { ...rules, allowPrivate: false })).rejects.toThrow(
      refusal('unsafe-address'),
    );
    behave = (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    await expect(
      fetchIpfsBlock(put(file), gateway.replace('127.0.0.1', 'localhost'), { ...rules, allowPrivate: false }),
    ).rejects.toThrow(refusal('unsafe-address'));
    behave = null;
  });
});

describe('the bytes behind an ipfs URL', () => {
  const options = { ...rules, ipfsGateway: '' };

  it('come from the overlay where somebody holds them, without a gateway', async () => {
    requests = [];
    const url = put(file);
    const found = await fetchFactsBytes(url, {
      ...rules,
      fetchContent: async (digest) => (Buffer.from(digest).equals(sha256(file)) ? file : null),
    });
    expect(found).toMatchObject({ bytes: file, servedFrom: url });
    expect(requests).toEqual([]);
  });

  it('come from the gateway where nobody does, and from nowhere without one', async () => {
    const url = put(file);
    const nobody = { ...rules, fetchContent: async () => null };
    await expect(fetchFactsBytes(url, nobody)).rejects.toThrow(refusal('unreachable'));
    expect((await fetchFactsBytes(url, { ...nobody, ipfsGateway: gateway })).bytes).toEqual(file);
    await expect(fetchFactsBytes(put(unixFs(2), 0x70), rules)).rejects.toThrow(refusal('unreachable'));
  });

  it('are hashed again, whoever says that they come from the overlay', async () => {
    const lying = { ...options, fetchContent: async () => utf8ToBytes('something else') };
    await expect(fetchFactsBytes(put(file), lying)).rejects.toThrow(refusal('bad-answer'));
  });
});
