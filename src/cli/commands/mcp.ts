/** `weft mcp`: the index as tools of a language model, over stdio or streamable HTTP. A client of the daemon, as every command. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { boundConnections } from '../../api/connection-bound.ts';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { openTokenFile } from '../../api/token-file.ts';
import { isLoopback } from '../../config/load-config.ts';
import { packageVersion } from '../../config/package-root.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { listenErrorOf } from '../listen-error.ts';
import { waitForEnd } from '../signals.ts';

interface McpOptions {
  /** True for the default address. */
  readonly http?: string | true;
  readonly mcpToken?: string;
  readonly allowRegister?: boolean;
}

const hostDefault = '127.0.0.1';
const portDefault = 4803;
/** Calls that wait for a change keep theirs open. */
const connectionsMax = 128;

/** Adds it. */
export function addMcpCommand(program: Command, run: Runner): void {
  const command = program
    .command('mcp')
    .description(
      'serve the index as tools of a language model (Model Context Protocol), over stdio unless --http is given',
    )
    .option('--http [address]', `serve streamable HTTP on host:port (default: ${hostDefault}:${portDefault})`)
    .option(
      '--mcp-token <file>',
      'token that callers of --http present, made at start (default: mcp.token in the data folder)',
    )
    .option('--allow-register', 'offer register_agent: whoever may call it puts agents on the index');
  addExamples(command, [
    ['weft mcp', 'for a client that starts it: {"command": "weft", "args": ["mcp"]}'],
    ['weft mcp --allow-register', 'the model may also register agents, in the custody of the daemon'],
    ['weft mcp --http', `http://${hostDefault}:${portDefault}/mcp, for programs on this machine`],
    ['weft mcp --http 0.0.0.0:4803', 'for others too: they present the token; put TLS before it'],
  ]).action(run<[], McpOptions>((context, _given, options) => serve(context, options)));
}

async function serve(context: Context, options: McpOptions): Promise<ExitCode> {
  // Loaded here, so that no other command carries the SDK.
  const { createDaemonClient } = await import('../../mcp/daemon-client.ts');
  const { createMcpServer } = await import('../../mcp/mcp-server.ts');
  const onDefect = (error: unknown): void =>
    context.terminal.note(`weft mcp: ${(error as Error).stack ?? String(error)}`);
  const parts = {
    client: createDaemonClient(() => context.address()),
    version: packageVersion(),
    allowRegister: options.allowRegister === true,
    onDefect,
  };
  const create = () => createMcpServer(parts);
  if (options.http === undefined) await serveStdio(context, create);
  else await serveHttp(context, options, options.http, create, onDefect);
  return exitCodes.ok;
}

type Create = () => ReturnType<typeof import('../../mcp/mcp-server.ts').createMcpServer>;

/** Until the client closes its end, or a signal. Stdout belongs to the protocol. */
async function serveStdio({ terminal }: Context, create: Create): Promise<void> {
  const { serveOverStdio } = await import('../../mcp/stdio-server.ts');
  const server = serveOverStdio(create, terminal, (error) => {
    terminal.note(`weft mcp: ${error.message}`);
  });
  await Promise.race([waitForEnd(), server.ended]);
  await server.stop();
}

async function serveHttp(
  context: Context,
  options: McpOptions,
  address: string | true,
  create: Create,
  onDefect: (error: unknown) => void,
): Promise<void> {
  const { terminal } = context;
  const { startMcpHttp } = await import('../../mcp/http-server.ts');
  const { host, port } = parseAddress(address);
  const isLocal = isLoopback(host);
  // On loopback everybody on this machine may read, as at the API; nobody else's word makes an agent.
  const needsToken = !isLocal || options.allowRegister === true;
  const tokenFile = options.mcpToken ?? join(context.config().dataDirectory, 'mcp.token');
  const token = needsToken || options.mcpToken !== undefined ? openTokenFile(tokenFile) : null;
  const ended = waitForEnd();
  const server = await startMcpHttp({
    host,
    port,
    isLoopback: isLocal,
    token,
    createServer: create,
    bound: (server) => void boundConnections(server, connectionsMax, () => {}),
    onDefect,
  }).catch((error: unknown) => {
    const hint = 'give another address, such as --http 127.0.0.1:0 for any free port';
    throw listenErrorOf(error, `the MCP server cannot listen on ${host}:${port}`, hint);
  });
  const shownToken = token === null ? null : tokenFile;
  terminal.give({ type: 'ready', url: server.url, tokenFile: shownToken, processId: process.pid });
  terminal.say(`weft mcp  ${terminal.paint('good', 'serving')}`);
  terminal.say(`  url    ${server.url}`);
  if (shownToken !== null) terminal.say(`  token  in ${shownToken}`);
  terminal.say(terminal.paint('quiet', 'Ctrl-C stops it'));
  await ended;
  await server.stop();
  terminal.give({ type: 'stopped' });
}

/** `host:port`, `[v6]:port`, or either part alone. @throws CliError `usage` */
export function parseAddress(address: string | true): { readonly host: string; readonly port: number } {
  if (address === true) return { host: hostDefault, port: portDefault };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*))?(?::?(\d{1,5}))?$/.exec(address);
  const onlyPort = /^:?(\d{1,5})$/.exec(address);
  const port = Number(onlyPort?.[1] ?? match?.[3] ?? portDefault);
  if (match === null || port > 65_535)
    throw new CliError('usage', `"${address}" is not an address`, 'write it as --http 127.0.0.1:4803');
  if (onlyPort !== null) return { host: hostDefault, port };
  return { host: match[1] ?? match[2] ?? hostDefault, port };
}
