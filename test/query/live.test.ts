/** A query over real nodes: announced at one, facts fetched and verified at another, past the guard or refused by it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { agentKey, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { AgentQuery } from '../../src/query/query-types.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import { createLiveNetwork, eventually, type LiveNode } from '../helpers/live-nodes.ts';

const network = createLiveNetwork();
let host: LiveNode;
let open: LiveNode;
let guarded: LiveNode;
let api: ApiServer;
let agents: Uint8Array[];

beforeAll(async () => {
  host = await network.start('host');
  open = await network.start('open', {
    bootstrap: [host.address],
    settings: { 'resolution.allowPrivate': true },
  });
  guarded = await network.start('guarded', { bootstrap: [host.address] });
  await eventually(() => [host, open, guarded].every(({ node }) => node.peers().length >= 2));
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 10, onDefect };
  api = await startApi(host.node, { ...options, openReads: true });
  agents = [];
  for (const languages of [['es'], ['de']]) {
    const { agentId } = await host.node.agents.register({});
    const skills = [{ ...sampleFacts(agentId).skills[0]!, supportedLanguages: languages }];
    await host.node.facts.publishOwn(agentId, sampleFacts(agentId, { skills }));
    await host.node.agents.update(agentId, { primaryFactsUrl: `${api.url}/facts/${formatAgentId(agentId)}` });
    await host.node.capabilities.announce(agentId, ['/translate/en-es']);
    agents.push(agentId);
  }
}, 60_000);
afterAll(async () => {
  await api.stop();
  await network.stop();
});

const ask = ({ node }: LiveNode, query: Partial<AgentQuery>) =>
  node.query({ limit: 10, verify: true, fetch: true, strict: false, timeoutMs: 10_000, ...query });

describe('a query over the network', { timeout: 60_000 }, () => {
  it('fetches and verifies facts, answers with who matches, and remembers them', async () => {
    const spanish = { skill: '/translate', language: 'es', minTrust: 'facts' } as const;
    const { results, horizon } = await ask(open, spanish);
    expect(results).toMatchObject([
      {
        ...{
          agentId: agents[0],
          mark: 'verified',
          trust: 'facts',
          factsFrom: 'fetched',
          name: 'Acme Translator',
        },
        filters: { skill: 'match', language: 'match', minTrust: 'match' },
      },
    ]);
    expect(horizon).toMatchObject({ candidates: 2, checked: 2, fetched: 2, seen: { agents: 2 } });
    const again = await ask(open, spanish);
    expect(again.results).toMatchObject([{ factsFrom: 'seen', mark: 'verified' }]);
    expect(again.horizon.fetched).toBe(0);
    expect((await ask(open, { text: 'contracts' })).results).toHaveLength(2);
  });

  it('says what the guard kept it from, and passes nothing silently', async () => {
    const { results } = await ask(guarded, { skill: '/translate', language: 'es' });
    expect(
      results.map(({ agentId, mark, reason, filters }) => [agentKey(agentId), mark, reason, filters]).sort(),
    ).toEqual(
      agents
        .map((agentId) => [
          ...[agentKey(agentId), 'hint', 'unsafe-address'],
          { skill: 'announced', language: 'unchecked' },
        ])
        .sort(),
    );
    expect((await ask(guarded, { skill: '/translate', language: 'es', strict: true })).results).toEqual([]);
  });

  it('takes the facts that this node serves, and shows nobody who has ended', async () => {
    const served = await ask(host, { skill: '/translate', language: 'de' });
    expect(served.results).toMatchObject([{ agentId: agents[1], factsFrom: 'hosted', mark: 'verified' }]);
    await host.node.agents.revoke(agents[0]!, 'cessationOfOperation');
    await eventually(() => open.heard(agents[0]!, 'tombstoned'));
    expect((await ask(open, { skill: '/translate', language: 'es' })).results).toEqual([]);
    expect((await ask(open, { text: 'contracts' })).results).toMatchObject([{ agentId: agents[1] }]);
  });
});
