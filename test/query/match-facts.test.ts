/** Facts against the filters of a query: what matches, what does not, and what the facts do not say. */
import { describe, expect, it } from 'vitest';
import type { AgentFacts } from '../../src/facts/agent-facts.ts';
import { matchFacts } from '../../src/query/match-facts.ts';
import type { AgentQuery } from '../../src/query/query-types.ts';
import { createSeenAgents } from '../../src/query/seen-agents.ts';
import { sampleFacts } from '../facts/sample-facts.ts';

const agentId = new Uint8Array(32).fill(3);
const facts = sampleFacts(agentId, {
  endpoints: { static: [{ url: 'https://a.example/a2a', region: 'eu-west-1' }, 'https://b.example/a2a'] },
});
const query = (filters: Partial<AgentQuery>): AgentQuery => ({
  ...{ limit: 20, verify: true, fetch: true, strict: false, timeoutMs: 1000 },
  ...filters,
});
const outcome = (filters: Partial<AgentQuery>, given: AgentFacts = facts) =>
  Object.values(matchFacts(given, query(filters)));

describe('a filter', () => {
  it.each<[string, Partial<AgentQuery>, string]>([
    ['the tag of a skill', { skill: '/translate/en-es' }, 'match'],
    ['a prefix of it', { skill: '/translate' }, 'match'],
    ['half a part of it', { skill: '/trans' }, 'none'],
    ['another tag', { skill: '/translate/en-fr' }, 'none'],
    ['a modality', { modality: 'audio' }, 'match'],
    ['a modality in other case', { modality: 'Text' }, 'match'],
    ['a media type', { modality: 'text/plain' }, 'match'],
    ['another media type', { modality: 'text/html' }, 'none'],
    ['a language', { language: 'ES' }, 'match'],
    ['a language of which only the region is spoken', { language: 'en-GB' }, 'none'],
    ['another language', { language: 'e' }, 'none'],
    ['a region', { region: 'eu' }, 'match'],
    ['the very region', { region: 'EU-West-1' }, 'match'],
    ['a region beside it', { region: 'eu-east' }, 'none'],
    ['half a label', { region: 'eu-we' }, 'none'],
  ])('on %s', (_what, filters, expected) => {
    expect(outcome(filters)).toEqual([expected]);
  });

  it('looks at the skill that was asked for, and at no other', () => {
    const skills = [
      ...facts.skills,
      {
        id: 'chat',
        description: 'Chats',
        inputModes: ['text'],
        outputModes: ['text'],
        supportedLanguages: ['de'],
      },
    ];
    expect(outcome({ language: 'de' }, { ...facts, skills })).toEqual(['match']);
    expect(outcome({ skill: '/translate', language: 'de' }, { ...facts, skills })).toEqual(['match', 'none']);
  });

  it('on what the facts do not say is not decided', () => {
    const silent: AgentFacts = {
      ...facts,
      endpoints: { static: ['https://a.example'] },
      capabilities: { modalities: [], authentication: { methods: [] } },
      skills: [{ id: 'x', description: 'x', inputModes: [], outputModes: [] }],
    };
    expect(outcome({ modality: 'text', language: 'en', region: 'eu' }, silent)).toEqual([
      'unchecked',
      'unchecked',
      'unchecked',
    ]);
  });
});

describe('what was seen of agents', () => {
  const agent = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
  const verified = (fill: number, description = 'Translates contracts') => ({
    agentId: agent(fill),
    facts: sampleFacts(agent(fill), { description }),
    credential: { text: 'x'.repeat(400) },
    validUntil: 2_000,
  });

  it('is found by words and tags, and says how much it is and since when', async () => {
    const seen = await createSeenAgents();
    expect(seen.horizon()).toEqual({ agents: 0, facts: 0, sinceMs: null, forgotten: 0 });
    seen.announced({ agentId: agent(1), tags: ['/weather/eu'], expiresAtSeconds: 2_000 }, 1_000_000);
    seen.verified(verified(2), 1_100_000);
    expect(seen.search({ text: 'contracts' }).map((hit) => hit.agentId)).toEqual([agent(2)]);
    expect(seen.search({ text: 'weather' }).map((hit) => hit.agentId)).toEqual([agent(1)]);
    expect(seen.search({ tags: ['/translate'] }).map((hit) => hit.agentId)).toEqual([agent(2)]);
    expect(seen.horizon()).toEqual({ agents: 2, facts: 1, sinceMs: 1_000_000, forgotten: 0 });
    // The sample's ttl is 600 s: it was verified at 1,100 s.
    expect(seen.credentialOf(agent(2), 1_699_999)).not.toBeNull();
    expect(seen.isStale(agent(2), 1_699_999)).toBe(false);
    expect(seen.credentialOf(agent(2), 1_700_000)).toBeNull();
    expect([1, 2, 3].map((fill) => seen.isStale(agent(fill), 1_700_000))).toEqual([false, true, false]);
    expect(seen.credentialOf(agent(1), 0)).toBeNull();
    seen.forget(agent(2));
    expect(seen.search({ text: 'contracts' })).toEqual([]);
  });

  it('keeps facts when the agent announces afterwards', async () => {
    const seen = await createSeenAgents();
    seen.verified(verified(2), 0);
    seen.announced({ agentId: agent(2), tags: ['/other'], expiresAtSeconds: 2_000 }, 0);
    expect(seen.search({ text: 'contracts' })).toHaveLength(1);
  });

  it('stays within its bounds in agents and in bytes, the longest untouched going first', async () => {
    const seen = await createSeenAgents({ agentsMax: 3, bytesMax: 1_000 });
    for (const fill of [1, 2]) seen.verified(verified(fill), 0);
    seen.credentialOf(agent(1), 0);
    seen.verified(verified(3), 0);
    expect(seen.horizon()).toMatchObject({ agents: 2, facts: 2, forgotten: 1 });
    expect([1, 2, 3].map((fill) => seen.credentialOf(agent(fill), 0) !== null)).toEqual([true, false, true]);
    for (const fill of [4, 5, 6])
      seen.announced({ agentId: agent(fill), tags: ['/a'], expiresAtSeconds: 9 }, 0);
    expect(seen.horizon()).toMatchObject({ agents: 3, facts: 0 });
    expect(seen.search({}).length).toBe(3);
    seen.verified({ ...verified(7), credential: { text: 'x'.repeat(2_000) } }, 0);
    expect(seen.horizon().facts).toBe(0);
    expect(seen.search({ text: 'contracts' })).toEqual([]);
  });
});
