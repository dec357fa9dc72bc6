/**
 * The Model Context Protocol over streamable HTTP: one path, `/mcp`, bounded like every server of this project. Decides
 * who gets in (a name of this machine, a page of this machine, the token where one is wanted); the protocol is the SDK's.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  type McpServer,
  originValidationResponse,
} from '@modelcontextprotocol/server';

export interface McpHttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether only names of this machine lead here. */
  readonly isLoopback: boolean;
  /** What callers present; null: nothing. */
  readonly token: string | null;
  readonly createServer: () => McpServer;
  /** Bounds the connections that are open at once, by what every server of this project does. */
  readonly bound: (server: Server) => void;
  /** Hears of failures that nobody planned. */
  readonly onDefect: (error: unknown) => void;
}

export interface McpHttpServer {
  readonly url: string;
  stop(): Promise<void>;
}

const path = '/mcp';
const bodyBytesMax = 64 * 1024;
const headerBytesMax = 16 * 1024;
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
/** Nothing read or written while a call is under way: longer than any may take (120 s). */
const standstillMs = 150_000;

/** Opens it. @throws the listen error of node:net, such as EADDRINUSE. */
export async function startMcpHttp(options: McpHttpOptions): Promise<McpHttpServer> {
  const handler = createMcpHandler(options.createServer, { maxRequestBodySize: bodyBytesMax });
  const admit = createGate(options);
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (incoming, outgoing) => {
      answer(incoming, outgoing, async (request) => admit(request) ?? (await handler.fetch(request))).catch(
        (error: unknown) => {
          if (!outgoing.destroyed) options.onDefect(error);
          outgoing.destroy();
        },
      );
    },
  );
  options.bound(server);
  server.setTimeout(standstillMs);
  await listen(server, options);
  const { port } = server.address() as { port: number };
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}${path}`,
    async stop() {
      await handler.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: McpHttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What answers a request that may not pass; undefined lets it. */
function createGate({ isLoopback, token }: McpHttpOptions): (request: Request) => Response | undefined {
  return (request) => {
    if (new URL(request.url).pathname !== path) return refusal(404, `there is nothing but ${path} here`);
    // A web page whose name was pointed at this machine says that name, and one of another origin says its own.
    if (isLoopback) {
      const refused =
        hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
        originValidationResponse(request, localhostAllowedOrigins());
      if (refused !== undefined) return refused;
    } else if (request.headers.has('origin')) return refusal(403, 'pages may not call this');
    if (token === null || isBearer(request, token)) return undefined;
    const answered = refusal(401, 'the token is missing or wrong');
    answered.headers.set('www-authenticate', 'Bearer');
    return answered;
  };
}

/** In constant time: both sides are hashed first, so lengths do not show either. */
function isBearer(request: Request, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(request.headers.get('authorization') ?? ''), hash(`Bearer ${token}`));
}

/** In the form of JSON-RPC, which is what callers read. */
function refusal(status: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status });
}

/** One exchange of node:http as one of the web's, aborted when the caller goes away. */
async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  serve: (request: Request) => Promise<Response>,
): Promise<void> {
  const abort = new AbortController();
  outgoing.once('close', () => abort.abort());
  const response = await serve(requestOf(incoming, abort.signal));
  if (outgoing.destroyed) return;
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  if (response.body === null) {
    outgoing.end();
    return;
  }
  const body = Readable.fromWeb(response.body as unknown as ReadableStream);
  // A caller that went away is no failure.
  await pipeline(body, outgoing).catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const method = incoming.method ?? 'GET';
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? (Readable.toWeb(incoming) as unknown as BodyInit) : null;
  // The name that the caller used stands in its Host header; a URL of our own cannot be made to lead elsewhere.
  const url = new URL('http://localhost');
  url.pathname = (incoming.url ?? '/').split('?')[0]!;
  return new Request(url, { method, headers, signal, ...(hasBody && { body, duplex: 'half' }) });
}
