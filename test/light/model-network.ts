/**
 * Full nodes and light nodes without sockets: real cores, drivers and stores behind a model of the two ports, so that a
 * test decides who answers what, who hears what, and when time passes. Honest full nodes know one another.
 */
import { createHash } from 'node:crypto';
import type { Host, HostOptions } from '../../src/adapters/libp2p/host-types.ts';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import { gossipTopics } from '../../src/core/gossip/announcement.ts';
import type { PublishResult } from '../../src/core/peer/effects.ts';
import { createPeer } from '../../src/core/peer/peer.ts';
import { peerConfigDefault } from '../../src/core/peer/peer-config.ts';
import { createDriver } from '../../src/driver/driver.ts';
import { createLightNodeWith } from '../../src/light/light-node.ts';
import type { LightNode, LightNodeOptions } from '../../src/light/light-types.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Gossip, GossipHandlers } from '../../src/ports/gossip.ts';
import type { Log } from '../../src/ports/log.ts';
import { type Overlay, OverlayError, type OverlayHandlers } from '../../src/ports/overlay.ts';
import { testPeerId } from '../helpers/peer-network.ts';
import { createManualClock, type ManualClock } from '../node/fake-network.ts';

export interface ModelPeer {
  readonly peer: string;
  /** Requests that reached it, by the sender's id. */
  readonly received: { readonly from: string; readonly body: Uint8Array }[];
  readonly topics: Set<string>;
  /** What it really is told by others; a hostile one may change or drop it. */
  answer: (from: string, body: Uint8Array) => Promise<Uint8Array>;
  /** What it says of itself; undefined: the push is dropped. */
  pushes: (to: string, body: Uint8Array) => Uint8Array | undefined;
  /** Passes gossip on to others. */
  gossips: boolean;
  /** Pushes any bytes to a peer. */
  push(to: string, body: Uint8Array): void;
  isUp: boolean;
}

export interface HonestPeer extends ModelPeer {
  publish(bundle: Uint8Array): Promise<PublishResult>;
}

export interface LightOfModel {
  readonly node: LightNode;
  /** Topics that it is subscribed to now. */
  readonly topics: ReadonlySet<string>;
}

export interface ModelNetwork {
  readonly clock: ManualClock;
  readonly peers: readonly ModelPeer[];
  honest(label: string): Promise<HonestPeer>;
  /** Speaks the protocol and follows no rules: silent until it is given an `answer`. */
  hostile(label: string): ModelPeer;
  /** A light node that has joined and met every peer that is up, or those named. */
  light(options?: Partial<LightNodeOptions>, met?: readonly ModelPeer[]): Promise<LightOfModel>;
  /** Nobody reaches this light node any more, and it nobody. */
  isolate(light: LightOfModel): void;
  /** Meets every peer that is up. */
  rejoin(light: LightOfModel): void;
  /** The peer goes: connections to it end. */
  down(peer: ModelPeer): void;
  stop(): Promise<void>;
}

const topics = gossipTopics('/weft');
const never = new Promise<never>(() => {});

const quiet: Log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

interface Port {
  readonly model: ModelPeer;
  overlay: OverlayHandlers | null;
  gossip: GossipHandlers | null;
  isIsolated: boolean;
}

/** One turn of the event loop between a message and its effect. */
const soon = (callback: () => void): void => void setImmediate(callback);

