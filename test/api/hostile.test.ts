/** What a hostile client does to a socket: bodies without an end, idle connections by the thousand, half requests. */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

const token = 'token';
const sockets: Socket[] = [];
let node: RecordedNode;
let api: ApiServer;

beforeEach(async () => {
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const given = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 2_000, onDefect };
  node = createRecordedNode();
  api = await startApi(node, given);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api.stop();
});

function open(): Promise<Socket> {
  const socket = connect(api.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends without an end until the other side has had enough; resolves with what it said and how much it took. */
async function flood(head: string, chunk: Buffer, bytesMax: number) {
  const socket = await open();
  let answer = '';
  let sent = 0;
  let isOver = false;
  socket.on('data', (data) => {
    answer += data.toString();
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isOver = true;
      resolve();
    });
  });
  socket.write(head);
  while (!isOver && sent < bytesMax) {
    sent += chunk.length;
    const isFlushed = socket.write(chunk);
    await Promise.race([
      closed,
      isFlushed
        ? new Promise((resolve) => setImmediate(resolve))
        : new Promise((resolve) => socket.once('drain', resolve)),
    ]);
  }
  await closed;
  return { answer, sent };
}

const head = `POST /v1/bundles HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/cbor\r\n`;
const megabyte = Buffer.alloc(1024 * 1024, 0x61);

describe('a body', () => {
  it('of 100 MB that says so is refused before it is read', async () => {
    const length = 100 * megabyte.length;
    const announced = await flood(`${head}Content-Length: ${length}\r\n\r\n`, Buffer.alloc(0), 0);
    expect(announced.answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(announced.answer).toContain('"code":"body-too-large"');
    const pushed = await flood(`${head}Content-Length: ${length}\r\n\r\n`, megabyte, length);
    expect(pushed.sent).toBeLessThan(length);
  }, 20_000);

  it('of 100 MB in chunks is cut off after a few', async () => {
    const chunk = Buffer.concat([Buffer.from('4000\r\n'), megabyte.subarray(0, 0x4000), Buffer.from('\r\n')]);
    const { answer, sent } = await flood(
      `${head}Transfer-Encoding: chunked\r\n\r\n`,
      chunk,
      100 * megabyte.length,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(100 * megabyte.length);
  }, 20_000);

  it('whose length is said twice, or nonsense, is no request', async () => {
    for (const lines of [
      'Content-Length: 5\r\nContent-Length: 6',
      'Content-Length: -1',
      'Content-Length: 1\r\nTransfer-Encoding: chunked',
    ]) {
      const { answer } = await flood(`${head}${lines}\r\n\r\n`, Buffer.from('x'), 1);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
  });
});

describe('a thousand idle connections', () => {
  it('leave the API usable', { timeout: 20_000 }, async () => {
    const before = process.memoryUsage.rss();
    for (let batch = 0; batch < 10; batch++) await Promise.all(Array.from({ length: 100 }, open));
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${api.url}/healthz`)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  });
});
