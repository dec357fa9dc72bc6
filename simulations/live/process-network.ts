/** Real nodes in this process: as `createNode` puts them together, on loopback TCP and LevelDB. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load-config.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { createNode } from '../../src/node/create-node.ts';
import { noKeys } from '../lib/no-keys.ts';
import { createLiveNode, type EndListener, type LiveNetwork, type NodeRun } from './live-network.ts';
import { bootstrapsOf, type NetworkParts, startAll } from './start-all.ts';

/** Opening a store waits for the disk. */
const startsAtOnce = 8;

const settings = {
  'store.ballastBytes': 0,
  'keystore.protection': 'none',
  'log.level': 'error',
  // A worker for each node would be a thread for each.
  verifierWorkers: 0,
} as const;

/** Starts them; what was started is stopped again when one fails or the signal comes. */
export async function startProcessNetwork(parts: NetworkParts): Promise<LiveNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-live-run-'));
  const traffic = countSocketBytes();
  const listeners: EndListener[] = [];
  const addresses: string[] = [];
  const cpuBefore = process.cpuUsage();
  const open = (index: number) => (): Promise<NodeRun> =>
    openNode(index, parts, directory, addresses, (...end) => {
      for (const listener of listeners) listener(...end);
    });
  const nodes = Array.from({ length: parts.nodes }, (_, index) => createLiveNode(index, open(index)));
  let closing: Promise<void> | null = null;
  const network: LiveNetwork = {
    mode: 'process',
    nodes,
    store: 'LevelDB in a temporary folder',
    onEnded: (listener) => void listeners.push(listener),
    sentBytes: async () => traffic.bytes(),
    async cpuSeconds() {
      const { user, system } = process.cpuUsage(cpuBefore);
      return (user + system) / 1e6;
    },
    wire: null,
    close: () =>
      (closing ??= (async () => {
        await Promise.allSettled(nodes.map((node) => node.stop()));
        traffic.close();
        await rm(directory, { recursive: true, force: true });
      })()),
  };
  try {
    await startAll(nodes, parts, startsAtOnce);
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

async function openNode(
  index: number,
  { chance, settings: asked }: NetworkParts,
  directory: string,
  addresses: string[],
  onEnded: EndListener,
): Promise<NodeRun> {
  const flags = {
    ...settings,
    ...asked,
    dataDirectory: join(directory, `node-${index}`),
    // After a restart where the others look for it.
    listen: [addresses[index]?.split('/p2p/')[0] ?? '/ip4/127.0.0.1/tcp/0'],
    bootstrap: bootstrapsOf(index, addresses),
  };
  const node = await createNode(loadConfig({ flags }), {
    keys: noKeys,
    identitySeed: chance.bytes(`identity ${index}`),
  });
  const following = (async () => {
    for await (const { change, agentId, acceptedAtMs } of node.changes()) {
      if (change === 'tombstoned') onEnded(index, agentKey(agentId), acceptedAtMs);
    }
  })();
  try {
    await node.start();
  } catch (error) {
    await node.stop();
    throw error;
  }
  addresses[index] = node.addresses()[0]!;
  return {
    resolve: async (agentId) => (await node.resolve(agentId, { fresh: true })).status,
    publish: async (bundle) => (await node.publish(bundle)).status,
    metrics: node.metrics,
    async end() {
      await node.stop();
      await following;
    },
  };
}

/** Bytes that sockets of this process have written, both ends of each connection. */
function countSocketBytes() {
  const sockets = new Set<Socket>();
  let closedBytes = 0;
  const opened = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    sockets.add(socket);
    socket.once('close', () => {
      if (sockets.delete(socket)) closedBytes += socket.bytesWritten;
    });
  };
  const channels = ['net.client.socket', 'net.server.socket'];
  for (const channel of channels) subscribe(channel, opened);
  return {
    bytes: () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, closedBytes),
    close() {
      for (const channel of channels) unsubscribe(channel, opened);
      sockets.clear();
    },
  };
}
