/** What the tools make of a daemon that is older, is another program, or goes away. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { createDaemonClient, type DaemonClient } from '../../src/mcp/daemon-client.ts';
import { resolveAgent, searchAgents, watchAgents } from '../../src/mcp/read-tools.ts';

const servers: Server[] = [];
const agent = 'a'.repeat(52);
const never = new AbortController().signal;

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function daemon(answer: RequestListener): Promise<DaemonClient> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return createDaemonClient(() => ({ url: `http://127.0.0.1:${port}`, token: 't' }));
}

it('says that an older daemon cannot search', async () => {
  const client = await daemon((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' });
    response.end('{"code":"no-route","detail":"there is no GET /v1/search","hint":"docs/api.md"}');
  });
  await expect(searchAgents(client, { text: 'x' }, never)).rejects.toMatchObject({
    code: 'no-route',
    message: 'this daemon cannot search',
    hint: 'update weft on its machine',
  });
});

it.each([
  ['a page', 200, 'text/html', '<html>'],
  ['a page in place of an error', 502, 'text/html', '<html>'],
  ['half of an answer', 200, 'application/json', '{"status":'],
  ['another place', 302, 'text/plain', ''],
])('tells another program from weft: %s', async (_what, status, type, body) => {
  const client = await daemon((_request, response) => {
    response.writeHead(status, { 'content-type': type, location: 'http://evil.example/' });
    response.end(body);
  });
  await expect(resolveAgent(client, { agent }, never)).rejects.toMatchObject({ code: 'unreachable' });
});

it('presents the token, and says where it was in the stream', async () => {
  const heard: unknown[] = [];
  const client = await daemon(({ url, headers }, response) => {
    heard.push([url, headers.authorization, headers['last-event-id'], headers.accept]);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const change = { type: 'change', agentId: `nanda:${agent}`, change: 'rotated', acceptedAt: 'now' };
    const text = `event: listening\ndata: {"type":"listening"}\n\nid: 0123456789ab-8\nevent: change\ndata: ${JSON.stringify(change)}\n\n`;
    // In pieces that end in the middle of a line.
    response.write(text.slice(0, 50));
    setImmediate(() => response.write(text.slice(50)));
  });
  const input = { agents: [agent], after: '0123456789ab-7', onlyRevocations: true };
  expect(await watchAgents(client, input, never)).toEqual({
    changes: [{ agentId: `nanda:${agent}`, change: 'rotated', acceptedAt: 'now', id: '0123456789ab-8' }],
    ended: 'changes',
    missed: false,
    last: '0123456789ab-8',
  });
  expect(heard).toEqual([
    [`/v1/changes?agent=${agent}&only=revocations`, 'Bearer t', '0123456789ab-7', 'text/event-stream'],
  ]);
});

it('does not take the silence of a daemon that never answered for one without changes', async () => {
  const client = await daemon(() => {});
  await expect(watchAgents(client, { agents: [agent], timeoutSeconds: 1 }, never)).rejects.toMatchObject({
    code: 'unreachable',
  });
});

it('says when the daemon ends a stream', async () => {
  const client = await daemon((_request, response) => response.end('data: {"type":"listening"}\n\n'));
  await expect(watchAgents(client, { agents: [agent] }, never)).rejects.toMatchObject({
    code: 'unreachable',
    message: 'the daemon ended the stream',
  });
});
