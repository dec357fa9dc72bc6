/** Requests that are meant to be read in two ways, or to make a server work without end: each is read in one way, and bounded. */
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

const token = 'token';
let node: RecordedNode;
let api: ApiServer;
const defects: unknown[] = [];

beforeAll(async () => {
  node = createRecordedNode();
  const onDefect = (error: unknown): number => defects.push(error);
  const given = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 200, onDefect };
  api = await startApi(node, { ...given, openReads: true });
});
beforeEach(() => {
  node.calls.length = 0;
  defects.length = 0;
});
afterAll(() => api.stop());

/** Sends bytes as they are; what came back until the other side closed, or had nothing more to say for so long. */
function send(bytes: string | Buffer, silenceMs = 300): Promise<{ text: string; isClosed: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(api.port, '127.0.0.1');
    let text = '';
    let timer: NodeJS.Timeout;
    const end = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, isClosed });
    };
    timer = setTimeout(() => end(false), 5_000);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(() => end(false), silenceMs);
    });
    socket.on('error', () => {});
    socket.on('close', () => end(true));
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

/** Statuses of all answers in what came back. */
function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const host = 'Host: 127.0.0.1\r\n';
const secret = `GET /v1/agents HTTP/1.1\r\n${host}Authorization: Bearer ${token}\r\n\r\n`;
const post = `POST /v1/resolve HTTP/1.1\r\n${host}Content-Type: application/json\r\n`;

