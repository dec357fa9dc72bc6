/** A network of full weft nodes in this process, as the product composes them, on loopback and on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../src/config/load-config.ts';
import { createNode } from '../../src/node/create-node.ts';
import type { WeftNode } from '../../src/node/node-types.ts';

/** Settings that differ from config/default.json, by key. */
type Overrides = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A started network. */
export interface WeftNetwork {
  readonly members: readonly WeftNode[];
  /** A node in client mode: it stores nothing for others. */
  readonly reader: WeftNode;
  stop(): Promise<void>;
}

/**
 * What a benchmark changes: any free port, no ballast file and no key file encryption (60 nodes share this disk),
 * quotas beyond what a single writer can send, and signatures on the thread that the other subjects use, too.
 */
export const benchmarkOverrides: Overrides = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  'store.ballastBytes': 0,
  'keystore.protection': 'none',
  'log.level': 'error',
  verifierWorkers: 0,
  'quotas.putsPerSecond': 1_000_000,
  'quotas.putsBurst': 1_000_000,
  'quotas.findsPerSecond': 1_000_000,
  'quotas.findsBurst': 1_000_000,
};

/** Peers in a routing table beyond which a node counts as at home. */
const neighboursMax = 20;
const joinMsMax = 120_000;

/** Starts `count` full nodes, each through the first, and a reader; resolves when all know their neighbours. */
export async function startWeftNetwork(count: number, overrides: Overrides = {}): Promise<WeftNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  const started: WeftNode[] = [];
  const startNode = async (name: string, own: Overrides): Promise<WeftNode> => {
    const node = await createNode(
      loadConfig({
        flags: { ...benchmarkOverrides, dataDirectory: join(directory, name), ...overrides, ...own },
      }),
    );
    await node.start();
    started.push(node);
    return node;
  };
  const stop = async (): Promise<void> => {
    await Promise.allSettled(started.map((node) => node.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const first = await startNode('node-0', {});
    const bootstrap = first.addresses();
    while (started.length < count) await startNode(`node-${started.length}`, { bootstrap });
    const members = [...started];
    const reader = await startNode('reader', { bootstrap, mode: 'client', listen: [] });
    for (const node of members) await waitForNeighbours(node, Math.min(count - 1, neighboursMax));
    await waitForNeighbours(reader, Math.min(count, neighboursMax));
    return { members, reader, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitForNeighbours(node: WeftNode, wanted: number): Promise<void> {
  const deadlineMs = performance.now() + joinMsMax;
  for (;;) {
    const { knownPeers } = await node.status();
    if (knownPeers >= wanted) return;
    if (performance.now() > deadlineMs) throw new Error(`a node knows only ${knownPeers} of ${wanted} peers`);
    await delay(20);
  }
}
