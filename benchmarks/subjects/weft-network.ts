/** A network of full weft nodes in this process, as the product composes them, on loopback and on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../src/config/load-config.ts';
import { respondersMin } from '../../src/core/limits.ts';
import { createNode } from '../../src/node/create-node.ts';
import type { WeftNode } from '../../src/node/node-types.ts';
import { runInLanes } from '../lib/lanes.ts';

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
/** A network in which nobody has learned of a peer for so long has found itself. */
const restMs = 3_000;
const pollMs = 100;
/** Opening a store waits for the disk. */
const startsAtOnce = 8;

/** Starts `count` full nodes, each through the first, and a reader; resolves when all know their neighbours. */
export async function startWeftNetwork(count: number, overrides: Overrides = {}): Promise<WeftNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  const started: WeftNode[] = [];
  const startNode = async (name: string, own: Overrides): Promise<void> => {
    const node = await createNode(
      loadConfig({
        flags: { ...benchmarkOverrides, dataDirectory: join(directory, name), ...overrides, ...own },
      }),
    );
    await node.start();
    started.push(node);
  };
  const stop = async (): Promise<void> => {
    await Promise.allSettled(started.map((node) => node.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await startNode('node-0', {});
    const bootstrap = started[0]!.addresses();
    await runInLanes(count - 1, startsAtOnce, (index) => startNode(`node-${index + 1}`, { bootstrap }));
    const members = [...started];
    await startNode('reader', { bootstrap, mode: 'client', listen: [] });
    await waitForNeighbours(started, Math.min(count - 1, neighboursMax));
    return { members, reader: started.at(-1)!, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Until each node knows as many peers as wanted; or all know enough to resolve, and nobody learns of more in time. */
async function waitForNeighbours(nodes: readonly WeftNode[], wanted: number): Promise<void> {
  const deadlineMs = performance.now() + joinMsMax;
  let changedMs = performance.now();
  let before = '';
  for (;;) {
    const known = nodes.map((node) => node.peers().length);
    const least = Math.min(...known);
    if (least >= wanted) return;
    const nowMs = performance.now();
    if (known.join() !== before) changedMs = nowMs;
    before = known.join();
    const isOver = nowMs - changedMs > restMs || nowMs > deadlineMs;
    if (isOver && least >= Math.min(wanted, respondersMin)) return;
    if (nowMs > deadlineMs) throw new Error(`a node knows only ${least} of ${wanted} peers`);
    await delay(pollMs);
  }
}