describe('a request whose length can be read in two ways', () => {
  it.each([
    ['two lengths', `${post}Content-Length: 2\r\nContent-Length: 90\r\n\r\n{}`],
    ['a list of lengths', `${post}Content-Length: 2, 90\r\n\r\n{}`],
    ['a length and chunks', `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and a length', `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
    ['chunks that are not the last coding', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['chunks twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding in disguise', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a folded header', `${post}Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
    ['a negative length', `${post}Content-Length: -2\r\n\r\n{}`],
    ['a length with a sign', `${post}Content-Length: +2\r\n\r\n{}`],
    ['a length in hexadecimal', `${post}Content-Length: 0x2\r\n\r\n{}`],
    ['a length beyond numbers', `${post}Content-Length: 99999999999999999999\r\n\r\n{}`],
    ['a chunk size that is none', `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`],
    ['a chunk longer than its size', `${post}Transfer-Encoding: chunked\r\n\r\n1\r\n{}{}\r\n0\r\n\r\n`],
    ['lines that end in a line feed alone', `${post.replaceAll('\r\n', '\n')}Content-Length: 2\n\n{}`],
    ['a null byte in a header', `${post}X: a\0b\r\nContent-Length: 2\r\n\r\n{}`],
    ['a carriage return in a header', `${post}X: a\rContent-Length: 2\r\n\r\n{}`],
  ])('is refused, and what comes after it is not read: %s', async (_, request) => {
    const { text, isClosed } = await send(request + secret);
    const statuses = statusesOf(text);
    expect(statuses).toHaveLength(1);
    expect(statuses[0]! >= 400 && statuses[0]! < 500, text).toBe(true);
    expect(isClosed).toBe(true);
    expect(node.calls).toEqual([]);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ status: statuses[0] });
  });
});

describe('the Host of a request', () => {
  it.each([
    ['none', '', 400],
    ['two', `${host}${host}`, 400],
    ['two that differ', `${host}Host: evil.example\r\n`, 400],
    ['empty', 'Host: \r\n', 421],
    ['another name', 'Host: evil.example\r\n', 421],
    ['a name that begins with ours', 'Host: 127.0.0.1.evil.example\r\n', 421],
    ['a user before another name', 'Host: 127.0.0.1@evil.example\r\n', 421],
    ['another name before ours', 'Host: evil.example#127.0.0.1\r\n', 421],
    ['a number for an address', 'Host: 2130706433\r\n', 421],
    ['a port that is none', 'Host: 127.0.0.1:x\r\n', 421],
    ['letters that look like ours', 'Host: l\u00f6calhost\r\n', 421],
    ['bytes that are no text', 'Host: \xff\xfe\r\n', 421],
  ])('is one, and ours: %s', async (_, lines, status) => {
    const { text } = await send(`GET /v1/status HTTP/1.1\r\n${lines}\r\n`);
    expect(statusesOf(text)).toEqual([status]);
    expect(node.calls).toEqual([]);
  });

  it('is looked at in HTTP/1.0, too, and the connection ends with the answer', async () => {
    const plain = await send('GET /healthz HTTP/1.0\r\n\r\n');
    expect(statusesOf(plain.text)).toEqual([421]);
    const named = await send(`GET /healthz HTTP/1.0\r\n${host}\r\n`);
    expect(statusesOf(named.text)).toEqual([200]);
    expect(named.isClosed).toBe(true);
    const oldest = await send('GET /healthz\r\n\r\n');
    expect(oldest.text === '' || statusesOf(oldest.text)[0] === 400).toBe(true);
    const future = await send(`GET /healthz HTTP/9.9\r\n${host}\r\n`);
    expect(statusesOf(future.text)).toEqual([400]);
  });
});

describe('the target of a request', () => {
  it.each([
    'http://evil.example/v1/agents',
    'http://127.0.0.1/v1/agents',
    'http://evil.example@127.0.0.1/v1/agents',
    '*',
    '/v1/agents/..',
    '/v1/status/../agents',
    '/v1/status/%2e%2e/agents',
    '/v1/status/%2E%2E%2Fagents',
    '/v1/status/..%2fagents',
    '/v1/status/..%5cagents',
    '/v1/status/%252e%252e/agents',
    '/v1/status/%c0%ae%c0%ae/agents',
    '/v1/status/%e0%80%ae%e0%80%ae/agents',
    '/v1/status/%uff0e%uff0e/agents',
    '/v1/status\\..\\agents',
    '/v1/status;/../agents',
    '/v1/%61gents%00',
    '/v1/agents%0d%0aX-Injected:%20yes',
    '/v1/agents%ff',
    '//v1/agents',
    '///127.0.0.1/v1/agents',
    '/v1/agents/',
    '/v1/agents?x=%',
    `/${'a'.repeat(8_000)}`,
    `/v1/agents/${'%2e'.repeat(2_000)}`,
    `/v1/agents?${'a=1&'.repeat(2_000)}`,
  ])('shows nothing without the token, however it is spelt: %s', async (target) => {
    const { text } = await send(`GET ${target} HTTP/1.1\r\n${host}\r\n`);
    const statuses = statusesOf(text);
    expect(statuses).toHaveLength(1);
    expect(statuses[0]! >= 400 && statuses[0]! < 500, text).toBe(true);
    expect(text.toLowerCase()).not.toMatch(/^x-injected/m);
    expect(text).not.toContain(formatAgentId(node.resolution.agentId));
    expect(node.calls).toEqual([]);
    expect(defects).toEqual([]);
  });

  it.each(['CONNECT', 'TRACE', 'PUT', 'DELETE', 'PROPFIND', 'QUERY', 'OPTIONS', 'FOO', 'get'])(
    'is not reached by a method that no route has: %s',
    async (method) => {
      const { text, isClosed } = await send(`${method} /v1/status HTTP/1.1\r\n${host}\r\n`);
      const [status = 400] = statusesOf(text);
      expect(text === '' ? isClosed : status >= 400 && status < 500, text).toBe(true);
      expect(text).not.toContain('agents');
      expect(node.calls).toEqual([]);
    },
  );
});

describe('what a request asks of the connection', () => {
  it('is not another protocol', async () => {
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n';
    for (const to of ['websocket', 'h2c']) {
      const { text } = await send(`GET /healthz HTTP/1.1\r\n${host}${upgrade}Upgrade: ${to}\r\n\r\n`);
      expect(statusesOf(text)).toEqual([200]);
    }
    const { text } = await send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect(statusesOf(text)).toEqual([400]);
  });

  it('is refused before its body is sent, where it asks first', async () => {
    const { text } = await send(`${post}Content-Length: 104857600\r\nExpect: 100-continue\r\n\r\n`);
    expect(statusesOf(text).at(-1)).toBe(413);
  });
});

describe('a flood', () => {
  it('of headers is refused, in number and in size', async () => {
    const many = 'A: b\r\n'.repeat(5_000);
    expect(statusesOf((await send(`GET /healthz HTTP/1.1\r\n${host}${many}\r\n`)).text)).toEqual([431]);
    const long = `A: ${'b'.repeat(60_000)}\r\n`;
    expect(statusesOf((await send(`GET /healthz HTTP/1.1\r\n${host}${long}\r\n`)).text)).toEqual([431]);
    const some = 'A: b\r\n'.repeat(500);
    expect(statusesOf((await send(`GET /healthz HTTP/1.1\r\n${host}${some}\r\n`)).text)).toEqual([200]);
  });

  it('of requests in one write is answered in order, up to a bound', async () => {
    const count = 250;
    const request = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
    const { text } = await send(request.repeat(count), 1_500);
    const statuses = statusesOf(text);
    expect(statuses).toHaveLength(count);
    expect(statuses.every((status) => status === 200)).toBe(true);
    const flood = await send(request.repeat(20_000));
    expect(flood.isClosed).toBe(true);
    expect(statusesOf(flood.text).length).toBeLessThan(20_000);
  });

  it('of requests whose answers nobody reads ends with the connection, and keeps nobody out', async () => {
    const request = Buffer.from(`GET /openapi.json HTTP/1.1\r\n${host}\r\n`.repeat(1_000));
    const sockets = Array.from({ length: 10 }, () => connect(api.port, '127.0.0.1'));
    const before = process.memoryUsage.rss();
    const closed = sockets.map(
      (socket) => new Promise((resolve) => socket.on('error', () => {}).on('close', resolve)),
    );
    for (const socket of sockets) {
      socket.pause();
      for (let part = 0; part < 20; part++) socket.write(request);
    }
    for (let round = 0; round < 5; round++) expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    // Read now, so that their end is seen.
    for (const socket of sockets) socket.resume();
    await Promise.all(closed);
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 1024 * 1024);
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    const flooding = /^weft_api_connections_closed_total\{which="flooding"\} (\d+)$/m.exec(metrics)?.[1];
    expect(Number(flooding)).toBeGreaterThanOrEqual(10);
  });
});

