/** The gossip port on gossipsub: whatever arrives waits for the core's verdict before it is passed on. */
import { type GossipSub, type Message, TopicValidatorResult } from '@libp2p/gossipsub';
import type { Libp2p, PeerId, Topology } from '@libp2p/interface';
import type { GossipVerdict } from '../../core/peer/events.ts';
import type { Gossip, GossipHandlers } from '../../ports/gossip.ts';
import type { Log } from '../../ports/log.ts';
import { isOversized } from './gossip-options.ts';
import { createGossipWatchdog } from './gossip-watchdog.ts';

export interface GossipOptions {
  readonly libp2p: Libp2p;
  readonly pubsub: GossipSub;
  /** Everything that was registered with libp2p for a protocol, gossipsub's own topology among it. */
  readonly topologies: (protocol: string) => readonly Topology[];
  readonly topics: readonly string[];
  readonly log: Log;
}

/** What the host asks of its gossip beyond the port. */
export interface Libp2pGossip extends Gossip {
  /** libp2p runs: subscriptions that were asked for before take effect. */
  networkStarted(): void;
  /** libp2p has stopped: what gossipsub leaves behind is cleared. */
  networkStopped(): void;
  /** Peers in the mesh of at least one topic. */
  meshPeers(): ReadonlySet<string>;
  /** The score of a neighbour, as gossipsub keeps it. */
  scoreOf(peer: string): number;
}

/** gossipsub 17 has it, its interface does not; the contract tests hold it. */
type GossipSubWithMesh = GossipSub & {
  getMeshPeers(topic: string): string[];
  readonly score: { score(peer: string): number };
  isStarted(): boolean;
  /** Replaced when it stops, with the timer of the next heartbeat still set: a process would live on for it. */
  readonly status: { readonly heartbeatTimeout?: ReturnType<typeof setTimeout> };
};

const resultByVerdict: Readonly<Record<GossipVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

export function createGossip(options: GossipOptions): Libp2pGossip {
  const { libp2p, topologies, topics, log } = options;
  const pubsub = options.pubsub as GossipSubWithMesh;
  const subscribed = new Set<string>();
  let handlers: GossipHandlers | null = null;
  let lastStatus: GossipSubWithMesh['status'] = {};
  const watchdog = createGossipWatchdog({
    libp2p,
    topologies,
    protocols: pubsub.protocols,
    knownPeers: () => new Set(pubsub.getPeers().map((peer) => peer.toString())),
    log,
  });
  const heartbeat = (): void => {
    try {
      watchdog.check();
    } catch (error) {
      log.error({ error }, 'the gossip watchdog failed');
    }
  };

  async function validate(topic: string, from: PeerId, { data }: Message): Promise<TopicValidatorResult> {
    if (handlers === null || !subscribed.has(topic)) return TopicValidatorResult.Ignore;
    // Size included: what is refused is counted where it is decided.
    try {
      return resultByVerdict[await handlers.messageReceived(topic, from.toString(), data)];
    } catch (error) {
      log.error({ error, topic }, 'a gossip message could not be judged');
      return TopicValidatorResult.Ignore;
    }
  }

  async function start(attached: GossipHandlers): Promise<void> {
    if (handlers !== null) throw new Error('gossip is started already');
    handlers = attached;
    for (const topic of topics) {
      pubsub.topicValidators.set(topic, (from, message) => validate(topic, from, message));
    }
    await watchdog.start();
    pubsub.addEventListener('gossipsub:heartbeat', heartbeat);
  }

  function subscribe(topic: string): void {
    if (!topics.includes(topic)) throw new Error(`${topic} is no topic of this network`);
    subscribed.add(topic);
    if (pubsub.isStarted()) pubsub.subscribe(topic);
  }

  function unsubscribe(topic: string): void {
    if (subscribed.delete(topic) && pubsub.isStarted()) pubsub.unsubscribe(topic);
  }

  async function publish(topic: string, data: Uint8Array): Promise<void> {
    if (isOversized(data)) throw new Error(`a gossip message of ${data.length} bytes is too large`);
    if (pubsub.isStarted()) await pubsub.publish(topic, data);
  }

  async function stop(): Promise<void> {
    lastStatus = pubsub.status;
    if (handlers === null) return;
    handlers = null;
    watchdog.stop();
    pubsub.removeEventListener('gossipsub:heartbeat', heartbeat);
    pubsub.topicValidators.clear();
    if (pubsub.isStarted()) for (const topic of subscribed) pubsub.unsubscribe(topic);
    subscribed.clear();
  }

  return {
    start,
    subscribe,
    unsubscribe,
    publish,
    meshSizes: () => new Map([...subscribed].map((topic) => [topic, pubsub.getMeshPeers(topic).length])),
    stop,
    networkStarted() {
      for (const topic of subscribed) pubsub.subscribe(topic);
    },
    networkStopped: () => clearTimeout(lastStatus.heartbeatTimeout),
    meshPeers: () => new Set([...subscribed].flatMap((topic) => pubsub.getMeshPeers(topic))),
    scoreOf: (peer) => pubsub.score.score(peer),
  };
}
