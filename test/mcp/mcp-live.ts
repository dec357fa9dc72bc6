/** A live node with its API, and clients of `weft mcp`, from the official SDK: over stdio to a process, and over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { createLiveNetwork, type LiveNode } from '../helpers/live-nodes.ts';

export const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
const token = 'the-token-of-the-tests';

/** The protocol of 2025, which clients speak by default, or that of 2026. */
export type Era = 'legacy' | 'auto';

export interface Called {
  readonly isError?: boolean;
  readonly structuredContent?: Record<string, unknown>;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
}

export interface McpClient {
  readonly client: Client;
  call(name: string, input: object): Promise<Called>;
  close(): Promise<void>;
}

export interface RunningProcess {
  readonly child: ChildProcess;
  /** The first line of stdout. */
  readonly firstLine: Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

export interface McpUnderTest {
  readonly folder: string;
  readonly nodes: readonly LiveNode[];
  /** Arguments by which a command finds the daemon. */
  readonly place: readonly string[];
  readonly api: ApiServer;
  run(...argv: readonly string[]): RunningProcess;
  connectStdio(era: Era, ...argv: readonly string[]): Promise<McpClient>;
  connectHttp(era: Era, url: string, bearer?: string): Promise<McpClient>;
  close(): Promise<void>;
}

/** Two nodes, of which the first has an API. */
export async function createMcpUnderTest(): Promise<McpUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-mcp-'));
  const network = createLiveNetwork();
  const nodes = await network.startMany(2);
  const tokenFile = join(folder, 'api.token');
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const api = await startApi(nodes[0]!.node, {
    host: '127.0.0.1',
    port: 0,
    remote: false,
    token,
    connectionsMax: 50,
    onDefect: (error) => {
      throw error;
    },
  });
  const place = ['--data', folder, '--api', api.url, '--token-file', tokenFile];
  const running: RunningProcess[] = [];
  const clients: McpClient[] = [];

  async function connect(era: Era, transport: Parameters<Client['connect']>[0]): Promise<McpClient> {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: era } });
    await client.connect(transport);
    const connected: McpClient = {
      client,
      call: async (name, input) =>
        (await client.callTool({ name, arguments: input as Record<string, unknown> })) as Called,
      close: () => client.close(),
    };
    clients.push(connected);
    return connected;
  }

  return {
    folder,
    nodes,
    place,
    api,
    run(...argv) {
      const started = runWeft(argv);
      running.push(started);
      return started;
    },
    connectStdio: (era, ...argv) =>
      connect(
        era,
        new StdioClientTransport({
          command: process.execPath,
          args: [script, 'mcp', ...place, ...argv],
          stderr: 'ignore',
        }),
      ),
    connectHttp: (era, url, bearer) =>
      connect(
        era,
        new StreamableHTTPClientTransport(new URL(url), {
          requestInit: bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } },
        }),
      ),
    async close() {
      await Promise.all(clients.map((one) => one.close()));
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
      await api.stop();
      await network.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The command line as a process, with an open stdin. */
function runWeft(argv: readonly string[]): RunningProcess {
  const child = spawn(process.execPath, [script, ...argv], { stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A process that ends closes its end of the pipe first.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  const firstLine = new Promise<string>((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => {
    stdout += `${line}\n`;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, firstLine, ended };
}