export function createModelNetwork(): ModelNetwork {
  const clock = createManualClock();
  const verifier = { ...createSodiumVerifier({ workers: 0 }), close: async () => {} };
  const ports = new Map<string, Port>();
  const lights = new Map<LightOfModel, { readonly port: Port; readonly options: HostOptions }>();
  const ends: (() => Promise<void> | void)[] = [];

  function addPort(label: string): Port {
    const model: ModelPeer = {
      peer: testPeerId(label),
      received: [],
      topics: new Set(),
      answer: () => never,
      pushes: (_to, body) => body,
      gossips: true,
      push: (to, body) => overlayOf(port).push(to, body),
      isUp: true,
    };
    const port: Port = { model, overlay: null, gossip: null, isIsolated: false };
    ports.set(model.peer, port);
    return port;
  }

  const reaches = (from: Port, to: Port | undefined): to is Port =>
    to !== undefined && from.model.isUp && to.model.isUp && !from.isIsolated && !to.isIsolated;

  function overlayOf(port: Port): Overlay {
    const self = { peer: port.model.peer, addresses: ['/ip4/127.0.0.1/tcp/1'] };
    return {
      self,
      async start(handlers) {
        port.overlay = handlers;
      },
      request: (to, body, { timeoutMs }) =>
        new Promise((resolve, reject) => {
          const target = ports.get(to.peer);
          if (!reaches(port, target)) {
            soon(() => reject(new OverlayError('unreachable', 'no such peer, or it is away')));
            return;
          }
          const cancel = clock.schedule(timeoutMs, () => reject(new OverlayError('timeout', 'no answer')));
          target.model.received.push({ from: port.model.peer, body });
          target.model.answer(port.model.peer, body).then(
            (answer) =>
              soon(() => {
                cancel();
                if (reaches(target, port)) resolve(answer);
                else reject(new OverlayError('closed', 'cut off'));
              }),
            () => {
              cancel();
              reject(new OverlayError('closed', 'the stream ended'));
            },
          );
        }),
      meet() {},
      push(to, body) {
        const target = ports.get(to);
        const said = port.model.pushes(to, body);
        if (said === undefined || !reaches(port, target)) return;
        soon(() => target.overlay?.pushReceived(port.model.peer, said));
      },
      async stop() {
        port.overlay = null;
      },
    };
  }

  function gossipOf(port: Port): Gossip {
    return {
      async start(handlers) {
        port.gossip = handlers;
      },
      subscribe: (topic) => void port.model.topics.add(topic),
      unsubscribe: (topic) => void port.model.topics.delete(topic),
      async publish(topic, data) {
        flood(port, topic, data, new Set([port]));
      },
      meshSizes: () => new Map(),
      async stop() {
        port.gossip = null;
      },
    };
  }

  function flood(from: Port, topic: string, data: Uint8Array, seen: Set<Port>): void {
    if (!from.model.gossips) return;
    for (const to of ports.values()) {
      if (seen.has(to) || !to.model.topics.has(topic) || !reaches(from, to)) continue;
      seen.add(to);
      soon(() => {
        to.gossip?.messageReceived(topic, from.model.peer, data).then((verdict) => {
          if (verdict === 'accept') flood(to, topic, data, seen);
        });
      });
    }
  }

  function meet(port: Port, other: Port): void {
    port.overlay?.peerAdded({ peer: other.model.peer, addresses: ['/ip4/127.0.0.1/tcp/1'] });
    port.overlay?.peerConnected(other.model.peer);
  }

  const fullPorts = (): Port[] =>
    [...ports.values()].filter(({ model }) => ![...lights.values()].some((one) => one.port.model === model));

  async function honest(label: string): Promise<HonestPeer> {
    const port = addPort(label);
    const store = createMemoryStore();
    const driver = createDriver(
      createPeer({
        config: peerConfigDefault,
        self: { peer: port.model.peer, addresses: [] },
        seed: new Uint8Array(createHash('sha256').update(label).digest()),
      }),
      { overlay: overlayOf(port), gossip: gossipOf(port), store, verifier, clock, log: quiet, soon },
      { changed() {}, counted() {}, alarmed() {} },
    );
    await driver.start(topics);
    port.model.answer = (from, body) => port.overlay?.requestReceived(from, body) ?? never;
    for (const other of fullPorts()) {
      if (other === port) continue;
      meet(port, other);
      meet(other, port);
    }
    ends.push(() => driver.close());
    return Object.assign(port.model, {
      publish: (bundle: Uint8Array) => driver.publish(bundle, { acknowledgements: 5, timeoutMs: 10_000 }),
    });
  }

  async function light(
    options: Partial<LightNodeOptions> = {},
    met: readonly ModelPeer[] | null = null,
  ): Promise<LightOfModel> {
    const port = addPort(`light ${ports.size}`);
    let given: HostOptions | null = null;
    const createHost = async (hostOptions: HostOptions): Promise<Host> => {
      given = hostOptions;
      return modelHost(port, () => join(port, hostOptions, met));
    };
    const node = await createLightNodeWith(
      { createHost, verifier },
      { bootstrap: [], ...options, ports: { clock: clock as Clock, ...options.ports } },
    );
    const model: LightOfModel = { node, topics: port.model.topics };
    lights.set(model, { port, options: given! });
    ends.push(() => node.stop());
    await node.start({ timeoutMs: 500 });
    return model;
  }

  function modelHost(port: Port, start: () => void): Host {
    return {
      peer: port.model.peer,
      overlay: overlayOf(port),
      gossip: gossipOf(port),
      libp2p: null as never,
      start: async () => start(),
      async stop() {
        port.model.isUp = false;
      },
      addresses: () => [],
      peers: () => [],
      network: () => ({ isNew: false, fullPeers: 0, connections: 0, knownPeers: 0 }),
      dial: async () => {},
    };
  }

  function join(port: Port, { listeners }: HostOptions, met: readonly ModelPeer[] | null = null): void {
    const others = fullPorts().filter(
      (other) => other !== port && reaches(port, other) && (met === null || met.includes(other.model)),
    );
    if (others.length > 0) listeners?.joined?.(others.length);
    for (const other of others) {
      meet(port, other);
      other.overlay?.peerConnected(port.model.peer);
    }
  }

  return {
    clock,
    get peers() {
      return fullPorts().map(({ model }) => model);
    },
    honest,
    hostile: (label) => addPort(label).model,
    light,
    isolate(one) {
      const { port, options } = lights.get(one)!;
      port.isIsolated = true;
      for (const other of fullPorts()) {
        other.overlay?.peerDisconnected(port.model.peer);
        port.overlay?.peerDisconnected(other.model.peer);
      }
      options.listeners?.isolated?.();
    },
    rejoin(one) {
      const { port, options } = lights.get(one)!;
      port.isIsolated = false;
      join(port, options);
    },
    down(peer) {
      peer.isUp = false;
      for (const port of ports.values()) port.overlay?.peerDisconnected(peer.peer);
    },
    async stop() {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
}
