/** The API's description of itself: a valid document, which its answers hold to, and a page that needs nothing else. */
import { createHash } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { type ApiDocument, operationsOf } from './api-document.ts';
import { createRecordedNode } from './recorded-node.ts';

const node = createRecordedNode();
const id = formatAgentId(node.resolution.agentId);
const onDefect = (error: unknown): never => {
  throw error;
};
const api = createApi(node, {
  host: '127.0.0.1',
  port: 0,
  remote: false,
  token: 't',
  connectionsMax: 1,
  onDefect,
});
const headers = { host: 'localhost', authorization: 'Bearer t' };
let document: ApiDocument;

beforeAll(async () => {
  document = (await api.inject({ url: '/openapi.json', headers })).json<ApiDocument>();
});

describe('the document', () => {
  it('is OpenAPI 3.1, and says of every operation what it is, who may call it and what comes back', () => {
    expect(document.openapi).toBe('3.1.0');
    const operations = operationsOf(document);
    expect(operations.length).toBeGreaterThan(20);
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      expect(operation.summary, path).toMatch(/\w/);
      expect(operation.tags, path).toHaveLength(1);
      expect(operation.security, path).toBeDefined();
      expect(Object.keys(operation.responses), path).toContain('default');
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const described = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect(described.map((one) => one.name)).toEqual(inPath);
    }
  });

  it('has schemas that compile, every one', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'root', components: document.components });
    const schemas = JSON.stringify(document).match(/"schema":/g)!.length;
    expect(schemas).toBeGreaterThan(30);
    for (const { operation } of operationsOf(document)) {
      for (const { schema } of operation.parameters ?? []) ajv.compile(schema);
      for (const { schema } of Object.values(operation.requestBody?.content ?? {})) ajv.compile(schema);
    }
  });

  const json = { 'content-type': 'application/json' };
  it.each<['GET' | 'POST' | 'PATCH', string, string, object | undefined]>([
    ['GET', '/v1/status', '/v1/status', undefined],
    ['GET', '/v1/store', '/v1/store', undefined],
    ['GET', '/v1/peers', '/v1/peers', undefined],
    ['GET', '/v1/agents', '/v1/agents', undefined],
    ['GET', '/v1/agents/{id}', `/v1/agents/${id}`, undefined],
    ['GET', '/v1/agents/{id}/history', `/v1/agents/${id}/history?at=2026-01-01T00:00:00Z`, undefined],
    ['POST', '/v1/resolve', '/v1/resolve', { agents: [id, 'x'] }],
    ['POST', '/v1/agents', '/v1/agents', { primaryFactsUrl: 'https://a.example/f' }],
    ['PATCH', '/v1/agents/{id}', `/v1/agents/${id}`, { ttlSeconds: 60 }],
    ['POST', '/v1/agents/{id}/rotate', `/v1/agents/${id}/rotate`, {}],
    [
      'POST',
      '/v1/agents/{id}/delegate',
      `/v1/agents/${id}/delegate`,
      { audience: '00'.repeat(32), rights: ['op'], fields: ['ttl'], expiresInSeconds: 60 },
    ],
    ['POST', '/v1/agents/{id}/delegate-key', `/v1/agents/${id}/delegate-key`, undefined],
    ['GET', '/1.0/identifiers/{did}', `/1.0/identifiers/did:${id}`, undefined],
    ['GET', '/healthz', '/healthz', undefined],
  ])('is what %s %s answers', async (method, path, url, body) => {
    const given = body === undefined ? { headers } : { headers: { ...headers, ...json }, payload: body };
    const answer = await api.inject({ method, url, ...given });
    const { responses } = document.paths[path]![method.toLowerCase()]!;
    const content = Object.values(responses[String(answer.statusCode)]?.content ?? {});
    expect(content.length, answer.body).toBeGreaterThan(0);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(content[0]!.schema);
    expect(validate(answer.json()), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('the page', () => {
  it('shows every operation, and needs and runs nothing but its own style', async () => {
    const answer = await api.inject({ url: '/docs', headers: { host: 'localhost' } });
    expect(answer.headers['content-type']).toContain('text/html');
    const page = answer.body;
    for (const { path, operation } of operationsOf(document)) {
      expect(page).toContain(path);
      expect(page).toContain(`id="${operation.operationId}"`);
    }
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=/);
    expect(
      [...page.matchAll(/(?:href|src)="([^"]+)"/g)].every(([, to]) => /^(#\w+|\/openapi\.json)$/.test(to!)),
    ).toBe(true);
    const style = /<style>([\s\S]*)<\/style>/.exec(page)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(answer.headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  });
});
