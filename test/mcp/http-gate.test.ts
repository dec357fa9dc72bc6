/** Who gets into `weft mcp --http`, and what it does with what is no call. */
import { readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMcpUnderTest, type McpUnderTest } from './mcp-live.ts';

const timeout = 120_000;
let under: McpUnderTest;
let open: URL;
let closed: URL;
let remote: URL;
let bearer: string;

interface Ready {
  readonly url: string;
  readonly tokenFile: string | null;
}

async function serve(...argv: readonly string[]): Promise<Ready> {
  return JSON.parse(await under.run('mcp', ...under.place, '--json', ...argv).firstLine) as Ready;
}

beforeAll(async () => {
  under = await createMcpUnderTest();
  const [reading, writing, everywhere] = await Promise.all([
    serve('--http', '127.0.0.1:0'),
    serve('--http', '127.0.0.1:0', '--allow-register'),
    serve('--http', '0.0.0.0:0'),
  ]);
  expect(reading!.tokenFile).toBeNull();
  expect(statSync(writing!.tokenFile!).mode & 0o777).toBe(0o600);
  expect(everywhere!.tokenFile).toBe(writing!.tokenFile);
  bearer = readFileSync(writing!.tokenFile!, 'utf8').trim();
  open = new URL(reading!.url);
  closed = new URL(writing!.url);
  remote = new URL(everywhere!.url.replace('0.0.0.0', '127.0.0.1'));
}, timeout);
afterAll(() => under.close(), timeout);

const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, unknown>;
}

/** With headers that fetch would not send, each on its own connection: a kept one may be closed as it is used. */
function post(
  url: URL,
  headers: Record<string, string>,
  body: string = list,
  method = 'POST',
  path = url.pathname,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        agent: false,
        host: url.hostname,
        port: url.port,
        path,
        method,
        headers: {
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.once('end', () =>
          resolve({ status: response.statusCode!, text, headers: response.headers }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

describe('on loopback', { timeout }, () => {
  it('a call is answered', async () => {
    const { status, text } = await post(open, {});
    expect(status).toBe(200);
    expect(text).toContain('resolve_agent');
    expect(text).not.toContain('register_agent');
  });

  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '192.0.2.1',
  ])('a name that was pointed at this machine leads nowhere: %s', async (host) => {
    expect((await post(open, { host })).status).toBe(403);
  });

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'file://', 'x'])(
    'a page of another origin is refused: %s',
    async (origin) => {
      const answer = await post(open, { origin });
      expect(answer.status).toBe(403);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('a page of this machine may call', async () => {
    expect((await post(open, { origin: 'http://localhost:3000' })).status).toBe(200);
  });

  it('who may register presents the token', async () => {
    expect((await post(closed, {})).status).toBe(401);
    expect((await post(closed, { authorization: `Bearer ${bearer}x` })).status).toBe(401);
    expect((await post(closed, { authorization: bearer })).status).toBe(401);
    const refused = await post(closed, { authorization: 'Bearer ' });
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expect(JSON.parse(refused.text)).toMatchObject({
      jsonrpc: '2.0',
      error: { message: expect.any(String) },
    });
    const answer = await post(closed, { authorization: `Bearer ${bearer}` });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('register_agent');
  });
});

describe('on an address of the network', { timeout }, () => {
  it('every caller presents the token, whatever its name for this machine', async () => {
    const authorization = `Bearer ${bearer}`;
    expect((await post(remote, {})).status).toBe(401);
    expect((await post(remote, { authorization })).status).toBe(200);
    expect((await post(remote, { authorization, host: 'index.example' })).status).toBe(200);
    expect((await post(remote, { authorization, origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('what is no call', { timeout }, () => {
  it.each([
    ['GET', '/mcp', '', [405]],
    ['DELETE', '/mcp', '', [405]],
    ['PUT', '/mcp', '{}', [405]],
    ['POST', '/', list, [404]],
    ['POST', '/mcp/', list, [404]],
    ['POST', '/mcp/../x', list, [404]],
    ['POST', '//evil.example/mcp', list, [404]],
    ['POST', '/mcp', '', [400]],
    ['POST', '/mcp', '{', [400]],
    ['POST', '/mcp', 'null', [400]],
    ['POST', '/mcp', '[]', [400]],
    ['POST', '/mcp', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, [400]],
    ['POST', '/mcp', '{"jsonrpc":"2.0","id":1,"method":"nothing"}', [200, 404]],
    ['POST', '/mcp', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":1}}', [200, 400]],
    ['POST', '/mcp', JSON.stringify({ x: 'y'.repeat(70_000) }), [413]],
  ] as const)('is refused: %s %s %#', async (method, path, body, statuses) => {
    const answer = await post(open, {}, body, method, path);
    expect(statuses as readonly number[]).toContain(answer.status);
    expect(answer.text).not.toMatch(/\n\s+at |node_modules|file:\/\//);
    expect((await post(open, {})).status).toBe(200);
  });

  it('is refused when it is not JSON, or wants no answer that there is', async () => {
    expect((await post(open, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(open, { 'content-type': 'text/plain' }, 'x')).status).toBe(415);
    expect((await post(open, { accept: 'text/html' })).status).toBe(406);
  });

  it('keeps nobody out: hundreds of connections that ask for nothing', async () => {
    const idle = Array.from({ length: 300 }, () => connect(Number(open.port), '127.0.0.1'));
    await Promise.all(
      idle.map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.on('error', () => {});
            socket.once('connect', () => resolve());
          }),
      ),
    );
    expect((await post(open, {})).status).toBe(200);
    for (const socket of idle) socket.destroy();
  });

  it('does not hold the server: half a request, a caller that goes away in the middle of a wait', async () => {
    const half = connect(Number(open.port), '127.0.0.1');
    half.write('POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{');
    const call = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'watch', arguments: { agents: [`nanda:${'a'.repeat(52)}`], timeoutSeconds: 100 } },
    };
    const gone = connect(Number(open.port), '127.0.0.1');
    const body = JSON.stringify(call);
    gone.write(
      `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      () => gone.destroy(),
    );
    expect((await post(open, {})).status).toBe(200);
    const text = await new Promise<string>((resolve) => {
      let heard = '';
      half.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
      });
      half.once('close', () => resolve(heard));
    });
    expect(text).toContain('408');
  });
});
