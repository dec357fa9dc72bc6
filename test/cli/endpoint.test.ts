/** `weft endpoint` and `weft routing` against a real API over a node that answers from memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, writeAddressFile } from '../../src/api/token-file.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createRecordedNode, type RecordedNode } from '../api/recorded-node.ts';
import { sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf } from '../helpers/test-agent.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-cli-endpoint-'));
const now = Math.floor(Date.now() / 1000);
const node: RecordedNode = createRecordedNode();
let api: ApiServer;
let id: string;

beforeAll(async () => {
  const tokenFile = join(folder, 'api.token');
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const token = openTokenFile(tokenFile);
  const options = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 10, token, onDefect };
  api = await startApi(node, { ...options, openReads: true });
  writeAddressFile(folder, { url: api.url, tokenFile, peer: node.peer, processId: process.pid });
  const { agentId } = bornAgent('cli endpoint', now - 1000);
  id = formatAgentId(agentId);
  const primary = `${api.url}/facts/${id}`;
  const agent = bornAgent('cli endpoint', now - 1000, { primary });
  const own = node.resolution;
  node.resolution = { ...own, agentId, state: agent.state };
  await node.facts.publish(
    agentId,
    signedFacts({ agentId, signer: signingKeyOf(agent), at: now }, sampleFacts(agentId)),
  );
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

const weft = (argv: readonly string[], stdin = ''): Promise<CommandResult> =>
  runCommand([...argv, '--data', folder], stdin);

describe('weft endpoint', () => {
  it('prints the endpoints for scripts, and the trace beside them for people', async () => {
    const { code, stdout, stderr } = await weft(['endpoint', id]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^https:\/\/r\.acme\.example\/a2a +rotating +ends in 4 min/);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stderr).toMatch(/^Acme Translator 1\.2\.0 {2}by the direct path\n/);
    expect(stderr).toMatch(/✓ {2}record +an AgentAddr of \d+ bytes: primary facts/);
    expect(stderr).toMatch(/proved by its key log and the signature of its fence · holds 59 min/);
    expect(stderr).toMatch(/✓ {2}facts +Acme Translator 1\.2\.0, 1 skill/);
    expect(stderr).toMatch(/✓ {2}endpoint +https:\/\/r\.acme\.example\/a2a and 2 more/);
  });

  it('prints one URL with --url, and one object with --json', async () => {
    expect(await weft(['endpoint', id, '--url'])).toMatchObject({
      code: 0,
      stdout: 'https://r.acme.example/a2a\n',
      stderr: '',
    });
    const { json } = await weft(['endpoint', id, '--json', '--avoid', 'https://r.acme.example/a2a']);
    expect(json()).toMatchObject({
      agentId: id,
      path: 'direct',
      endpoints: [{ class: 'static' }, { class: 'static' }],
      trace: [{ step: 'record' }, { step: 'facts', outcome: 'cached' }, { step: 'endpoint' }],
    });
  });

  it('shows how far it came when it fails, and exits by the reason', async () => {
    const failed = await weft(['endpoint', id, '--skill', 'cooking']);
    expect(failed).toMatchObject({ code: 4, stdout: '' });
    expect(failed.stderr).toMatch(/✓ {2}|↺ {2}/);
    expect(failed.stderr).toMatch(/name no skill cooking/);
    const json = await weft(['endpoint', id, '--path', 'private', '--json']);
    expect(json.code).toBe(4);
    expect(json.json()).toMatchObject({ error: { code: 'no-facts-url' } });
    expect(await weft(['endpoint', id, '--path', 'sideways'])).toMatchObject({ code: 2 });
    expect(await weft(['endpoint', id, '--timeout', 'soon'])).toMatchObject({ code: 2 });
  });
});

describe('weft routing', () => {
  it('sets, shows and removes what this node answers for an agent', async () => {
    const set = await weft([
      'routing',
      'set',
      id,
      '--endpoint',
      'https://a.example/',
      'https://b.example/',
      '--policy',
      'load',
      '--ttl',
      '60s',
    ]);
    expect(set.code).toBe(0);
    expect(set.stdout).toMatch(/^routed {2}nanda:/);
    expect(set.stdout).toMatch(/https:\/\/a\.example\/ +no report/);
    expect(set.stdout).toMatch(/by load, for 60 s; else rotating, then static/);
    expect(set.stdout).toMatch(/weft update nanda:\S+ --adaptive-resolver/);
    const file = join(folder, 'routing.json');
    writeFileSync(
      file,
      JSON.stringify({ endpoints: [{ url: 'https://c.example/' }], fallback: [], policies: [] }),
    );
    expect((await weft(['routing', 'set', id, file])).stdout).toMatch(
      /by chance, for 30 s; else nothing else/,
    );
    expect((await weft(['routing', 'show', id, '--json'])).json()).toMatchObject({ loads: [{ load: null }] });
    expect((await weft(['routing', 'remove', id])).stdout).toBe('removed\n');
    expect((await weft(['routing', 'remove', id])).stdout).toBe('there was nothing to remove\n');
    expect(await weft(['routing', 'show', id])).toMatchObject({ code: 4 });
  });

  it('says what is wrong, and prints the schema', async () => {
    expect(await weft(['routing', 'set', id, 'x.json', '--endpoint', 'https://a.example'])).toMatchObject({
      code: 2,
    });
    expect(await weft(['routing', 'set', id, '--endpoint', 'ftp://a'])).toMatchObject({ code: 5 });
    expect(JSON.parse((await weft(['routing', 'schema'])).stdout)).toMatchObject({ title: 'Routing' });
  });
});
