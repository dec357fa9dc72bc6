/** F13: Node's HTTP server never closes half-sent bodies within 100 s and has no connection cap (3,000 held). */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

const token = 'token';
const connectionsMax = 20;
let node: RecordedNode;
let api: ApiServer;
const sockets: Socket[] = [];

beforeEach(async () => {
  node = createRecordedNode();
  const onDefect = (error: unknown): never => {
    throw error;
  };
  api = await startApi(node, { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax, onDefect });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api.stop();
});

/** Opens a connection, says something, and resolves with all that came back once the other side has closed. */
function say(text: string): { readonly closed: Promise<string>; readonly socket: Socket } {
  const socket = connect(api.port, '127.0.0.1');
  sockets.push(socket);
  socket.write(text);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  const closed = new Promise<string>((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
  return { closed, socket };
}

/** The same, once it is connected. */
async function opened(text: string): Promise<ReturnType<typeof say>> {
  const said = say(text);
  await new Promise((resolve) => said.socket.once('connect', resolve));
  return said;
}

const head = `POST /v1/bundles HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n`;

describe('a client that is too slow', () => {
  it('is cut off within seconds, whether its headers or its body do not come', {
    timeout: 20_000,
  }, async () => {
    const halfHeaders = say('POST /v1/bundles HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const halfBody = say(`${head}Content-Type: application/cbor\r\nContent-Length: 100\r\n\r\nabc`);
    const began = performance.now();
    const answers = await Promise.all([halfHeaders.closed, halfBody.closed]);
    expect(performance.now() - began).toBeLessThan(15_000);
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 too slow\r\n/);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
        code: 'too-slow',
        status: 408,
      });
    }
  });

  it('makes room for others when there are as many as may be: who has asked for nothing for longest goes', async () => {
    const held: ReturnType<typeof say>[] = [];
    for (let index = 0; index < connectionsMax; index++) held.push(await opened(head));
    const closed: number[] = [];
    for (const [index, one] of held.entries()) void one.closed.then(() => closed.push(index));
    for (let round = 0; round < 3; round++) {
      const answer = await fetch(`${api.url}/healthz`, { headers: { connection: 'close' } });
      expect(answer.status).toBe(200);
    }
    await held[0]!.closed;
    expect(closed[0]).toBe(0);
    expect(closed.every((index) => index < 3)).toBe(true);
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/^weft_api_connections_closed_total\{which="idle"\} [1-3]$/m);
    const open = Number(/^weft_api_connections (\d+)$/m.exec(metrics)![1]);
    expect(open).toBeLessThanOrEqual(connectionsMax);
  });

  it('is not let in where all others have a request under way', async () => {
    const pending: ReturnType<typeof say>[] = [];
    for (let index = 0; index < connectionsMax; index++) {
      pending.push(await opened(`${head}Content-Type: application/cbor\r\nContent-Length: 9\r\n\r\n`));
    }
    // Their heads are read, and their bodies waited for.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await say('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n').closed).toBe('');
    expect(pending.every(({ socket }) => !socket.closed)).toBe(true);
  });

  it('that says nothing at all is let go without a word', { timeout: 20_000 }, async () => {
    expect(await say('').closed).toBe('');
  });

  it('gets an answer to what is no HTTP', async () => {
    expect(await say('hello\r\n\r\n').closed).toMatch(
      /^HTTP\/1\.1 400 bad request\r\n[\s\S]*"code":"bad-request"/,
    );
    expect(await say(`GET /healthz HTTP/1.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`).closed).toMatch(
      /^HTTP\/1\.1 431 headers too large\r\n[\s\S]*"code":"headers-too-large"/,
    );
  });
});

describe('the stream of changes', () => {
  async function openStreams(): Promise<number> {
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    return Number(/^weft_api_streams (\d+)$/m.exec(metrics)?.[1]);
  }

  async function open(accept: string): Promise<ReadableStreamDefaultReader<string>> {
    const response = await fetch(`${api.url}/v1/changes`, {
      headers: { authorization: `Bearer ${token}`, accept },
    });
    expect(response.status).toBe(200);
    return response.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  it('says that it listens, then one line for each change', async () => {
    const reader = await open('*/*');
    expect(JSON.parse((await reader.read()).value!)).toEqual({ type: 'listening' });
    const { state, agentId } = node.resolution;
    node.announce({ agentId, change: 'rotated', state: state!, source: 'gossip', acceptedAtMs: 1 });
    expect(JSON.parse((await reader.read()).value!)).toMatchObject({
      type: 'change',
      change: 'rotated',
      source: 'gossip',
    });
    await reader.cancel();
  });

  it('drops a reader that does not read', async () => {
    const reading = say(
      `GET /v1/changes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    reading.socket.pause();
    while ((await openStreams()) === 0) await new Promise((resolve) => setImmediate(resolve));
    const { state, agentId } = node.resolution;
    const change = { agentId, change: 'changed', state: state!, source: 'put', acceptedAtMs: 1 } as const;
    let announced = 0;
    while ((await openStreams()) === 1) {
      for (let count = 0; count < 100; count++) node.announce(change);
      announced += 100;
      expect(announced, 'far more than it may leave unread').toBeLessThan(100_000);
    }
    expect(announced).toBeGreaterThan(100);
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  });

  it('gives a reader that comes back all that it missed, however slowly it reads', async () => {
    const streams = `GET /v1/changes HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nAccept: text/event-stream\r\n`;
    const first = say(`${streams}\r\n`);
    while ((await openStreams()) === 0) await new Promise((resolve) => setImmediate(resolve));
    let seen = '';
    first.socket.on('data', (chunk) => {
      seen += chunk.toString();
    });
    const { state, agentId } = node.resolution;
    const announce = (): void =>
      node.announce({ agentId, change: 'changed', state: state!, source: 'put', acceptedAtMs: 1 });
    announce();
    while (!seen.includes('event: change')) await new Promise((resolve) => setImmediate(resolve));
    const lastId = /id: (\S+)\nevent: change/.exec(seen)![1]!;
    first.socket.destroy();
    while ((await openStreams()) === 1) await new Promise((resolve) => setImmediate(resolve));
    const missed = 4_000;
    for (let count = 0; count < missed; count++) announce();

    const second = say(`${streams}Last-Event-ID: ${lastId}\r\n\r\n`);
    let bytes = 0;
    let changes = 0;
    let rest = '';
    const all = new Promise<void>((resolve, reject) => {
      second.socket.on('data', (chunk) => {
        bytes += chunk.length;
        const events = (rest + chunk.toString()).split('\n\n');
        rest = events.pop()!;
        changes += events.filter((event) => event.includes('event: change')).length;
        if (changes === missed) resolve();
        // With pauses in which the other side can write no more.
        second.socket.pause();
        setTimeout(() => second.socket.resume(), 2);
      });
      second.socket.once('close', () => reject(new Error(`dropped after ${changes} changes`)));
    });
    await all;
    expect(bytes).toBeGreaterThan(4 * 1024 * 1024);
    announce();
    while (changes === missed) await new Promise((resolve) => setImmediate(resolve));
    expect(changes).toBe(missed + 1);
  });

  it('speaks server-sent events to who asks for them, and ends when the API stops', async () => {
    const reader = await open('text/event-stream');
    expect((await reader.read()).value).toMatch(
      /^id: [0-9a-f]{12}-0\nevent: listening\ndata: {"type":"listening"}\n\n$/,
    );
    await api.stop();
    expect((await reader.read()).done).toBe(true);
  });
});
