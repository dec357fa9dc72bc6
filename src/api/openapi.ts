/** The API's own description: OpenAPI 3.1 from the schemas of the routes, and a page to read it. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { packageVersion } from '../config/package-root.ts';
import { problemSchema } from './answers.ts';
import { openAccess } from './authorise.ts';
import { type ApiDescription, pageHeaders, renderReference } from './reference-page.ts';

const problemAnswer = {
  description: 'Refused or failed',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Collects the routes that are added after it. To be registered before them. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'weft',
        version: packageVersion(),
        description:
          'The API of a weft node. Agent ids are `nanda:` text, other byte strings are hexadecimal, times ISO 8601 in UTC. A refusal or failure is a problem document (RFC 9457) with a stable `code` and a `hint`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as never,
      },
      tags: [
        { name: 'agents', description: 'Any agent on the index' },
        { name: 'custody', description: 'Agents whose keys this node holds' },
        { name: 'changes', description: 'What happens' },
        { name: 'node', description: 'This node' },
        { name: 'standards', description: 'The index as other standards see it' },
      ],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'The content of api.token' },
        },
        schemas: { Problem: problemSchema as never },
      },
    },
    transform({ schema, url, route }) {
      const access = route.config?.access ?? 'token';
      const security = access === 'token' ? [{ token: [] }] : access === 'read' ? [{}, { token: [] }] : [{}];
      const described = schema as { response?: object } | undefined;
      const response = { ...described?.response, default: problemAnswer };
      return { schema: { ...schema, response, security }, url };
    },
  });
}

/** Adds the document and its page. */
export function addReferenceRoutes(app: FastifyInstance): void {
  let document = '';
  let page = '';
  app.addHook('onReady', async () => {
    const described = app.swagger() as unknown as ApiDescription;
    document = JSON.stringify(described);
    page = renderReference(described);
  });
  const hidden = { schema: { hide: true }, ...openAccess };
  app.get('/openapi.json', hidden, async (_request, reply) => {
    reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache');
    return document;
  });
  app.get('/docs', hidden, async (_request, reply) => {
    reply.headers(pageHeaders).type('text/html; charset=utf-8').header('cache-control', 'no-cache');
    return page;
  });
}