describe('a web page', () => {
  it.each(['https://evil.example', 'null', 'http://127.0.0.1.evil.example', '\xff', 'http://localhost'])(
    'of another origin is given nothing to read: %s',
    async (origin) => {
      const { text } = await send(`GET /v1/status HTTP/1.1\r\n${host}Origin: ${origin}\r\n\r\n`);
      expect(statusesOf(text)).toEqual([200]);
      expect(text.toLowerCase()).not.toContain('access-control-');
      const asked = `Origin: ${origin}\r\nAccess-Control-Request-Method: POST\r\n`;
      const preflight = await send(`OPTIONS /v1/agents HTTP/1.1\r\n${host}${asked}\r\n`);
      expect(statusesOf(preflight.text)[0]).toBeGreaterThanOrEqual(400);
      expect(preflight.text.toLowerCase()).not.toContain('access-control-');
    },
  );
});

describe('a stream of changes among other requests of its connection', () => {
  it('begins after the answers before it, and nothing comes between its events', async () => {
    const health = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
    const stream = `GET /v1/changes HTTP/1.1\r\n${host}Accept: text/event-stream\r\n\r\n`;
    const answer = send(`${health}${stream}${health}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { agentId, state } = node.resolution;
    node.announce({ agentId, change: 'rotated', state: state!, source: 'put', acceptedAtMs: 1 });
    const { text } = await answer;
    const bodies = text.split(/HTTP\/1\.1 200 OK\r\n/).slice(1);
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toContain('{"status":"ok"}');
    const events = bodies[1]!.slice(bodies[1]!.indexOf('\r\n\r\n') + 4);
    expect(events).toMatch(/^id: \S+\nevent: listening\n[^\n]+\n\nid: \S+\nevent: change\n[^\n]+\n\n$/);
  });

  it('is not opened when it would leave no connection to others', async () => {
    const small = await startApi(node, {
      host: '127.0.0.1',
      port: 0,
      remote: false,
      token,
      connectionsMax: 16,
      openReads: true,
      onDefect: (error) => defects.push(error),
    });
    const abort = new AbortController();
    const open = () => fetch(`${small.url}/v1/changes`, { signal: abort.signal });
    const streams = await Promise.all(Array.from({ length: 15 }, open));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    const refused = await open();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(await refused.json()).toMatchObject({ code: 'too-many-streams' });
    expect((await fetch(`${small.url}/healthz`)).status).toBe(200);
    abort.abort();
    await small.stop();
  });
});
