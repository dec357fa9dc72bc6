/** `weft mcp` as a process: how it begins and ends, and what it does without its daemon. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi } from '../../src/api/server.ts';
import { writeAddressFile } from '../../src/api/token-file.ts';
import { createMcpUnderTest, type McpUnderTest, script } from './mcp-live.ts';

const timeout = 120_000;
let under: McpUnderTest;

beforeAll(async () => {
  under = await createMcpUnderTest();
}, timeout);
afterAll(() => under.close(), timeout);

describe('over stdio', { timeout }, () => {
  const ping = '{"jsonrpc":"2.0","id":7,"method":"ping"}';

  it('it ends when the client closes its end', async () => {
    const { child, firstLine, ended } = under.run('mcp', ...under.place);
    child.stdin!.write(`${ping}\n`);
    expect(JSON.parse(await firstLine)).toMatchObject({ jsonrpc: '2.0', id: 7 });
    child.stdin!.end();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('it ends at a signal', async () => {
    const { child, firstLine, ended } = under.run('mcp', ...under.place);
    child.stdin!.write(`${ping}\n`);
    await firstLine;
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('it writes nothing but messages to stdout, whatever it is sent', async () => {
    const { child, ended } = under.run('mcp', ...under.place, '--json');
    for (const line of [
      'no JSON',
      '{',
      'null',
      '[]',
      '{"jsonrpc":"1.0"}',
      '{"jsonrpc":"2.0","id":{},"method":3}',
      '\u0000',
      `${'['.repeat(5000)}`,
      ping,
    ])
      child.stdin!.write(`${line}\n`);
    child.stdin!.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { jsonrpc: string });
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) expect(message.jsonrpc).toBe('2.0');
  });

  it('it ends, and does not grow, at a message without an end', async () => {
    const { child, ended } = under.run('mcp', ...under.place);
    child.stdin!.write('x'.repeat(1024 * 1024));
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/exceed/);
  });
});

it('tells the model that no daemon runs, and finds it once it does, also where it comes back', {
  timeout,
}, async () => {
  const { folder } = under;
  const client = new Client({ name: 'test', version: '1' });
  const args = [script, 'mcp', '--data', folder];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
  const agent = `nanda:${'a'.repeat(52)}`;
  const resolve = () => client.callTool({ name: 'resolve_agent', arguments: { agent } });
  expect(await resolve()).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/^unreachable: no daemon runs on .*`weft start`/) }],
  });
  const options = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 9, onDefect: () => {} };
  for (const token of ['one', 'two']) {
    const api = await startApi(under.nodes[0]!.node, { ...options, token });
    const tokenFile = join(folder, `${token}.token`);
    writeFileSync(tokenFile, token);
    writeAddressFile(folder, { url: api.url, tokenFile, peer: 'p', processId: 1 });
    expect((await resolve()).structuredContent).toMatchObject({ status: 'not-found' });
    await api.stop();
    expect(await resolve()).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^unreachable: the daemon at .* cannot be reached/) }],
    });
  }
  await client.close();
});

describe('over HTTP', { timeout }, () => {
  it('it says where, and ends at a signal with a call under way', async () => {
    const { child, firstLine, ended } = under.run('mcp', ...under.place, '--http', '127.0.0.1:0', '--json');
    const { url } = JSON.parse(await firstLine) as { url: string };
    const mcp = await under.connectHttp('legacy', url);
    const waiting = mcp.call('watch', { agents: ['a'.repeat(52)], timeoutSeconds: 100 });
    const refused = expect(waiting).rejects.toThrow();
    await mcp.client.listTools();
    child.kill('SIGTERM');
    await refused;
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toEqual({ type: 'stopped' });
  });

  it('a port that is taken is a clear error', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const { ended } = under.run('mcp', ...under.place, '--http', `127.0.0.1:${port}`);
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`the MCP server cannot listen on 127.0.0.1:${port}: another program uses it`);
    taken.close();
  });

  it.each(['a:b', '127.0.0.1:99999', 'x y', '::1', 'http://localhost:1'])(
    'an address that is none is wrong usage: %s',
    async (address) => {
      const { code, stderr } = await under.run('mcp', ...under.place, '--http', address).ended;
      expect(code).toBe(2);
      expect(stderr).toContain('is not an address');
    },
  );
});
