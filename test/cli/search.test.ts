/** `weft search` and `weft announce` against a real API over a node that answers from memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, writeAddressFile } from '../../src/api/token-file.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { NodeError } from '../../src/node/node-types.ts';
import { createRecordedNode, type RecordedNode } from '../api/recorded-node.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-cli-'));
const node: RecordedNode = createRecordedNode();
const id = formatAgentId(node.resolution.agentId);
const { found } = node;
let api: ApiServer;

beforeAll(async () => {
  const tokenFile = join(folder, 'api.token');
  const token = openTokenFile(tokenFile);
  const onDefect = (error: unknown): never => {
    throw error;
  };
  api = await startApi(node, {
    host: '127.0.0.1',
    port: 0,
    remote: false,
    connectionsMax: 10,
    token,
    onDefect,
  });
  writeAddressFile(folder, { url: api.url, tokenFile, peer: node.peer, processId: process.pid });
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  node.failure = null;
  node.found = found;
  node.calls.length = 0;
});

const weft = (...argv: string[]): Promise<CommandResult> => runCommand([...argv, '--data', folder]);

describe('weft search', () => {
  it('shows who announced a tag, that it is a hint, and how far was looked', async () => {
    const { code, stdout } = await weft('search', '/translate');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${id} {2}50 {2}hint {2}/translate/en-es {2}ends in `));
    expect(stdout).toMatch(/1 agent; 5 of 6 peers asked answered\n$/);
    expect(node.calls.find(([name]) => name === 'search')?.[1]).toMatchObject({
      tag: '/translate',
      verify: false,
    });
  });

  it('passes the wishes on, and gives one object with --json', async () => {
    const argv = ['--verify', '--limit', '3', '--timeout', '2s', '--json'];
    const { code, json } = await weft('search', '/translate', ...argv);
    expect(code).toBe(0);
    expect(json()).toMatchObject({ results: [{ agentId: id, source: 'announcement' }] });
    expect(node.calls.find(([name]) => name === 'search')?.[1]).toMatchObject({
      ...{ tag: '/translate', verify: true, limit: 3, timeoutMs: 2_000 },
    });
  });

  it('looks for words in what the node has seen, and says how far that is', async () => {
    const { code, stdout } = await weft('search', 'legal translation');
    expect(code).toBe(4);
    expect(stdout).toBe(
      'nobody was found; 0 of 0 candidates looked at; this node has seen no agents in passing\n',
    );
    expect(node.calls.map(([name]) => name)).toEqual(['query']);
    expect(node.calls[0]![1]).toMatchObject({ text: 'legal translation', limit: 20, verify: true });
  });

  it('asks with filters, and says of each agent what was not checked', async () => {
    node.answer = {
      results: [
        {
          ...{ agentId: node.resolution.agentId, name: 'Translator', description: null, score: 50 },
          ...{ tags: ['/translate/en-es'], mark: 'hint', trust: 'record', reason: 'unsafe-address' },
          filters: { skill: 'announced', language: 'unchecked', minTrust: 'unchecked' },
          ...{ sources: ['announcement'], factsFrom: null, issuer: null, expiresAtSeconds: 1_900_000_000 },
        },
      ],
      horizon: {
        overlay: { tag: '/translate', asked: 6, responders: 5, isComplete: true },
        seen: { agents: 2, facts: 1, sinceMs: Date.now() - 3_600_000, forgotten: 0 },
        ...{ candidates: 3, checked: 3, fetched: 3, isTimedOut: false },
      },
    };
    const filters = [
      '--skill',
      '/translate',
      '--language',
      'es',
      '--region',
      'eu',
      '--min-trust',
      'facts',
      '--strict',
    ];
    const { code, stdout } = await weft(
      'search',
      ...filters,
      '--no-fetch',
      '--limit',
      '5',
      '--timeout',
      '3s',
    );
    expect(code).toBe(0);
    expect(node.calls[0]![1]).toMatchObject({
      ...{ skill: '/translate', language: 'es', region: 'eu', minTrust: 'facts', strict: true, fetch: false },
      ...{ limit: 5, timeoutMs: 3_000 },
    });
    expect(stdout).toMatch(
      / {2}50 {2}hint {2}record {2}Translator {2}\/translate\/en-es {2}unchecked: language, min-trust; skill announced only \(unsafe-address\)\n/,
    );
    expect(stdout).toMatch(
      /\n1 agent; 3 of 3 candidates looked at; 5 of 6 peers asked answered; this node remembers 2 agents since 1 h ago, 1 with facts\n$/,
    );
    const { json } = await weft('search', '/translate', '--modality', 'text', '--json');
    expect(json()).toMatchObject({ results: [{ mark: 'hint' }], horizon: { seen: { agents: 2 } } });
  });

  it('needs something to look for, and a policy for the trust of a zone', async () => {
    expect((await weft('search')).code).toBe(2);
    expect((await weft('search', '/a', '--min-trust', 'zone')).code).toBe(2);
    expect((await weft('search', '/a', '--min-trust', 'much')).code).toBe(2);
    expect(node.calls).toEqual([]);
  });

  it('says when there may be more, and exits with 4 when nobody was found', async () => {
    node.found = { ...found, results: [], isComplete: false };
    const { code, stdout } = await weft('search', '/nothing');
    expect(code).toBe(4);
    expect(stdout).toBe('nobody was found; 5 of 6 peers asked answered; there may be more\n');
  });

  it('refuses a tag that is none with 2', async () => {
    const { code, stderr } = await weft('search', '/a/b/c/d/e');
    expect(code).toBe(2);
    expect(stderr).toMatch(/1 to 4 parts/);
  });
});

describe('weft announce', () => {
  it('announces, and says who keeps it', async () => {
    const { code, stdout } = await weft('announce', id, '/chat', '/translate/en-es');
    expect(code).toBe(0);
    expect(stdout).toBe(
      'announced /chat /translate/en-es  18 storing peers of 20, 2 keep 64 others this hour\n',
    );
    expect(node.calls).toEqual([
      ['announceCapabilities', node.resolution.agentId, ['/chat', '/translate/en-es'], {}],
    ]);
  });

  it('withdraws', async () => {
    expect((await weft('announce', id, '--withdraw')).stdout).toMatch(/^withdrawn /);
    expect(node.calls[0]!.slice(2)).toEqual([[], {}]);
  });

  it('needs tags or --withdraw, and not both', async () => {
    expect((await weft('announce', id)).code).toBe(2);
    expect((await weft('announce', id, '/a', '--withdraw')).code).toBe(2);
    expect(node.calls).toEqual([]);
  });

  it('says what to do for an agent that is not in custody', async () => {
    node.failure = new NodeError('not-custodial', 'this node holds no key of it');
    const { code, json } = await weft('announce', id, '/a', '--json');
    expect(code).toBe(4);
    expect(json()).toMatchObject({ error: { code: 'not-custodial' } });
  });
});
