/** The Model Context Protocol over the pipes of this process, for a client that started it. */
import type { Readable, Writable } from 'node:stream';
import type { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';

export interface McpStdioServer {
  /** Resolves when the client has closed its end. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Of one message. */
const messageBytesMax = 256 * 1024;

/** Serves until the client goes away. */
export function serveOverStdio(
  createServer: () => McpServer,
  { stdin, stdout }: { readonly stdin: Readable; readonly stdout: Writable },
  onDefect: (error: unknown) => void,
): McpStdioServer {
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) stdin.once(event, () => resolve());
  });
  const transport = new StdioServerTransport(stdin, stdout, { maxBufferSize: messageBytesMax });
  const handle = serveStdio(createServer, { transport, onerror: onDefect });
  return { ended, stop: () => handle.close() };
}
