/** Queries over a network in memory: what is verified, what stays a hint, what is left out, and how far was looked. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { agentKey, formatAgentDid } from '../../src/core/identity/agent-id.ts';
import type { AgentFacts } from '../../src/facts/agent-facts.ts';
import { FactsError } from '../../src/facts/facts-error.ts';
import { issueFacts } from '../../src/facts/issue-facts.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { fetchesMax } from '../../src/query/query-limits.ts';
import type { AgentQuery } from '../../src/query/query-types.ts';
import { type QueryParts, runQuery } from '../../src/query/run-query.ts';
import { createSeenAgents } from '../../src/query/seen-agents.ts';
import { readZonePolicy } from '../../src/trust/zone-policy.ts';
import { nowSeconds, resolverOf, sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, ended, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';

const agents = Array.from({ length: 4 }, (_, index) => bornAgent(`query ${index}`, nowSeconds - 1000));
const [first, second, third, auditor] = agents as [TestAgent, TestAgent, TestAgent, TestAgent];
const spoken = (languages: string[]): Partial<AgentFacts> => ({
  skills: [
    {
      id: 'translate/en-es',
      description: 'x',
      inputModes: ['text'],
      outputModes: ['text'],
      supportedLanguages: languages,
    },
  ],
});
const signed = (agent: TestAgent, changes: Partial<AgentFacts> = {}) =>
  signedFacts({ agentId: agent.agentId, signer: signingKeyOf(agent) }, sampleFacts(agent.agentId, changes));

let documents: Map<string, unknown>;
let parts: QueryParts & { fetched: string[] };

beforeEach(async () => {
  documents = new Map();
  const fetched: string[] = [];
  const resolve = resolverOf(...agents.map(({ state }) => state));
  parts = {
    fetched,
    resolve: (agentId) => resolve(agentId),
    check: createNodeCryptoVerifier().verify,
    nowMs: () => nowSeconds * 1000,
    searchOverlay: async () => ({
      results: [first, second, third].map(({ agentId }) => ({
        ...{ agentId, tags: ['/translate/en-es'], score: 50, expiresAtSeconds: nowSeconds + 60 },
      })),
      ...{ asked: 6, responders: 5, isComplete: true },
    }),
    searchHosted: async () => [],
    readHosted: async () => null,
    async fetch(agentId) {
      fetched.push(agentKey(agentId));
      const document = documents.get(agentKey(agentId));
      if (document === undefined) throw new FactsError('unsafe-address', 'not a public address');
      return document;
    },
    seen: await createSeenAgents(),
  };
});

const serve = (agent: TestAgent, document: unknown): void =>
  void documents.set(agentKey(agent.agentId), document);
const ask = (query: Partial<AgentQuery>) =>
  runQuery({ limit: 20, verify: true, fetch: true, strict: false, timeoutMs: 5_000, ...query }, parts);
const idsOf = (answer: Awaited<ReturnType<typeof ask>>) =>
  answer.results.map(({ agentId }) => agentKey(agentId));

describe('a query', () => {
  it('shows the verified before the unchecked, and leaves out whoever does not match', async () => {
    serve(first, signed(first, spoken(['en', 'es'])));
    serve(second, signed(second, spoken(['de'])));
    const answer = await ask({ skill: '/translate', language: 'es' });
    expect(answer.results).toMatchObject([
      {
        agentId: first.agentId,
        ...{ mark: 'verified', trust: 'facts', reason: null, factsFrom: 'fetched', name: 'Acme Translator' },
        ...{ filters: { skill: 'match', language: 'match' }, issuer: formatAgentDid(first.agentId) },
      },
      {
        agentId: third.agentId,
        ...{ mark: 'hint', trust: 'record', reason: 'unsafe-address', factsFrom: null, name: null },
        filters: { skill: 'announced', language: 'unchecked' },
      },
    ]);
    expect(answer.horizon).toMatchObject({
      overlay: { tag: '/translate', asked: 6, responders: 5, isComplete: true },
      ...{ candidates: 3, checked: 3, fetched: 3, isTimedOut: false },
    });
    expect(idsOf(await ask({ skill: '/translate', language: 'es', strict: true }))).toEqual([
      agentKey(first.agentId),
    ]);
  });

  it('takes nothing from facts that do not hold: of another agent, altered, ended, signed by a stranger', async () => {
    serve(first, signed(second, spoken(['es'])));
    serve(second, {
      ...signed(second, spoken(['es'])),
      validUntil: new Date((nowSeconds + 99_000) * 1000).toISOString(),
    });
    serve(
      third,
      signedFacts({ agentId: auditor.agentId, signer: signingKeyOf(auditor) }, sampleFacts(third.agentId)),
    );
    const answer = await ask({ skill: '/translate', language: 'es' });
    expect(
      answer.results.map(({ mark, filters, reason }) => [mark, filters.language, reason]).sort(),
    ).toEqual([
      ['hint', 'unchecked', 'bad-proof'],
      ['hint', 'unchecked', 'wrong-issuer'],
      ['hint', 'unchecked', 'wrong-subject'],
    ]);
    expect(parts.seen.horizon().facts).toBe(0);
  });

  it('never shows an agent that has ended, whatever announces it', async () => {
    const over = ended(first, nowSeconds);
    const resolve = resolverOf(over.state, second.state);
    const answer = await runQuery(
      { skill: '/translate', limit: 20, verify: true, fetch: false, strict: false, timeoutMs: 5_000 },
      { ...parts, resolve: (agentId) => resolve(agentId) },
    );
    expect(idsOf(answer)).not.toContain(agentKey(first.agentId));
    // Nobody knows the third: it stays a hint, and says so.
    expect(answer.results.map(({ mark, trust, reason }) => [mark, trust, reason])).toContainEqual([
      'hint',
      'hint',
      'not-found',
    ]);
  });

  it('remembers verified facts, finds them by words, and verifies them again each time', async () => {
    serve(first, signed(first));
    await ask({ skill: '/translate' });
    const before = parts.fetched.length;
    const answer = await ask({ text: 'contracts' });
    expect(answer.results).toMatchObject([
      { agentId: first.agentId, mark: 'verified', sources: ['seen'], factsFrom: 'seen' },
    ]);
    expect(answer.horizon).toMatchObject({
      overlay: null,
      seen: { agents: 3, facts: 1, sinceMs: nowSeconds * 1000, forgotten: 0 },
    });
    expect(parts.fetched.length).toBe(before);
    // Their ttl is over: they are fetched anew, and once they have ended they are verified no more.
    const at = (seconds: number) =>
      runQuery(
        { text: 'contracts', limit: 5, verify: true, fetch: true, strict: false, timeoutMs: 5_000 },
        { ...parts, nowMs: () => (nowSeconds + seconds) * 1000 },
      );
    expect((await at(599)).results[0]).toMatchObject({ factsFrom: 'seen' });
    expect((await at(601)).results[0]).toMatchObject({ factsFrom: 'fetched', mark: 'verified' });
    expect((await at(90_000)).results[0]).toMatchObject({
      ...{ factsFrom: null, trust: 'record', mark: 'hint', reason: 'expired' },
    });
  });

  it('without verify asks nobody, and calls everything a hint', async () => {
    const answer = await ask({ skill: '/translate', language: 'es', verify: false });
    expect(answer.results).toHaveLength(3);
    for (const { mark, trust, filters } of answer.results)
      expect([mark, trust, filters]).toEqual(['hint', 'hint', { skill: 'announced', language: 'unchecked' }]);
    expect(parts.fetched).toEqual([]);
    expect((await ask({ skill: '/translate', verify: false, strict: true })).results).toEqual([]);
  });

  it('fetches nothing when it must not, and so many at most when it may', async () => {
    expect((await ask({ skill: '/translate', fetch: false })).horizon.fetched).toBe(0);
    const crowd = Array.from({ length: 60 }, (_, index) => ({
      ...{ agentId: new Uint8Array(32).fill(index + 1), tags: ['/a'], score: 10, expiresAtSeconds: 9 },
    }));
    parts = {
      ...parts,
      resolve: async (agentId) => ({ ...(await resolverOf(first.state)(first.agentId)), agentId }),
      searchOverlay: async () => ({ results: crowd, asked: 6, responders: 5, isComplete: false }),
    };
    const { horizon, results } = await ask({ skill: '/a' });
    expect(horizon).toMatchObject({ candidates: 60, checked: 60, fetched: fetchesMax });
    expect(results).toHaveLength(20);
  });

  it('ends with its time, and says that it did', async () => {
    parts = {
      ...parts,
      resolve: (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new ProtocolError('aborted', 'it took too long'))),
        ),
    };
    const { horizon, results } = await ask({ skill: '/translate', timeoutMs: 100 });
    expect(horizon.isTimedOut).toBe(true);
    expect(results.every(({ mark }) => mark === 'hint')).toBe(true);
  });
});

describe('who vouches', () => {
  const did = formatAgentDid(auditor.agentId);

  it('counts when it signed the facts, and is only a claim when the agent says so itself', async () => {
    const vouched = issueFacts(sampleFacts(first.agentId), {
      issuer: did,
      verificationMethod: methodOfAgent(auditor.agentId, signingKeyOf(auditor).publicKey),
      ...{ signer: signingKeyOf(auditor), nowSeconds, validitySeconds: 86_400 },
    });
    serve(first, vouched);
    serve(second, signed(second, { certification: { level: 'gold', issuer: did } }));
    serve(third, signed(third));
    const answer = await ask({ skill: '/translate', certifiedBy: did });
    expect(
      answer.results.map(({ agentId, mark, trust, filters }) => [agentId, mark, trust, filters.certifiedBy]),
    ).toEqual([
      [first.agentId, 'verified', 'issuer', 'match'],
      [second.agentId, 'hint', 'facts', 'unchecked'],
    ]);
  });

  it('decides minimum trust, by named issuers and by the policy of a zone', async () => {
    serve(first, signed(first));
    serve(second, signed(second));
    const trustOf = async (query: Partial<AgentQuery>) =>
      (await ask(query)).results.map(({ trust, filters }) => [trust, filters.minTrust]);
    expect(await trustOf({ skill: '/translate', minTrust: 'facts' })).toEqual([
      ['facts', 'match'],
      ['facts', 'match'],
      ['record', 'unchecked'],
    ]);
    expect(await trustOf({ skill: '/translate', minTrust: 'issuer', issuers: [did] })).toEqual([
      ['record', 'unchecked'],
    ]);
    const zone = (selfSigned: boolean) =>
      readZonePolicy({
        version: 1,
        zone: 'test',
        roots: [],
        rules: [],
        facts: { required: true, selfSigned },
      });
    expect(
      await trustOf({ skill: '/translate', minTrust: 'zone', policy: zone(true), strict: true }),
    ).toEqual([
      ['zone', 'match'],
      ['zone', 'match'],
    ]);
    expect(
      await trustOf({ skill: '/translate', minTrust: 'zone', policy: zone(false), strict: true }),
    ).toEqual([]);
    // By name: as this node's own zones say, and none where it knows no such zone.
    const named = { skill: '/translate', minTrust: 'zone', zone: 'home', strict: true } as const;
    expect(await trustOf(named)).toEqual([]);
    parts = {
      ...parts,
      judgeZone: async (name, { agentId }) => ({
        isTrusted: name === 'home' && agentKey(agentId) === agentKey(second.agentId),
      }),
    };
    expect((await ask(named)).results).toMatchObject([
      { agentId: second.agentId, trust: 'zone', mark: 'verified' },
    ]);
    expect(await trustOf({ ...named, policy: zone(false) })).toEqual([]);
  });
});
