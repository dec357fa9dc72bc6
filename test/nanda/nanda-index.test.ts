/** The bodies of the NANDA index, version 1, over a live node: each route, who may change what, and what a restart keeps. */
import { statSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatAgentId, parseAgentId } from '../../src/core/identity/agent-id.ts';
import { createLiveNetwork, type LiveNode } from '../helpers/live-nodes.ts';
import { createNandaUnderTest, type NandaUnderTest, send, token } from './nanda-live.ts';

const network = createLiveNetwork();
const elsewhere = { from: '192.0.2.7' };
let live: LiveNode;
let place: NandaUnderTest;
let app: FastifyInstance;
let taken = 0;
let name: string;

const bridge = 'https://agents.example/bridge';
const api = 'https://agents.example/api';
const register = (body: object, more = {}) => send(app, 'POST', '/register', body, more);

beforeAll(async () => {
  [live] = (await network.startMany(2)) as [LiveNode, LiveNode];
  place = createNandaUnderTest();
  app = await place.open(live.node);
}, 60_000);
afterAll(async () => {
  await app.close();
  place.close();
  await network.stop();
});
beforeEach(() => {
  name = `agent-${++taken}`;
});

describe('register and lookup', () => {
  it('answer with the bodies of the index', async () => {
    expect(await send(app, 'GET', `/lookup/${name}`)).toMatchObject({
      status: 404,
      body: { error: `ID '${name}' not found` },
    });
    const made = await register({ agent_id: name, agent_url: bridge, api_url: api });
    expect(made).toMatchObject({ status: 200 });
    expect(made.body).toEqual({ message: `Agent ${name} registered successfully`, status: 'success' });
    expect((await send(app, 'GET', `/lookup/${name}`)).body).toEqual({
      agent_id: name,
      agent_url: bridge,
      api_url: api,
    });
  });

  it('make an agent in custody, whose signed record the network has, and say which it is', async () => {
    const made = await register({ agent_id: name, agent_url: bridge });
    const agents = await live.node.agents.list();
    const id = formatAgentId(agents.at(-1)!.agentId);
    expect(made.agent).toBe(id);
    expect((await register({ agent_id: name, agent_url: bridge })).agent).toBe(id);
    expect((await send(app, 'GET', `/lookup/${name}`)).agent).toBe(id);
    expect((await send(app, 'GET', `/agents/${name}`)).agent).toBe(id);
    expect((await live.node.resolve(parseAgentId(id))).status).toBe('ok');
    expect((await send(app, 'GET', `/lookup/${id}`)).body).toEqual({
      agent_id: id,
      agent_url: bridge,
      api_url: null,
    });
  });

  it('find agents of the network that nobody registered here', async () => {
    const { agentId } = await live.node.agents.register({ primaryFactsUrl: 'https://other.example/facts' });
    const did = `did:${formatAgentId(agentId)}`;
    expect((await send(app, 'GET', `/lookup/${did}`)).body).toMatchObject({
      agent_id: did,
      agent_url: 'https://other.example/facts',
    });
  });

  it('show what the record says now, also when it was changed elsewhere', async () => {
    await register({ agent_id: name, agent_url: bridge });
    const { agentId } = (await live.node.agents.list()).at(-1)!;
    await live.node.agents.update(agentId, { primaryFactsUrl: 'https://agents.example/elsewhere' });
    expect((await send(app, 'GET', `/lookup/${name}`)).body).toMatchObject({
      agent_url: 'https://agents.example/elsewhere',
    });
    // Who registers again says where it is now.
    await register({ agent_id: name, agent_url: bridge });
    expect((await send(app, 'GET', `/lookup/${name}`)).body).toMatchObject({ agent_url: bridge });
  });

  it.each([
    [{}, 'Missing agent_id or agent_url'],
    [{ agent_id: 'x' }, 'Missing agent_id or agent_url'],
    [{ agent_url: bridge }, 'Missing agent_id or agent_url'],
  ])('refuse %j', async (body, error) => {
    expect(await register(body)).toMatchObject({ status: 400, body: { error } });
  });

  it('refuse a URL that a record may not carry, and say why', async () => {
    const { status, body } = await register({ agent_id: name, agent_url: 'http://198.51.100.7:6000' });
    expect(status).toBe(422);
    expect((body as { error: string }).error).toMatch(/https/);
    expect((await send(app, 'GET', `/lookup/${name}`)).status).toBe(404);
  });

  it('leave unknown properties of the body alone', async () => {
    const body = { agent_id: name, agent_url: bridge, agent_facts_url: 'x', agent_facts: { skills: [] } };
    expect((await register(body)).status).toBe(200);
  });

  it('handle many registrations of one name at once as one agent', async () => {
    const before = (await live.node.agents.list()).length;
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => register({ agent_id: name, agent_url: `${bridge}/${n}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await live.node.agents.list()).length).toBe(before + 1);
    expect((await send(app, 'GET', `/lookup/${name}`)).body).toMatchObject({ agent_url: `${bridge}/4` });
  });
});

describe('the other routes', () => {
  it('list names with their URLs', async () => {
    await register({ agent_id: name, agent_url: bridge });
    expect((await send(app, 'GET', '/list')).body).toMatchObject({ [name]: bridge });
  });

  it('keep a status, and find by it', async () => {
    await register({ agent_id: name, agent_url: bridge, api_url: api });
    expect((await send(app, 'GET', `/status/${name}`)).text).toBe('false');
    expect((await send(app, 'GET', `/sender/${name}`)).body).toEqual({ sender_name: null });
    const client = `client of ${name}`;
    const wanted = { alive: true, assigned_to: client, capabilities: ['translate'], tags: [name] };
    const agent = {
      agent_id: name,
      agent_url: bridge,
      api_url: api,
      alive: true,
      assigned_to: client,
      last_update: expect.stringMatching(/^\d{4}-.*Z$/),
      capabilities: ['translate'],
      tags: [name],
    };
    expect(await send(app, 'PUT', `/agents/${name}/status`, wanted)).toMatchObject({
      status: 200,
      body: { status: 'updated', agent },
    });
    expect((await send(app, 'GET', `/agents/${name}`)).body).toEqual(agent);
    expect((await send(app, 'GET', `/status/${name}`)).text).toBe('true');
    expect((await send(app, 'GET', `/sender/${name}`)).body).toEqual({ sender_name: client });
    expect((await send(app, 'GET', '/clients')).body).toMatchObject({ [client]: 'alive' });
    expect((await send(app, 'GET', `/lookup/${encodeURIComponent(client)}`)).body).toMatchObject({
      agent_id: name,
    });
    const search = async (query: string): Promise<string[]> =>
      ((await send(app, 'GET', `/search?${query}`)).body as { agent_id: string }[]).map(
        (one) => one.agent_id,
      );
    expect(await search(`q=${name.toUpperCase()}`)).toContain(name);
    expect(await search(`tags=other,${name}`)).toEqual([name]);
    expect(await search('capabilities=translate')).toContain(name);
    expect(await search(`tags=${name}&capabilities=sing`)).toEqual([]);
    expect(await search('q=nobody-is-called-so')).toEqual([]);
  });

  it('change only what a status names, one after the other', async () => {
    await register({ agent_id: name, agent_url: bridge });
    await Promise.all([
      send(app, 'PUT', `/agents/${name}/status`, { alive: true }),
      send(app, 'PUT', `/agents/${name}/status`, { tags: ['t'] }),
      send(app, 'PUT', `/agents/${name}/status`, { agent_id: 'other', name: 'other', agentUrl: 'x' }),
    ]);
    expect((await send(app, 'GET', `/agents/${name}`)).body).toMatchObject({
      agent_id: name,
      agent_url: bridge,
      alive: true,
      tags: ['t'],
    });
  });

  it('count', async () => {
    const { body } = await send(app, 'GET', '/stats');
    const names = Object.keys((await send(app, 'GET', '/list')).body as object).length;
    expect(body).toEqual({
      total_agents: names,
      alive_agents: expect.any(Number),
      total_clients: expect.any(Number),
    });
    expect((await send(app, 'GET', '/health')).body).toEqual({ status: 'ok', mongo: false });
  });

  it.each([
    ['GET', '/status/nobody', 404, "ID 'nobody' not found"],
    ['GET', '/sender/nobody', 400, 'Unassigned agent'],
    ['GET', '/agents/nobody', 404, 'Agent not found'],
    ['DELETE', '/agents/nobody', 404, 'Agent not found'],
    ['PUT', '/agents/nobody/status', 404, 'Agent not found'],
    ['GET', '/lookup/nanda:xyz', 404, "ID 'nanda:xyz' not found"],
  ] as const)('say what is not there: %s %s', async (method, url, status, error) => {
    expect(await send(app, method, url, method === 'PUT' ? {} : undefined)).toMatchObject({
      status,
      body: { error },
    });
  });

  it('delete: the agent ends, and the name is free', async () => {
    await register({ agent_id: name, agent_url: bridge });
    const { agentId } = (await live.node.agents.list()).at(-1)!;
    expect((await send(app, 'DELETE', `/agents/${name}`)).body).toEqual({
      status: 'deleted',
      agent_id: name,
    });
    expect((await live.node.resolve(agentId)).status).toBe('tombstoned');
    expect((await send(app, 'GET', `/agents/${name}`)).status).toBe(404);
    expect((await register({ agent_id: name, agent_url: bridge })).status).toBe(200);
    expect((await send(app, 'GET', `/lookup/${name}`)).body).toMatchObject({ agent_url: bridge });
  });

  it('give a name whose agent was ended elsewhere a new agent, and take it away too', async () => {
    await register({ agent_id: name, agent_url: bridge });
    const { agentId } = (await live.node.agents.list()).at(-1)!;
    await live.node.agents.revoke(agentId, 'superseded');
    expect((await send(app, 'GET', `/lookup/${name}`)).status).toBe(404);
    expect((await register({ agent_id: name, agent_url: bridge })).status).toBe(200);
    expect((await send(app, 'GET', `/lookup/${name}`)).body).toMatchObject({ agent_url: bridge });
    await live.node.agents.revoke((await live.node.agents.list()).at(-1)!.agentId, 'superseded');
    expect((await send(app, 'DELETE', `/agents/${name}`)).status).toBe(200);
  });
});

describe('who may change what', () => {
  it('refuses somebody else an agent that this node does not hold, and leaves it as it was', async () => {
    const other = await network.start('other node', { bootstrap: [live.address] });
    const { agentId } = await other.node.agents.register({ primaryFactsUrl: 'https://theirs.example/facts' });
    const id = formatAgentId(agentId);
    expect(await register({ agent_id: id, agent_url: bridge })).toMatchObject({
      status: 403,
      body: { error: `Agent ${id} belongs to somebody else` },
    });
    expect((await send(app, 'GET', `/lookup/${id}`)).body).toMatchObject({
      agent_url: 'https://theirs.example/facts',
    });
    await other.stop();
  });

  it('lets callers from elsewhere add names, and change none without the token', async () => {
    const open = await place.open(live.node, { remote: true, file: `${place.file}.remote` });
    const bearer = { headers: { authorization: `Bearer ${token}` }, ...elsewhere };
    const body = { agent_id: name, agent_url: bridge };
    expect((await send(open, 'POST', '/register', body, elsewhere)).status).toBe(200);
    // Agents register at each start; the same again changes nothing.
    expect((await send(open, 'POST', '/register', body, elsewhere)).status).toBe(200);
    const stolen = { agent_id: name, agent_url: 'https://thief.example' };
    for (const refused of [
      await send(open, 'POST', '/register', stolen, elsewhere),
      await send(open, 'PUT', `/agents/${name}/status`, { alive: true }, elsewhere),
      await send(open, 'DELETE', `/agents/${name}`, undefined, elsewhere),
      await send(open, 'DELETE', `/agents/${name}`, undefined, {
        ...elsewhere,
        headers: { authorization: 'Bearer x' },
      }),
    ])
      expect(refused).toMatchObject({
        status: 403,
        body: { error: `Agent ${name} belongs to somebody else` },
      });
    // A page of this machine's browser, under a name that was pointed at this machine.
    const rebound = { headers: { host: 'evil.example:6900' } };
    expect((await send(open, 'DELETE', `/agents/${name}`, undefined, rebound)).status).toBe(403);
    expect((await send(open, 'GET', `/lookup/${name}`)).body).toMatchObject({ agent_url: bridge });
    expect((await send(open, 'POST', '/register', stolen, bearer)).status).toBe(200);
    expect((await send(open, 'DELETE', `/agents/${name}`, undefined, bearer)).status).toBe(200);
    await open.close();
  });

  it('answers only to loopback names on loopback', async () => {
    const answer = await send(app, 'GET', '/list', undefined, { headers: { host: 'evil.example' } });
    expect(answer.status).toBe(421);
    expect(answer.body).toEqual({ error: expect.stringContaining('loopback') });
  });

  it('gives a page of another origin nothing', async () => {
    const body = JSON.stringify({ agent_id: name, agent_url: bridge });
    const headers = { origin: 'https://evil.example', 'content-type': 'text/plain' };
    expect((await send(app, 'POST', '/register', body, { headers })).status).toBe(415);
    const read = await app.inject({
      url: '/list',
      headers: { host: 'localhost', origin: 'https://e.example' },
    });
    expect(read.headers['access-control-allow-origin']).toBeUndefined();
  });
});

it('keeps its names over a restart, readable by their owner alone', async () => {
  await register({ agent_id: name, agent_url: bridge });
  await send(app, 'PUT', `/agents/${name}/status`, { alive: true, assigned_to: 'ada' });
  const before = (await send(app, 'GET', `/agents/${name}`)).body;
  const all = (await send(app, 'GET', '/list')).body;
  expect(statSync(place.file).mode & 0o777).toBe(0o600);
  await app.close();
  app = await place.open(live.node);
  expect((await send(app, 'GET', `/agents/${name}`)).body).toEqual(before);
  expect((await send(app, 'GET', '/list')).body).toEqual(all);
  expect((await register({ agent_id: name, agent_url: `${bridge}/2` })).status).toBe(200);
  expect((await send(app, 'GET', `/lookup/${name}`)).body).toMatchObject({ agent_url: `${bridge}/2` });
  expect(place.defects).toEqual([]);
});
