/** `GET /v1/export`: for holders of the token, as fast as it is read, and broken off where it fails. */
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { encodeArchive } from '../../src/archive/archive-format.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { bundlesIn } from '../archive/samples.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

const token = 'secret-token';
const headers = { authorization: `Bearer ${token}`, host: 'localhost' };
const defects: unknown[] = [];
let api: ReturnType<typeof createApi>;
afterEach(() => api.close());

function open(node: RecordedNode): void {
  const onDefect = (error: unknown): number => defects.push(error);
  const options = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 4, onDefect };
  api = createApi(node, { ...options, openReads: true });
}

describe('the export', () => {
  it('is an archive of what the node holds, for the token alone', async () => {
    const node = createRecordedNode();
    open(node);
    expect((await api.inject({ url: '/v1/export', headers: { host: 'localhost' } })).statusCode).toBe(401);
    const answer = await api.inject({ url: '/v1/export', headers });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/cbor-seq',
      'cache-control': 'no-store',
      'content-disposition': 'attachment; filename="weft.archive"',
    });
    expect(await bundlesIn(answer.rawPayload)).toEqual([encodeState(node.resolution.state!)]);
  });

  it('reads no more from the store than its reader takes, and stops when the reader goes', async () => {
    let yielded = 0;
    let isReturned = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (; ; yielded++) yield new Uint8Array(40_000);
      } finally {
        isReturned = true;
      }
    }
    open({ ...createRecordedNode(), archive: () => encodeArchive(endless(), 0) });
    await api.listen({ host: '127.0.0.1', port: 0 });
    const { port } = api.server.address() as AddressInfo;
    const asked = request({ host: '127.0.0.1', port, path: '/v1/export', headers });
    const answer = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      asked.once('response', resolve).end();
    });
    answer.pause();
    // It stands still once every buffer on the way is full, which is when nothing moves for a while.
    let before = -1;
    while (before !== yielded) {
      before = yielded;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(yielded).toBeLessThan(1_000);
    asked.on('error', () => undefined).destroy();
    while (!isReturned) await new Promise((resolve) => setImmediate(resolve));
    expect(isReturned).toBe(true);
  });

  it('that fails on the way ends without its mark, so that nobody takes it for whole', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 10; index++) yield new Uint8Array(40_000);
      throw new Error('the disk is gone');
    }
    open({ ...createRecordedNode(), archive: () => encodeArchive(failing(), 0) });
    const url = await api.listen({ host: '127.0.0.1', port: 0 });
    const answer = await fetch(`${url}/v1/export`, { headers: { authorization: headers.authorization } });
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow();
  });
});
