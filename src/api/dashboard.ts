/**
 * The dashboard: the files that the build left in dist/dashboard, under `/`. Looked up when somebody asks, and never kept:
 * a daemon that nobody looks at pays nothing. Decides how long they may be cached and what the page may do.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { packageRoot } from '../config/package-root.ts';
import { ApiError } from './api-error.ts';
import { openAccess } from './authorise.ts';

/** Its own files, its own API, and icons that stand in its text. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

const typeByExtension: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The build leaves packed files alone. */
const packedExtension = '.gz';
const unpack = promisify(gunzip);

const year = 'public, max-age=31536000, immutable';

/** Where the build leaves it. */
export function dashboardFolder(): string {
  return join(packageRoot(), 'dist', 'dashboard');
}

/** Adds the page and its files. @param folder dist/dashboard when left out */
export function addDashboardRoutes(app: FastifyInstance, folder: string = dashboardFolder()): void {
  const hidden = { schema: { hide: true }, ...openAccess };
  app.get('/', hidden, async (request, reply) => {
    if (!(await filesIn(folder)).has(`index.html${packedExtension}`)) {
      throw new ApiError('no-dashboard', 'the dashboard is not built here');
    }
    reply.headers(pageHeaders).header('cache-control', 'no-cache');
    return sendFile(request, reply, folder, 'index.html');
  });
  app.get<{ Params: { name: string } }>('/assets/:name', hidden, async (request, reply) => {
    const { name } = request.params;
    // Only names that are there are ever joined to a path.
    if (!(await filesIn(join(folder, 'assets'))).has(name + packedExtension)) {
      throw new ApiError('no-route', 'the dashboard has no such file: load the page again');
    }
    // The name holds a hash of the content.
    reply.headers(pageHeaders).header('cache-control', year);
    return sendFile(request, reply, join(folder, 'assets'), name);
  });
}

/** Names of files; none when there is no such folder. */
async function filesIn(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}

/** Packed, and unpacked for the few who do not take that. */
async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string,
  name: string,
): Promise<Buffer> {
  const content = await readFile(join(folder, name + packedExtension));
  reply.type(typeByExtension[name.split('.').at(-1)!] ?? 'application/octet-stream');
  reply.header('vary', 'accept-encoding');
  if (!takesGzip(request.headers['accept-encoding'])) return unpack(content);
  reply.header('content-encoding', 'gzip');
  return content;
}

/** `q=0` is a refusal. */
function takesGzip(header: string | string[] | undefined): boolean {
  return [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((wish) =>
      wish
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/),
    )
    .some(
      ([name, weight]) => name === 'gzip' && (weight === undefined || Number(weight.replace(/^q=/, '')) > 0),
    );
}
