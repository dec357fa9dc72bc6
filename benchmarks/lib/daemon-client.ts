/** The harness's hold on one daemon. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeStatus } from '../../src/node/node-types.ts';
import { startWorker } from './worker-client.ts';

/** Configuration by key, over config/default.json. */
export type DaemonFlags = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Resident memory as it is, and after a full collection. */
export interface DaemonMemory {
  readonly residentBytes: number;
  readonly collectedBytes: number;
}

/** A running daemon. */
export interface Daemon {
  readonly addresses: readonly string[];
  /** Where it keeps its data; removed by `stop` unless the directory was given. */
  readonly dataDirectory: string;
  /** From the start of the process until the API answers; and without the time that loading the code takes. */
  readonly startMs: number;
  readonly startMsLoaded: number;
  status(): Promise<NodeStatus>;
  memory(): Promise<DaemonMemory>;
  /** Asks the network, and returns the status of the answer. */
  resolve(agentKey: string): Promise<string>;
  stop(): Promise<void>;
}

/** What every benchmark changes: loopback, any free port, no key file encryption, and a single writer's quotas. */
const overrides: DaemonFlags = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  'keystore.protection': 'none',
  'log.level': 'error',
  'quotas.putsPerSecond': 1_000_000,
  'quotas.putsBurst': 1_000_000,
  'quotas.findsPerSecond': 1_000_000,
  'quotas.findsBurst': 1_000_000,
};

/** Starts a daemon in a process of its own. */
export async function startDaemon(flags: DaemonFlags = {}, directory?: string): Promise<Daemon> {
  const dataDirectory = directory ?? (await mkdtemp(join(tmpdir(), 'weft-bench-daemon-')));
  const entry = new URL('./daemon-process.ts', import.meta.url);
  const beganMs = performance.now();
  const worker = await startWorker({ entry, name: 'daemon' });
  const loadedMs = performance.now();
  const stop = async (): Promise<void> => {
    await worker.close();
    if (directory === undefined) await rm(dataDirectory, { recursive: true, force: true });
  };
  try {
    const addresses = (await worker.call('start', {
      ...overrides,
      dataDirectory,
      ...flags,
    })) as readonly string[];
    const endedMs = performance.now();
    return {
      addresses,
      dataDirectory,
      startMs: endedMs - beganMs,
      startMsLoaded: endedMs - loadedMs,
      status: () => worker.call('status', null) as Promise<NodeStatus>,
      memory: () => worker.call('memory', null) as Promise<DaemonMemory>,
      resolve: (agentKey) => worker.call('resolve', agentKey) as Promise<string>,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
