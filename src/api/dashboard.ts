/**
 * The dashboard: the files that the build left in dist/dashboard, under `/`. Looked up when somebody asks, and never kept:
 * a daemon that nobody looks at pays nothing. Decides how long they may be cached and what the page may do.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Made by the build beside each file, the smaller one first. */
const encodings = [
  { name: 'br', extension: '.br' },
  { name: 'gzip', extension: '.gz' },
] as const;

const year = 'public, max-age=31536000, immutable';

/** Where the build leaves it. */
export function dashboardFolder(): string {
  return join(packageRoot(), 'dist', 'dashboard');
}

/** Adds the page and its files. @param folder dist/dashboard when left out */
export function addDashboardRoutes(app: FastifyInstance, folder: string = dashboardFolder()): void {
  const hidden = { schema: { hide: true }, ...openAccess };
  app.get('/', hidden, async (request, reply) => {
    if (!(await filesIn(folder)).has('index.html')) {
      throw new ApiError('no-dashboard', 'the dashboard is not built here');
    }
    reply.headers(pageHeaders).header('cache-control', 'no-cache');
    return sendFile(request, reply, folder, 'index.html');
  });
  app.get<{ Params: { name: string } }>('/assets/:name', hidden, async (request, reply) => {
    const { name } = request.params;
    // Only names that are there are ever joined to a path.
    if (!(await filesIn(join(folder, 'assets'))).has(name)) {
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

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string,
  name: string,
): Promise<Buffer> {
  const names = await filesIn(folder);
  const accepted = acceptedEncodings(request.headers['accept-encoding']);
  const packed = encodings.find(
    (encoding) => accepted.has(encoding.name) && names.has(name + encoding.extension),
  );
  reply.type(typeByExtension[name.split('.').at(-1)!] ?? 'application/octet-stream');
  reply.header('vary', 'accept-encoding');
  if (packed !== undefined) reply.header('content-encoding', packed.name);
  return readFile(join(folder, name + (packed?.extension ?? '')));
}

/** Codings that the client takes, `q=0` being none. */
function acceptedEncodings(header: string | string[] | undefined): ReadonlySet<string> {
  const wishes = [header ?? []].flat().join(',').split(',');
  return new Set(
    wishes
      .map((wish) =>
        wish
          .trim()
          .toLowerCase()
          .split(/\s*;\s*/),
      )
      .filter(([, weight]) => weight === undefined || Number(weight.replace(/^q=/, '')) > 0)
      .map(([name]) => name!),
  );
}
