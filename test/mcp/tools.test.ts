/** The tools over stdio and over HTTP, in both versions of the protocol, against live nodes, by the official client. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import { createMcpUnderTest, type Era, type McpClient, type McpUnderTest } from './mcp-live.ts';

const facts = 'https://agents.example/facts';
const timeout = 120_000;
let under: McpUnderTest;
let url: string;
let bearer: string;

beforeAll(async () => {
  under = await createMcpUnderTest();
  const served = under.run('mcp', ...under.place, '--http', '127.0.0.1:0', '--allow-register', '--json');
  const ready = JSON.parse(await served.firstLine) as { url: string; tokenFile: string };
  url = ready.url;
  bearer = readFileSync(ready.tokenFile, 'utf8').trim();
}, timeout);
afterAll(() => under.close(), timeout);

const ways: readonly (readonly [string, Era, string])[] = [
  ['stdio', 'legacy', 'the protocol of 2025'],
  ['stdio', 'auto', 'the protocol of 2026'],
  ['HTTP', 'legacy', 'the protocol of 2025'],
  ['HTTP', 'auto', 'the protocol of 2026'],
];

describe.each(ways)('over %s (%s: %s)', { timeout }, (way, era) => {
  let mcp: McpClient;
  beforeAll(async () => {
    mcp =
      way === 'stdio'
        ? await under.connectStdio(era, '--allow-register')
        : await under.connectHttp(era, url, bearer);
  }, timeout);

  async function register(): Promise<string> {
    const { structuredContent } = await mcp.call('register_agent', { primaryFactsUrl: facts });
    return String(structuredContent?.['agentId']);
  }

  it('tools say what they are', async () => {
    expect(mcp.client.getServerVersion()).toMatchObject({ name: 'weft' });
    expect(mcp.client.getInstructions()).toContain('check_revocation');
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'check_revocation',
      'register_agent',
      'resolve_agent',
      'search_agents',
      'watch',
    ]);
    for (const tool of tools) {
      expect(tool.description!.length).toBeGreaterThan(50);
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.outputSchema).toMatchObject({ type: 'object' });
      expect(tool.annotations).toMatchObject({
        readOnlyHint: tool.name !== 'register_agent',
        destructiveHint: false,
      });
    }
  });

  it('an agent is registered, found, and seen to end', async () => {
    const made = await mcp.call('register_agent', { primaryFactsUrl: facts, ttlSeconds: 60 });
    expect(made.structuredContent).toMatchObject({
      agentId: expect.stringMatching(/^nanda:[a-z2-7]{52}$/),
      peersHolding: 2,
      expiresAt: expect.any(String),
    });
    const agent = String(made.structuredContent!['agentId']);
    const found = await mcp.call('resolve_agent', { agent: `did:${agent}`, fresh: true });
    expect(found.structuredContent).toMatchObject({
      agentId: agent,
      status: 'ok',
      usable: true,
      record: { primaryFactsUrl: facts, adaptiveResolverUrl: null, ttlSeconds: 60 },
      signingKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      keyChanges: 0,
      answeredBy: { peers: 2, holders: 2, fromCache: false },
    });
    // Models that read text alone are told the same.
    expect(JSON.parse(found.content[0]!.text!)).toEqual(found.structuredContent);
    expect((await mcp.call('check_revocation', { agent })).structuredContent).toMatchObject({
      status: 'ok',
      revoked: false,
      trustworthy: true,
      targetRevoked: null,
      revocations: [],
    });
    const agents = under.nodes[0]!.node.agents;
    const { agentId } = (await agents.list()).find((one) => formatAgentId(one.agentId) === agent)!;
    await agents.revoke(agentId, 'keyCompromise');
    expect((await mcp.call('check_revocation', { agent })).structuredContent).toMatchObject({
      status: 'tombstoned',
      revoked: true,
      reason: 'keyCompromise',
    });
    expect((await mcp.call('resolve_agent', { agent })).structuredContent).toMatchObject({
      status: 'tombstoned',
      usable: false,
      record: null,
      signingKey: null,
    });
  });

  it('agents are found by what they announce, and those that ended are not', async () => {
    const tag = `/translate/${way.toLowerCase()}-${era}`;
    const made = await mcp.call('register_agent', { primaryFactsUrl: facts, capabilities: [`${tag}/`] });
    expect(made.structuredContent).toMatchObject({ capabilities: [tag], warning: null });
    const agent = String(made.structuredContent!['agentId']);
    const { agents } = under.nodes[0]!.node;
    const { agentId } = (await agents.list()).find((one) => formatAgentId(one.agentId) === agent)!;
    const found = await mcp.call('search_agents', { capability: tag });
    expect(found.structuredContent).toEqual({
      results: [
        {
          agentId: agent,
          name: null,
          description: null,
          tags: [tag],
          score: expect.any(Number),
          source: 'announcement',
          verified: true,
          unchecked: [],
        },
      ],
      complete: expect.any(Boolean),
      horizon: expect.stringMatching(/peers responsible for the tag answered/),
    });
    const hint = await mcp.call('search_agents', { capability: '/translate', verify: false, limit: 50 });
    expect(hint.structuredContent!['results']).toContainEqual(expect.objectContaining({ agentId: agent }));
    expect((await mcp.call('search_agents', { text: 'nobody says this' })).structuredContent).toEqual({
      results: [],
      complete: null,
      horizon: expect.stringMatching(/^0 of 0 candidates looked at; words are looked for in/),
    });
    // Its facts stand at a host that does not exist: what only they could say is not passed silently.
    const asked = await mcp.call('search_agents', { capability: tag, language: 'es' });
    expect(asked.structuredContent).toMatchObject({
      results: [{ agentId: agent, verified: false, unchecked: ['language', 'skill'] }],
    });
    await agents.revoke(agentId, 'superseded');
    expect((await mcp.call('search_agents', { capability: tag })).structuredContent).toMatchObject({
      results: [],
    });
  });

  it('agents are found by words in facts that the node serves', async () => {
    const agent = await register();
    const { agents, facts: host } = under.nodes[0]!.node;
    const { agentId } = (await agents.list()).find((one) => formatAgentId(one.agentId) === agent)!;
    const word = `glockenspiel${way.toLowerCase()}${era}`;
    await host.publishOwn(agentId, sampleFacts(agentId, { description: `Plays the ${word}` }));
    expect((await mcp.call('search_agents', { text: word, limit: 1 })).structuredContent).toMatchObject({
      results: [{ agentId: agent, description: `Plays the ${word}`, source: 'facts', verified: true }],
      complete: null,
    });
    const filters = { text: word, language: 'es', modality: 'audio', minTrust: 'facts', limit: 1 };
    expect((await mcp.call('search_agents', filters)).structuredContent).toMatchObject({
      results: [{ agentId: agent, verified: true, unchecked: [] }],
    });
    expect((await mcp.call('search_agents', { ...filters, language: 'fr' })).structuredContent).toMatchObject(
      {
        results: [],
      },
    );
  });

  it('a capability that is no tag is a warning, for the agent is there', async () => {
    const made = await mcp.call('register_agent', { primaryFactsUrl: facts, capabilities: ['/a b'] });
    expect(made.isError).toBeFalsy();
    expect(made.structuredContent).toMatchObject({
      agentId: expect.stringMatching(/^nanda:/),
      capabilities: [],
      warning: expect.stringMatching(/^bad-tag: .* What to do: /),
    });
  });

  it('a revoked grant is told by its hash', async () => {
    const agent = await register();
    const { agents } = under.nodes[0]!.node;
    const { agentId } = (await agents.list()).find((one) => formatAgentId(one.agentId) === agent)!;
    const audience = await agents.createDelegateKey(agentId);
    await agents.delegate(agentId, {
      audience,
      rights: ['op'],
      fields: ['adaptive'],
      expiresInSeconds: 3600,
    });
    const before = await mcp.call('resolve_agent', { agent, fresh: true });
    expect(before.structuredContent!['delegates']).toMatchObject([{ rights: ['op'], fields: ['adaptive'] }]);
    await agents.revokeDelegation(agentId, { slot: 1 }, 'privilegeWithdrawn');
    const { structuredContent } = await mcp.call('check_revocation', { agent });
    const [revocation] = structuredContent!['revocations'] as { target: string; reason: string }[];
    expect(revocation).toMatchObject({ kind: 'delegation', reason: 'privilegeWithdrawn' });
    const { target } = revocation!;
    expect((await mcp.call('check_revocation', { agent, target })).structuredContent).toMatchObject({
      revoked: false,
      targetRevoked: true,
    });
    const other = 'ab'.repeat(32);
    expect((await mcp.call('check_revocation', { agent, target: other })).structuredContent).toMatchObject({
      targetRevoked: false,
    });
  });

  it('a wait ends with the change, or with its time, and goes on without a gap', async () => {
    const agent = await register();
    const { agents } = under.nodes[0]!.node;
    const { agentId } = (await agents.list()).find((one) => formatAgentId(one.agentId) === agent)!;
    const nothing = await mcp.call('watch', { agents: [agent], timeoutSeconds: 1 });
    expect(nothing.structuredContent).toMatchObject({ changes: [], ended: 'timeout', missed: false });
    const after = nothing.structuredContent!['last'];
    // Between two waits.
    await agents.rotate(agentId);
    await agents.update(agentId, { adaptiveResolverUrl: 'https://agents.example/r' });
    const both = await mcp.call('watch', { agents: [agent], timeoutSeconds: 20, changes: 2, after });
    const changes = both.structuredContent!['changes'] as { change: string; agentId: string; id: string }[];
    expect(changes.map(({ change }) => change)).toEqual(['rotated', 'changed']);
    expect(both.structuredContent).toMatchObject({ ended: 'changes', last: changes[1]!.id });
    const waiting = mcp.call('watch', {
      agents: [agent],
      timeoutSeconds: 60,
      onlyRevocations: true,
      after: changes[1]!.id,
    });
    await agents.update(agentId, { adaptiveResolverUrl: null });
    await agents.revoke(agentId, 'superseded');
    expect((await waiting).structuredContent).toMatchObject({
      changes: [{ agentId: agent, change: 'tombstoned' }],
      ended: 'changes',
    });
  });

  it('a wait that goes on from another run of the node says that something may be missing', async () => {
    const agent = await register();
    const lost = await mcp.call('watch', { agents: [agent], timeoutSeconds: 1, after: '0123456789ab-5' });
    expect(lost.structuredContent).toMatchObject({ missed: true });
  });

  it('a wait that is given up ends', async () => {
    const agent = await register();
    const abort = new AbortController();
    const waiting = mcp.client.callTool(
      { name: 'watch', arguments: { agents: [agent], timeoutSeconds: 100 } },
      { signal: abort.signal },
    );
    setImmediate(() => abort.abort());
    await expect(waiting).rejects.toThrow();
    expect((await mcp.call('resolve_agent', { agent })).structuredContent).toMatchObject({ usable: true });
  });

  it('an agent that nobody knows is no error of resolve, and one of a check', async () => {
    const agent = `nanda:${'a'.repeat(52)}`;
    expect((await mcp.call('resolve_agent', { agent })).structuredContent).toMatchObject({
      status: 'not-found',
      usable: false,
      record: null,
    });
    const checked = await mcp.call('check_revocation', { agent });
    expect(checked.isError).toBe(true);
    expect(checked.content[0]!.text).toMatch(/^not-found: .* What to do: check the agent id\.$/);
  });

  it('the hint of the problem document reaches the model', async () => {
    const refused = await mcp.call('register_agent', { primaryFactsUrl: 'ftp://agents.example/facts' });
    expect(refused.isError).toBe(true);
    expect(refused.content[0]!.text).toMatch(/^bad-url: .*What to do: use https, ipfs, ipns or did/);
  });

  const good = 'a'.repeat(52);
  it.each([
    ['resolve_agent', {}],
    ['resolve_agent', { agent: 'nobody' }],
    ['resolve_agent', { agent: `nanda:${good.toUpperCase()}` }],
    ['resolve_agent', { agent: `../../v1/agents/${good}` }],
    ['resolve_agent', { agent: good, fresh: 'yes' }],
    ['resolve_agent', { agent: good, more: 1 }],
    ['search_agents', {}],
    ['search_agents', { text: '' }],
    ['search_agents', { capability: '/a b' }],
    ['search_agents', { capability: '/a/b/c/d/e' }],
    ['search_agents', { text: 'x', verify: 'no' }],
    ['search_agents', { text: 'x', limit: 51 }],
    ['check_revocation', { agent: good, target: 'ab' }],
    ['check_revocation', { agent: null }],
    ['watch', { agents: [] }],
    ['watch', { agents: Array.from({ length: 65 }, () => good) }],
    ['watch', { agents: [good], timeoutSeconds: 0 }],
    ['watch', { agents: [good], timeoutSeconds: 121 }],
    ['watch', { agents: [good], after: '\nx' }],
    ['watch', { agents: good }],
    ['watch', { agents: [good], changes: 1.5 }],
    ['register_agent', {}],
    ['register_agent', { primaryFactsUrl: '' }],
    ['register_agent', { primaryFactsUrl: facts, capabilities: ['/a', '/b', '/c', '/d', '/e'] }],
    ['register_agent', { primaryFactsUrl: 'https://a.example'.padEnd(300, 'x') }],
    ['register_agent', { primaryFactsUrl: facts, ttlSeconds: -1 }],
  ])('bad input is an error of the tool: %s %j', async (name, input) => {
    const before = (await under.nodes[0]!.node.agents.list()).length;
    const answer = await mcp.call(name, input);
    expect(answer.isError).toBe(true);
    expect(answer.content[0]!.text!.length).toBeGreaterThan(20);
    expect((await under.nodes[0]!.node.agents.list()).length).toBe(before);
  });

  it('a tool that is not there is refused', async () => {
    await expect(mcp.call('revoke_agent', {})).rejects.toThrow(/revoke_agent/);
  });
});

describe('any input', { timeout }, () => {
  it('is answered by every tool, with a reason that is no defect', async () => {
    const mcp = await under.connectStdio('legacy', '--allow-register');
    const { tools } = await mcp.client.listTools();
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a'.repeat(52), ['a'.repeat(52)], 1, -1, '/a', facts, '__proto__'),
    );
    for (const { name, inputSchema } of tools) {
      const keys = [...Object.keys(inputSchema.properties ?? {}), 'constructor', ''];
      const input = fc.oneof(
        fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 4 }),
        fc.record({ agents: fc.constant(['a'.repeat(52)]), timeoutSeconds: fc.constant(1), after: value }),
      );
      await fc.assert(
        fc.asyncProperty(input, async (given) => {
          // A valid wait is bounded by what it asks for; here, by a second.
          const wanted = name === 'watch' ? { ...given, timeoutSeconds: 1 } : given;
          const { isError, content } = await mcp.call(name, wanted);
          expect(content[0]!.text).not.toMatch(/^internal|node_modules|\n\s+at /);
          if (isError) expect(content[0]!.text!.length).toBeGreaterThan(20);
        }),
        { numRuns: 40 },
      );
    }
    await mcp.close();
  });
});

describe('without leave to register', { timeout }, () => {
  it('there is no such tool, and a call of it does nothing', async () => {
    const mcp = await under.connectStdio('legacy');
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name)).not.toContain('register_agent');
    const before = (await under.nodes[0]!.node.agents.list()).length;
    await expect(mcp.call('register_agent', { primaryFactsUrl: facts })).rejects.toThrow(/register_agent/);
    expect((await under.nodes[0]!.node.agents.list()).length).toBe(before);
    await mcp.close();
  });
});
