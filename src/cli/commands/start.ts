/** `weft start`: a node in the foreground, from its settings to its clean end. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ApiServer } from '../../api/bounded-app.ts';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import type { ApiOptions } from '../../api/server.ts';
import { openTokenFile, removeAddressFile, writeAddressFile } from '../../api/token-file.ts';
import type { NodeConfig } from '../../config/config-types.ts';
import { isLoopback } from '../../config/load-config.ts';
import { packageVersion } from '../../config/package-root.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { addConfigOptions, configFlagsOf } from '../config-options.ts';
import type { Context, Runner } from '../context.ts';
import { prepareDataFolder } from '../data-folder.ts';
import { addExamples } from '../help.ts';
import { listenErrorOf } from '../listen-error.ts';
import { waitForEnd } from '../signals.ts';
import type { Terminal } from '../terminal.ts';

/** Adds it. */
export function addStartCommand(program: Command, run: Runner): void {
  const command = program
    .command('start')
    .description('run a node in the foreground; makes its data folder when there is none')
    .option('--no-passphrase', 'for a new data folder: do not encrypt its keys');
  addExamples(addConfigOptions(command), [
    ['weft start', 'begin a network, or go on with the peers known from before'],
    ['weft start --bootstrap /ip4/192.0.2.7/tcp/4801/p2p/12D3…', 'join a network'],
    [
      'weft start --data ./second --listen /ip4/127.0.0.1/tcp/0 --api-port 0',
      'a second node on this machine',
    ],
  ]).action(run<[], Record<string, unknown>>((context, _given, options) => start(context, options)));
}

async function start(context: Context, options: Readonly<Record<string, unknown>>): Promise<ExitCode> {
  const { terminal } = context;
  const encrypted = options['passphrase'] !== false;
  const { config, passphrase } = await prepareDataFolder(context, configFlagsOf(options), encrypted);
  // Loaded here, so that the other commands start without a network stack.
  const { createNode } = await import('../../node/create-node.ts');
  const { openKeysOfNode } = await import('../../node/offline-keys.ts');
  const { createNodeLog } = await import('../../node/node-ports.ts');
  const { openObserver } = await import('../../node/observed-node.ts');
  const isPretty = config.log.pretty || terminal.stderr.isTTY === true;
  const log = createNodeLog({ ...config, log: { ...config.log, pretty: isPretty } });
  const observer = await openObserver(config, log);
  const tracing = observer.tracing && { tracing: observer.tracing };
  const keys = await openKeysOfNode(config, passphrase);
  const node = observer.observe(await createNode(config, { log, ...tracing, ...keys }));
  const ended = waitForEnd();
  try {
    await node.start();
    const onDefect = (error: unknown, route: string): void => log.error({ error, route }, 'a request failed');
    const { createApiMetrics } = await import('../../api/api-metrics.ts');
    const observed = { metrics: createApiMetrics(), onDefect };
    const api = await openApi(node, config, { ...tracing, ...observed });
    let nanda: ApiServer | null = null;
    try {
      nanda = config.nanda.enabled ? await openNanda(node, config, observed) : null;
      await announceReady(terminal, config, node, { api: api.url, nanda: nanda?.url ?? null });
      await ended;
    } finally {
      terminal.note('stopping');
      removeAddressFile(config.dataDirectory);
      await Promise.all([api.stop(), nanda?.stop()]);
    }
  } finally {
    await node.stop();
    await observer.close();
  }
  terminal.give({ type: 'stopped' });
  return exitCodes.ok;
}

async function openApi(
  node: WeftNode,
  config: NodeConfig,
  observed: Pick<ApiOptions, 'metrics' | 'onDefect' | 'tracing'>,
) {
  const token = openTokenFile(config.api.tokenFile);
  const { host, port, remote, connectionsMax, reads, requestsPerSecond, requestsBurst } = config.api;
  const { corsOrigins, publicUrl, agent } = config.api;
  try {
    const { startApi } = await import('../../api/server.ts');
    const api = await startApi(node, {
      host,
      port,
      remote,
      connectionsMax,
      token,
      openReads: reads === 'open' || (reads === 'auto' && isLoopback(host)),
      rateLimit: { requestsPerSecond, requestsBurst },
      corsOrigins,
      publicUrl,
      agent,
      ...observed,
    });
    const address = {
      url: api.url,
      tokenFile: config.api.tokenFile,
      peer: node.peer,
      processId: process.pid,
    };
    writeAddressFile(config.dataDirectory, address);
    return api;
  } catch (error) {
    const hint = 'take another with --api-port; 0 takes any free one';
    throw listenErrorOf(error, `the API cannot listen on ${host}:${port}`, hint);
  }
}

/** The interface of the NANDA index, for who switched it on. */
async function openNanda(
  node: WeftNode,
  config: NodeConfig,
  observed: Pick<ApiOptions, 'metrics' | 'onDefect'>,
): Promise<ApiServer> {
  const { host, port, remote } = config.nanda;
  const { connectionsMax, requestsPerSecond, requestsBurst, tokenFile } = config.api;
  try {
    const { startNandaIndex } = await import('../../api/nanda/nanda-server.ts');
    return await startNandaIndex(node, {
      host,
      port,
      remote,
      connectionsMax,
      token: openTokenFile(tokenFile),
      rateLimit: { requestsPerSecond, requestsBurst },
      file: join(config.dataDirectory, 'nanda-names.jsonl'),
      ...observed,
    });
  } catch (error) {
    const hint = 'take another with --set nanda.port=<port>; 0 takes any free one';
    throw listenErrorOf(error, `the NANDA index cannot listen on ${host}:${port}`, hint);
  }
}

async function announceReady(
  terminal: Terminal,
  config: NodeConfig,
  node: WeftNode,
  urls: { readonly api: string; readonly nanda: string | null },
): Promise<void> {
  const { network } = await node.status();
  const addresses = node.addresses();
  const { dataDirectory } = config;
  const api = { url: urls.api, tokenFile: config.api.tokenFile };
  const nanda = urls.nanda === null ? {} : { nanda: { url: urls.nanda } };
  terminal.give({
    type: 'ready',
    peer: node.peer,
    addresses,
    api,
    ...nanda,
    dataDirectory,
    isNew: network.isNew,
    processId: process.pid,
  });
  terminal.say(`weft ${packageVersion()}  ${terminal.paint('good', 'running')}`);
  terminal.say(`  peer     ${terminal.paint('strong', node.peer)}`);
  addresses.forEach((address, index) => {
    terminal.say(`  ${index === 0 ? 'address' : '       '}  ${address}`);
  });
  terminal.say(`  api      ${urls.api}  ${terminal.paint('quiet', `token in ${config.api.tokenFile}`)}`);
  if (urls.nanda !== null) terminal.say(`  nanda    ${urls.nanda}`);
  terminal.say(`  data     ${dataDirectory}`);
  if (network.isNew) {
    terminal.say(`  network  ${terminal.paint('warning', 'this is a new network')}; others join it with`);
    terminal.say(`           weft start --bootstrap ${reachable(addresses)}`);
  }
  terminal.say(terminal.paint('quiet', 'Ctrl-C stops it'));
}

/** An address that other machines can use, where there is one. */
function reachable(addresses: readonly string[]): string {
  return (
    addresses.find((address) => !/^\/ip4\/127\.|^\/ip6\/::1\//.test(address)) ?? addresses[0] ?? '<address>'
  );
}
