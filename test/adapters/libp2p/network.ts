/** Real hosts on loopback for tests, and waiting for what eventually holds. */
import { randomBytes } from 'node:crypto';
import { createHost } from '../../../src/adapters/libp2p/create-host.ts';
import type { Host, HostOptions } from '../../../src/adapters/libp2p/host-types.ts';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { createNobleVerifier } from '../../../src/adapters/system/noble-verifier.ts';
import type { GossipVerdict } from '../../../src/core/peer/events.ts';
import { createPeer } from '../../../src/core/peer/peer.ts';
import { peerConfigDefault } from '../../../src/core/peer/peer-config.ts';
import { createDriver, type Driver } from '../../../src/driver/driver.ts';
import type { GossipHandlers } from '../../../src/ports/gossip.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { OverlayHandlers } from '../../../src/ports/overlay.ts';

export const topics: readonly string[] = [...'0123456789abcdef'].map((digit) => `/weft/1/rev/${digit}`);

/** One host with everything that happened to it. */
export interface TestHost {
  readonly host: Host;
  /** `added <peer>`, `removed <peer>`, `connected <peer>`, `disconnected <peer>`, in order. */
  readonly events: string[];
  readonly pushes: { readonly peer: string; readonly body: Uint8Array }[];
  readonly gossip: { readonly topic: string; readonly from: string; readonly text: string }[];
}

export interface TestHostOptions extends Partial<HostOptions> {
  /** A protocol core behind the overlay port: it answers who is close, asks, and has the host meet them. */
  readonly hasPeer?: boolean;
  readonly overlayHandlers?: Partial<OverlayHandlers>;
  readonly judge?: (text: string) => GossipVerdict | Promise<GossipVerdict>;
}

/** Hosts of one test; `stop` ends them all, in whatever state they are. */
export interface TestNetwork {
  start(options?: TestHostOptions): Promise<TestHost>;
  stop(): Promise<void>;
}

export function createTestNetwork(): TestNetwork {
  const hosts: Host[] = [];
  const drivers: Driver[] = [];

  async function start(options: TestHostOptions = {}): Promise<TestHost> {
    const { overlayHandlers, hasPeer = false, judge = () => 'accept', ...hostOptions } = options;
    const host = await createHost({
      privateKey: randomBytes(32),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: [],
      profile: 'private',
      protocolPrefix: '/weft',
      mode: 'full',
      topics,
      ...hostOptions,
    });
    hosts.push(host);
    const started: TestHost = { host, events: [], pushes: [], gossip: [] };
    const observers: Partial<OverlayHandlers> = {
      peerAdded: ({ peer }) => void started.events.push(`added ${peer}`),
      peerRemoved: (peer) => void started.events.push(`removed ${peer}`),
      peerConnected: (peer) => void started.events.push(`connected ${peer}`),
      peerDisconnected: (peer) => void started.events.push(`disconnected ${peer}`),
      pushReceived: (peer, body) => void started.pushes.push({ peer, body }),
      ...overlayHandlers,
    };
    if (hasPeer) drivers.push(await startPeer(host, observers));
    else
      await host.overlay.start(
        observe({ ...silent, requestReceived: async (_peer, body) => body }, observers),
      );
    const gossipHandlers: GossipHandlers = {
      async messageReceived(topic, from, data) {
        const text = Buffer.from(data).toString();
        started.gossip.push({ topic, from, text });
        return judge(text);
      },
    };
    await host.gossip.start(gossipHandlers);
    for (const topic of hostOptions.topics ?? topics) host.gossip.subscribe(topic);
    await host.start();
    return started;
  }

  return {
    start,
    async stop() {
      for (const driver of drivers.splice(0)) driver.close();
      await Promise.all(hosts.splice(0).map((host) => host.stop()));
    },
  };
}

const quietLog: Log = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (fields, message) => {
    throw new Error(`${message}: ${JSON.stringify(fields)}`);
  },
  child: () => quietLog,
};

const silent: OverlayHandlers = {
  peerAdded: () => {},
  peerRemoved: () => {},
  peerConnected: () => {},
  peerDisconnected: () => {},
  requestReceived: async () => new Uint8Array(0),
  pushReceived: () => {},
};

/** What the observers are told beside the handlers; a request they answer is theirs. */
function observe(handlers: OverlayHandlers, observers: Partial<OverlayHandlers>): OverlayHandlers {
  const both =
    <Name extends keyof OverlayHandlers>(name: Name) =>
    (...args: unknown[]): void => {
      (observers[name] as ((...args: unknown[]) => void) | undefined)?.(...args);
      (handlers[name] as (...args: unknown[]) => void)(...args);
    };
  return {
    peerAdded: both('peerAdded'),
    peerRemoved: both('peerRemoved'),
    peerConnected: both('peerConnected'),
    peerDisconnected: both('peerDisconnected'),
    pushReceived: both('pushReceived'),
    requestReceived: observers.requestReceived ?? handlers.requestReceived,
  };
}

/** The product's core and driver over this host's overlay; gossip stays with the test. */
async function startPeer(host: Host, observers: Partial<OverlayHandlers>): Promise<Driver> {
  const peer = createPeer({
    config: peerConfigDefault,
    self: { peer: host.peer, addresses: [] },
    seed: randomBytes(32),
  });
  const driver = createDriver(
    peer,
    {
      overlay: { ...host.overlay, start: (handlers) => host.overlay.start(observe(handlers, observers)) },
      gossip: { ...host.gossip, start: async () => {}, subscribe: () => {} },
      store: createMemoryStore(),
      verifier: createNobleVerifier(),
      clock: createSystemClock(),
      soon: setImmediate,
      log: quietLog,
    },
    { changed: () => {}, counted: () => {}, alarmed: () => {} },
  );
  await driver.start([]);
  return driver;
}

/** Resolves when the condition holds; fails with what it said last after `withinMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  { withinMs = 20_000, what = 'the condition' }: { withinMs?: number; what?: string | (() => string) } = {},
): Promise<void> {
  const endsAtMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endsAtMs) {
      throw new Error(`${typeof what === 'string' ? what : what()} does not hold after ${withinMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Collects what would have ended the process. vitest's own listeners are put back by `stop`. */
export function watchUncaught(): { readonly errors: unknown[]; stop(): void } {
  const errors: unknown[] = [];
  const names = ['uncaughtException', 'unhandledRejection'] as const;
  const before = names.map((name) => process.listeners(name as 'uncaughtException'));
  const collect = (error: unknown): void => void errors.push(error);
  for (const name of names) {
    process.removeAllListeners(name);
    process.on(name, collect);
  }
  return {
    errors,
    stop() {
      for (const [index, name] of names.entries()) {
        process.removeListener(name, collect);
        for (const listener of before[index]!) process.on(name as 'uncaughtException', listener);
      }
    },
  };
}
