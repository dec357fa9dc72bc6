/** The Model Context Protocol over the pipes of this process, for a client that started it. */
import type { Readable, Writable } from 'node:stream';
import type { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';

export interface McpStdioServer {
  /** Resolves when the connection is over. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Of one message. */
const messageBytesMax = 256 * 1024;

/** Says when it is closed, whoever closed it: the client, a message that is too long, this process. */
class WatchedTransport extends StdioServerTransport {
  readonly closed: Promise<void>;
  private readonly tellClosed: () => void;

  constructor(stdin: Readable, stdout: Writable) {
    super(stdin, stdout, { maxBufferSize: messageBytesMax });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.tellClosed = resolve;
  }

  override async close(): Promise<void> {
    await super.close();
    this.tellClosed();
  }
}

/** Serves until the client goes away. @param onTrouble hears of messages that are none */
export function serveOverStdio(
  createServer: () => McpServer,
  { stdin, stdout }: { readonly stdin: Readable; readonly stdout: Writable },
  onTrouble: (error: Error) => void,
): McpStdioServer {
  const transport = new WatchedTransport(stdin, stdout);
  const handle = serveStdio(createServer, { transport, onerror: onTrouble });
  return {
    ended: transport.closed,
    async stop() {
      await handle.close();
      // A client that never closes its end does not keep this process.
      stdin.destroy();
    },
  };
}
