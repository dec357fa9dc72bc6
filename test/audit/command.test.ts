/** `weft audit` and the routes beneath it, against a real API over a node that answers from memory. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, writeAddressFile } from '../../src/api/token-file.ts';
import { hashLeaf } from '../../src/audit/merkle/tree-hash.ts';
import { openCheckpoint } from '../../src/audit/note/checkpoint.ts';
import { splitEntries } from '../../src/audit/tile/entry-bundle.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { otherLogPeer } from '../api/recorded-audit.ts';
import { createRecordedNode, type RecordedNode } from '../api/recorded-node.ts';
import { type CommandResult, runCommand } from '../cli/run-command.ts';
import { check } from './test-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-audit-'));
const node: RecordedNode = createRecordedNode();
const id = formatAgentId(node.resolution.agentId);
const proof = join(folder, 'agent.proof');
let api: ApiServer;

beforeAll(async () => {
  const tokenFile = join(folder, 'api.token');
  const token = openTokenFile(tokenFile);
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const bounds = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 50 };
  api = await startApi(node, { ...bounds, token, openReads: true, onDefect });
  writeAddressFile(folder, { url: api.url, tokenFile, peer: node.peer, processId: process.pid });
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

const weft = (...argv: string[]): Promise<CommandResult> => runCommand([...argv, '--data', folder]);
const get = (path: string) => fetch(`${api.url}${path}`, { headers: { connection: 'close' } });

describe('the tiles of the log', () => {
  it('are those of the checkpoint, and say how long they may be kept', async () => {
    const note = await get('/audit/checkpoint');
    expect(note.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(note.headers.get('cache-control')).toBe('no-cache');
    const checkpoint = openCheckpoint(await note.text(), check);
    expect(checkpoint.size).toBe(1);
    const bundle = await get('/audit/tile/entries/000.p/1');
    expect(bundle.headers.get('content-type')).toBe('application/octet-stream');
    expect(bundle.headers.get('cache-control')).toBe('public, max-age=3600');
    const [entry] = splitEntries(new Uint8Array(await bundle.arrayBuffer()))!;
    const hashes = new Uint8Array(await (await get('/audit/tile/0/000.p/1')).arrayBuffer());
    expect(hashes).toEqual(hashLeaf(entry!));
    expect(hashes).toEqual(checkpoint.root);
  });

  it.each([
    '/audit/tile/0/000',
    '/audit/tile/0/000.p/2',
    '/audit/tile/0/001.p/1',
    '/audit/tile/1/000.p/1',
    '/audit/tile/99/000',
    '/audit/tile/0/x999/x999/x999/x999/x999/999',
    '/audit/tile/entries/999999999999999999999999',
    '/audit/tile/entries/..%2f..%2fstore',
    '/audit/tile/-1/000',
    '/audit/tile/0/%00',
    '/audit/tile/',
  ])('are not %s', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'no-such-tile' });
  });

  it.each([
    ['/v1/audit/entries?from=-1', 400],
    ['/v1/audit/entries?from=1e9', 400],
    ['/v1/audit/entries?limit=1001', 400],
    ['/v1/audit/entries?limit=0', 400],
    ['/v1/audit/entries?from=999999999999999', 200],
    [`/v1/audit/agents/${'a'.repeat(300)}`, 400],
    ['/v1/audit/agents/nonsense', 400],
    [`/v1/audit/agents/${id}?peer=${'x'.repeat(65)}`, 400],
  ])('answer %s with %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  it('are not proven to continue what is no checkpoint of this log', async () => {
    for (const checkpoint of ['', 'x', 'x'.repeat(5000)]) {
      const answer = await fetch(`${api.url}/v1/audit/consistency`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ checkpoint }),
      });
      expect([400, 422]).toContain(answer.status);
    }
  });
});

describe('weft audit', () => {
  it('prints the checkpoint as it was signed, and keeps it in a file', async () => {
    const { code, stdout } = await weft('audit', 'checkpoint');
    expect(code).toBe(0);
    expect(openCheckpoint(stdout, check).size).toBe(1);
    const file = join(folder, 'monday.note');
    expect((await weft('audit', 'checkpoint', '--out', file)).stdout).toBe('');
    expect(readFileSync(file, 'utf8')).toBe(stdout);
    const since = join(folder, 'week.proof');
    expect((await weft('audit', 'prove', '--since', file, '--out', since)).code).toBe(0);
    expect((await weft('audit', 'verify', since)).stdout).toContain('begins with all 1 of before');
  });

  it('shows what was accepted, and whose logs are known', async () => {
    const { code, stdout, stderr } = await weft('audit', 'log');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^0 {2}2025-10-09T08:53:20Z {2}icp {2}${id} {2}[0-9a-f]{64}\n$`));
    expect(stderr).toBe('1 entry in the log\n');
    const peers = await weft('audit', 'log', '--peers');
    expect(peers.stdout).toMatch(new RegExp(`^${otherLogPeer} {2}consistent {2}0 entries {2}`));
  });

  it('makes a proof that anybody verifies without a daemon', async () => {
    const made = await weft('audit', 'prove', id, '--out', proof);
    expect(made).toMatchObject({ code: 0, stdout: '' });
    const { code, stdout } = await runCommand(['audit', 'verify', proof, '--data', join(folder, 'nowhere')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^holds: 1 entry about ${id} in the log of 12D3Koo`));
    const json = (await runCommand(['audit', 'verify', '--json'], readFileSync(proof))).json();
    expect(json).toMatchObject({
      holds: true,
      kind: 'inclusion',
      agentId: id,
      status: 'active',
    });
    const [{ peer }] = json['logs'] as [{ peer: string }];
    expect((await weft('audit', 'verify', proof, '--log', peer)).code).toBe(0);
    expect(await weft('audit', 'verify', proof, '--log', otherLogPeer)).toMatchObject({ code: 5 });
  });

  it('refuses a proof that was changed, with the reason', async () => {
    const text = readFileSync(proof, 'utf8');
    const altered = join(folder, 'altered.proof');
    writeFileSync(altered, text.replace('"index": 0', '"index": 1'));
    const { code, stderr } = await weft('audit', 'verify', altered);
    expect(code).toBe(5);
    expect(stderr).toContain('entry 1 is not in the tree of 1 by its proof');
    writeFileSync(altered, text.replace('\\n1\\n', '\\n2\\n'));
    expect((await weft('audit', 'verify', altered)).stderr).toContain('not signed by the node');
    expect((await weft('audit', 'verify', join(folder, 'nothing'))).code).toBe(5);
  });

  it('compares views and logs, and contradicts nobody without a reason', async () => {
    const same = await weft('audit', 'compare', id, '--with', api.url);
    expect(same).toMatchObject({ code: 0, stdout: '' });
    expect(same.stderr).toContain('both have the same events');
    expect((await weft('audit', 'compare', id, '--with', otherLogPeer, '--json')).json()).toEqual({
      verdict: 'same',
      contradicts: false,
      proof: null,
    });
    expect((await weft('audit', 'compare', '--with', api.url)).stderr).toContain('continues');
    expect((await weft('audit', 'compare', '--with', otherLogPeer)).code).toBe(0);
  });

  it.each([
    [['audit', 'prove'], 2],
    [['audit', 'prove', 'nonsense'], 2],
    [['audit', 'compare', '--with', 'somebody'], 2],
    [['audit', 'log', '--limit', '0'], 2],
    [['audit', 'compare', '--with', 'http://127.0.0.1:9'], 3],
  ] as const)('ends %j with %i', async (argv, code) => {
    expect((await weft(...argv)).code).toBe(code);
  });
});
