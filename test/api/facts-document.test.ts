/** What the API's own description says of facts, cards and catalogs is what they answer. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import type { ApiDocument } from './api-document.ts';
import { createRecordedNode } from './recorded-node.ts';

const node = createRecordedNode();
const { agentId } = node.resolution;
const id = formatAgentId(agentId);
const onDefect = (error: unknown): never => {
  throw error;
};
const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 1, onDefect };
const api = createApi(node, { ...options, openReads: true });
const headers = { host: 'localhost', authorization: 'Bearer t' };
let document: ApiDocument;

beforeAll(async () => {
  document = (await api.inject({ url: '/openapi.json', headers })).json<ApiDocument>();
});
afterAll(() => api.close());

it.each<['GET' | 'PUT' | 'POST' | 'DELETE', string, object?]>([
  ['PUT', '/v1/agents/{id}/facts', sampleFacts(agentId)],
  ['POST', '/v1/agents/{id}/facts/sign', sampleFacts(agentId)],
  ['GET', '/facts/{id}'],
  ['GET', '/.well-known/agent-facts'],
  ['GET', '/.well-known/agent-card.json'],
  ['GET', '/agents/{id}/agent-card.json'],
  ['GET', '/agents/{id}/jwks.json'],
  ['GET', '/.well-known/ai-catalog.json'],
  ['POST', '/search', { query: { text: 'translate' }, federation: 'referrals', pageSize: 1 }],
  ['POST', '/explore', { resultType: { facets: [{ field: 'tags' }] } }],
  ['GET', '/agents'],
  ['DELETE', '/v1/agents/{id}/facts'],
  ['GET', '/.well-known/agent-facts'],
])('%s %s answers as it is described', async (method, path, payload) => {
  const given = payload === undefined ? {} : { payload };
  const answer = await api.inject({ method, url: path.replace('{id}', id), headers, ...given });
  expect(answer.statusCode, answer.body).toBe(200);
  const operation = document.paths[path]![method.toLowerCase()]!;
  const mediaType = String(answer.headers['content-type']).split(';')[0]!;
  const schema = operation.responses['200']?.content?.[mediaType]?.schema;
  expect(schema, mediaType).toBeDefined();
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema!);
  expect(validate(answer.json()), JSON.stringify(validate.errors)).toBe(true);
});
