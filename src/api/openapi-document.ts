/** Makes the description of the API out of its routes. Loaded when somebody asks for it. */
import swagger from '@fastify/swagger';
import { type FastifySchema, fastify, type HTTPMethods } from 'fastify';
import { packageVersion } from '../config/package-root.ts';
import { problemSchema } from './answers.ts';
import type { Access } from './authorise.ts';
import { type ApiDescription, pageHeaders, renderReference } from './reference-page.ts';

/** A route as it was added. */
export interface DescribedRoute {
  readonly method: HTTPMethods;
  readonly url: string;
  readonly schema: FastifySchema;
  readonly access: Access;
}

export interface Description {
  /** OpenAPI 3.1, as JSON. */
  readonly document: string;
  /** HTML. */
  readonly page: string;
  /** What the page may do. */
  readonly pageHeaders: Readonly<Record<string, string>>;
}

const problemAnswer = {
  description: 'Refused or failed',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const info = {
  title: 'weft',
  version: packageVersion(),
  description:
    'The API of a weft node. Agent ids are `nanda:` text, other byte strings are hexadecimal, times ISO 8601 in UTC. A refusal or failure is a problem document (RFC 9457) with a stable `code` and a `hint`.',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as never,
};

const tags = [
  { name: 'agents', description: 'Any agent on the index' },
  { name: 'custody', description: 'Agents whose keys this node holds' },
  { name: 'facts', description: 'AgentFacts that this node serves' },
  { name: 'changes', description: 'What happens' },
  { name: 'audit', description: 'What this node has accepted, as a Merkle tree, and proofs of it' },
  { name: 'node', description: 'This node' },
  { name: 'standards', description: 'The index as other standards see it' },
  { name: 'trust', description: 'Credentials, status lists, verdicts of zones, other views of facts' },
];

/** The description of these routes. They are added to a server of their own, which never listens. */
export async function describeRoutes(routes: readonly DescribedRoute[]): Promise<Description> {
  const app = fastify({ logger: false, exposeHeadRoutes: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => () => '');
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info,
      tags,
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
      // Bytes are looked at by the route itself: for the others, that they are the body.
      const bytes = schema?.consumes !== undefined && schema.body === undefined;
      const body = bytes ? { body: { type: 'string', contentEncoding: 'binary' } } : {};
      return { schema: { ...schema, ...body, response, security }, url };
    },
  });
  for (const { method, url, schema, access } of routes) {
    app.route({ method, url, schema, config: { access }, handler: async () => null });
  }
  await app.ready();
  const described = app.swagger() as unknown as ApiDescription;
  await app.close();
  return { document: JSON.stringify(described), page: renderReference(described), pageHeaders };
}
