/** One daemon in a process of its own: a full node with the shipped defaults and its control API. */

import { startApi } from '../../src/api/server.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { agentIdFromKey } from '../../src/core/identity/agent-id.ts';
import { createNode } from '../../src/node/create-node.ts';
import type { NodeStatus, WeftNode } from '../../src/node/node-types.ts';
import type { DaemonFlags, DaemonMemory } from './daemon-client.ts';
import { residentBytes, serveCalls } from './worker-calls.ts';

let node: WeftNode | null = null;
let stopApi = async (): Promise<void> => {};

serveCalls({ start, status, memory, resolve, stop });

/** Resolves with the addresses once the node listens and its API answers. */
async function start(flags: DaemonFlags): Promise<readonly string[]> {
  const config = loadConfig({ flags });
  node = await createNode(config);
  await node.start();
  const api = await startApi(node, {
    ...config.api,
    port: 0,
    token: 'benchmark',
    onDefect: (error, route) => process.stderr.write(`${route}: ${String(error)}\n`),
  });
  stopApi = api.stop;
  return node.addresses();
}

function status(): Promise<NodeStatus> {
  return node!.status();
}

/** Before and after a collection: an operator sees the first. */
async function memory(): Promise<DaemonMemory> {
  const beforeCollection = process.memoryUsage.rss();
  return { residentBytes: beforeCollection, collectedBytes: residentBytes() };
}

/** The status of one resolve, by the agent's key in hexadecimal. */
async function resolve(agentKey: string): Promise<string> {
  return (await node!.resolve(agentIdFromKey(agentKey), { fresh: true })).status;
}

async function stop(): Promise<void> {
  await stopApi();
  await node?.stop();
}
