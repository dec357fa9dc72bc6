/**
 * The embeddable node: the same core and driver as the full node, as a client that stores nothing for others.
 * In memory by default; no file, no server. Any port can be replaced.
 */
import type { Host, HostOptions } from '../adapters/libp2p/host-types.ts';
import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import { gossipTopics } from '../core/gossip/announcement.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { ChangeKind, PublishResult, Resolution } from '../core/peer/effects.ts';
import { createPeer } from '../core/peer/peer.ts';
import { peerConfigDefault } from '../core/peer/peer-config.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { createDriver, type DriverPorts } from '../driver/driver.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { Verifier } from '../ports/verifier.ts';

/** What differs between Node and a browser. The two entries give it; all logic is here. */
export interface LightParts {
  /** Makes the host with the transports of the platform. */
  readonly createHost: (options: HostOptions) => Promise<Host>;
  /** Closed with the node. */
  readonly verifier: Verifier;
  /** Left out: a store in memory. Closed with the node. */
  readonly store?: Store;
}

export interface LightNodeOptions {
  /** Multiaddrs with /p2p of full nodes to join through. */
  readonly bootstrap: readonly string[];
  /** Default `/weft`. */
  readonly protocolPrefix?: string;
  /** `private` keeps addresses of one host or cluster; default `private`. */
  readonly profile?: 'private' | 'public';
  /** Replaces the store, the verifier and the silent log of the entry. */
  readonly ports?: Partial<Pick<DriverPorts, 'store' | 'verifier' | 'log'>>;
}

export interface LightChange {
  readonly agentId: AgentId;
  readonly change: ChangeKind;
  readonly state: AgentState;
}

export interface LightNode {
  readonly peer: string;
  /** Resolves when a full node is connected. @throws DOMException `TimeoutError` when none answers in time. */
  start(options?: { readonly timeoutMs?: number }): Promise<void>;
  resolve(
    agentId: AgentId,
    options?: { readonly fresh?: boolean; readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<Resolution>;
  /** Publishes a bundle that the caller composed and signed with `weft/core`. */
  publish(
    bundle: Uint8Array,
    options?: {
      readonly acknowledgements?: number;
      readonly timeoutMs?: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<PublishResult>;
  /** Calls back for each accepted change of these agents; returns the end of it. */
  watch(agentIds: readonly AgentId[], listener: (change: LightChange) => void): () => void;
  /** Closes every connection and timer. */
  stop(): Promise<void>;
}

const startTimeoutMs = 10_000;
const callTimeoutMs = 10_000;
const seedBytes = 32;

const silentLog: Log = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};

/** A node that joins as a client. @throws HostError for a bad address. */
export async function createLightNodeWith(parts: LightParts, options: LightNodeOptions): Promise<LightNode> {
  const protocolPrefix = options.protocolPrefix ?? peerConfigDefault.protocolPrefix;
  const topics = gossipTopics(protocolPrefix);
  const entropy = createSystemEntropy();
  const joined = createGate();
  const host = await parts.createHost({
    privateKey: entropy.randomBytes(seedBytes),
    listen: [],
    bootstrap: options.bootstrap,
    profile: options.profile ?? 'private',
    protocolPrefix,
    mode: 'client',
    topics,
    listeners: { joined: joined.open },
  });
  const ports = lightPorts(host, parts, options);
  const peer = createPeer({
    config: { ...peerConfigDefault, role: 'client', protocolPrefix },
    self: { peer: host.peer, addresses: [] },
    seed: entropy.randomBytes(seedBytes),
  });
  const listeners = new Set<(change: LightChange) => void>();
  const driver = createDriver(peer, ports, {
    changed: ({ agentId, change, state }) => {
      for (const listener of listeners) listener({ agentId, change, state });
    },
    counted: () => {},
    alarmed: () => {},
  });

  return {
    peer: host.peer,
    async start({ timeoutMs = startTimeoutMs } = {}) {
      await driver.start(topics);
      await host.start();
      await joined.wait(timeoutMs);
    },
    resolve: (agentId, { fresh = false, timeoutMs = callTimeoutMs, signal } = {}) =>
      driver.resolve(agentId, { fresh, timeoutMs, ...(signal && { signal }) }),
    publish: (
      bundle,
      { acknowledgements = peerConfigDefault.acknowledgements, timeoutMs = callTimeoutMs, signal } = {},
    ) => driver.publish(bundle, { acknowledgements, timeoutMs, ...(signal && { signal }) }),
    watch(agentIds, listener) {
      const wanted = new Set(agentIds.map(String));
      const filtered = (change: LightChange): void => {
        if (wanted.has(String(change.agentId))) listener(change);
      };
      listeners.add(filtered);
      driver.watch(agentIds);
      return () => {
        listeners.delete(filtered);
        driver.unwatch(agentIds);
      };
    },
    async stop() {
      driver.close();
      await host.stop();
      await ports.verifier.close();
      await ports.store.close();
    },
  };
}

function lightPorts(host: Host, parts: LightParts, options: LightNodeOptions): DriverPorts {
  return {
    overlay: host.overlay,
    gossip: host.gossip,
    clock: createSystemClock(),
    soon: queueMicrotask,
    store: options.ports?.store ?? parts.store ?? createMemoryStore(),
    verifier: options.ports?.verifier ?? parts.verifier,
    log: options.ports?.log ?? silentLog,
  };
}

function createGate(): { open: () => void; wait(timeoutMs: number): Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    open: resolve,
    async wait(timeoutMs) {
      const timeout = AbortSignal.timeout(timeoutMs);
      await Promise.race([
        promise,
        new Promise((_, reject) => {
          timeout.addEventListener('abort', () => reject(timeout.reason), { once: true });
        }),
      ]);
    },
  };
}
