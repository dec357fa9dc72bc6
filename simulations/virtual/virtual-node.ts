/** One machine of a virtual run with the whole node on it, through crashes and restarts. */
import { composeHost } from '../../src/adapters/libp2p/compose-host.ts';
import type { Host } from '../../src/adapters/libp2p/host-types.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { ConfigValue } from '../../src/config/key-schema.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createNode } from '../../src/node/create-node.ts';
import type { AgentChange, WeftNode } from '../../src/node/node-types.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Chance } from '../lib/chance.ts';
import { noKeys } from '../lib/no-keys.ts';
import { addCounters, readCounters } from '../lib/node-counters.ts';
import { createVirtualDisk, type VirtualDisk } from './virtual-disk.ts';
import type { CrashKind, VirtualNetwork } from './virtual-network.ts';
import { virtualPlatform } from './virtual-transport.ts';

export interface VirtualNode {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  /** Agents by key, as the invariants read them. */
  readonly store: ReadonlyMap<string, Uint8Array>;
  readonly disk: VirtualDisk;
  /** Of the run of now; throws when it is down. */
  readonly node: WeftNode;
  readonly host: Host;
  /** What its clock is ahead of the others'. */
  clockSkewMs: number;
  /** @param bootstrap machines through which it joins */
  start(bootstrap: readonly VirtualNode[]): Promise<void>;
  /** Nothing of it is heard any more, and what was not durable is lost. */
  crash(kind: CrashKind): Promise<void>;
  /** Its own address with the peer's id. */
  readonly address: string;
  /** Sums of its counters over all runs, by `metric{labels}`. */
  counters(): Promise<ReadonlyMap<string, number>>;
}

export interface VirtualNodeListeners {
  changed(node: VirtualNode, change: AgentChange): void;
  /** A line of its log at level error, while it is up. */
  failed(node: VirtualNode, message: string): void;
}

/** What a node has otherwise than the others of its kind. */
export interface VirtualNodeOptions {
  /** In place of its defaults, by key. */
  readonly settings?: Readonly<Record<string, ConfigValue>>;
  /** Of each write, milliseconds; left out: some disks are good, some are busy. */
  readonly syncMs?: number;
}

export function createVirtualNode(
  index: number,
  network: VirtualNetwork,
  chance: Chance,
  listeners: VirtualNodeListeners,
  { settings, syncMs }: VirtualNodeOptions = {},
): VirtualNode {
  const disk = createVirtualDisk(chance.stream(`disk ${index}`), syncMs);
  const clock = createSystemClock();
  const identitySeed = chance.bytes(`identity ${index}`);
  const listen = network.addressOf(index);
  const totals = new Map<string, number>();
  let running: { readonly node: WeftNode; readonly host: Host; readonly entropySeed: number } | null = null;
  let runs = 0;
  let address = '';

  async function start(bootstrap: readonly VirtualNode[]): Promise<void> {
    const run = network.boot(index);
    const random = chance.stream(`entropy ${index} ${++runs}`);
    let host: Host | null = null;
    const flags = {
      dataDirectory: '/virtual',
      listen: [listen],
      bootstrap: bootstrap.map((other) => other.address),
      verifierWorkers: 0,
      ...settings,
    };
    const node = await createNode(loadConfig({ flags }), {
      store: disk.open(),
      keys: noKeys,
      identitySeed,
      entropy: { randomBytes: (length) => Uint8Array.from({ length }, () => random.below(256)) },
      clock: { nowMs: () => Date.now() + self.clockSkewMs, schedule: clock.schedule },
      log: errorLog((message) => {
        if (running?.entropySeed === run) listeners.failed(self, message);
      }),
      async openHost(options) {
        host = await composeHost(virtualPlatform({ network, index, run }), options);
        return host;
      },
    });
    running = { node, host: host!, entropySeed: run };
    void follow(node);
    await node.start();
    if (running?.node === node) address = node.addresses()[0] ?? '';
  }

  async function follow(node: WeftNode): Promise<void> {
    for await (const change of node.changes()) {
      if (running?.node === node) listeners.changed(self, change);
    }
  }

  async function crash(kind: CrashKind): Promise<void> {
    if (running === null) return;
    const { node } = running;
    // Rendered in turns of promises; no time passes.
    addCounters(totals, readCounters(await node.metrics()));
    running = null;
    network.crash(index, kind);
    disk.crash();
    // What is left of the process has no network and no store; it ends by itself.
    void node.stop().catch(() => {});
  }

  const self: VirtualNode = {
    index,
    name: `node ${index}`,
    get isUp() {
      return running !== null;
    },
    store: disk.agents,
    disk,
    get node() {
      if (running === null) throw new Error(`node ${index} is down`);
      return running.node;
    },
    get host() {
      if (running === null) throw new Error(`node ${index} is down`);
      return running.host;
    },
    clockSkewMs: 0,
    start,
    crash,
    get address() {
      return address;
    },
    async counters() {
      const sums = new Map(totals);
      if (running !== null) addCounters(sums, readCounters(await running.node.metrics()));
      return sums;
    },
  };
  return self;
}

function errorLog(onError: (message: string) => void): Log {
  const quiet = (): void => {};
  const log: Log = {
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (data, message) => onError(`${message}: ${String((data as { error?: unknown }).error ?? '')}`),
    child: () => log,
  };
  return log;
}
