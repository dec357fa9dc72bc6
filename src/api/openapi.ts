/** The API's own description: OpenAPI 3.1 from the schemas of the routes, and a page to read it. */
import type { FastifyInstance } from 'fastify';
import { openAccess } from './authorise.ts';
import type { DescribedRoute, Description } from './openapi-document.ts';

/** Collects the routes that are added after it. To be called before they are. */
export function collectRoutes(app: FastifyInstance): readonly DescribedRoute[] {
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', ({ method, url, schema, config }) => {
    for (const one of [method].flat()) {
      if (one !== 'HEAD')
        routes.push({ method: one, url, schema: { ...schema }, access: config?.access ?? 'token' });
    }
  });
  return routes;
}

/** Adds the document and its page. */
export function addReferenceRoutes(app: FastifyInstance, routes: readonly DescribedRoute[]): void {
  let description: Promise<Description> | null = null;
  async function describe(): Promise<Description> {
    try {
      // What it needs is loaded for the first who asks: most daemons are never asked.
      description ??= import('./openapi-document.ts').then((module) => module.describeRoutes(routes));
      return await description;
    } catch (error) {
      description = null;
      throw error;
    }
  }

  const hidden = { schema: { hide: true }, ...openAccess };
  app.get('/openapi.json', hidden, async (_request, reply) => {
    reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache');
    return (await describe()).document;
  });
  app.get('/docs', hidden, async (_request, reply) => {
    const { page, pageHeaders } = await describe();
    reply.headers(pageHeaders).type('text/html; charset=utf-8').header('cache-control', 'no-cache');
    return page;
  });
}
