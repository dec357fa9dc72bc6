/**
 * A model of gossipsub 1.1 as the product configures it (src/adapters/libp2p/gossip-options): a mesh for each topic,
 * flood publishing, IHAVE on heartbeats, messages passed on once the validator accepts them, neighbours that bring what is
 * rejected not listened to. Decides who is sent what; whether a message is good is decided by each node's own core.
 */
import { createHash } from 'node:crypto';
import type { GossipVerdict } from '../../src/core/peer/events.ts';
import type { Random } from '../../src/core/rng.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedNetwork } from './network.ts';

/** The degrees of `gossipOptions`. */
const degreeDefault = 6;
const lazyDegree = 6;
const lazyShare = 0.25;
const heartbeatMs = 1000;
/** Heartbeats on which a message is told of. */
const toldHeartbeats = 4;
/** Of an IHAVE: an id of 20 bytes and its field; the name of a topic with the fields around it. */
const messageIdBytes = 22;
const topicBytes = 24;
/** The tenth rejected message of a neighbour is the last that is looked at. */
const rejectedMax = 10;
/** Messages that are remembered for their duplicates; older ones have long been everywhere. */
const messagesMax = 20_000;
/** `dueMs` of messages that all have seen: nothing reads or writes it any more. */
const noneDue = new Float64Array(0);

interface Topic {
  readonly name: string;
  /** By node. */
  readonly mesh: number[][];
  /** Of it, in the heartbeat of the moment. */
  readonly beating: Message[];
}

interface Message {
  readonly topic: Topic;
  readonly data: Uint8Array;
  /** By node: seen in its present run. */
  readonly seen: Uint8Array;
  seenCount: number;
  /** By node: when the first copy under way to it arrives, milliseconds; 0: none is under way. Empty once all have seen it. */
  dueMs: Float64Array;
}

/** What a node tells of on its next heartbeats. */
interface Recent {
  readonly message: Message;
  heartbeats: number;
}

/** Meshes that somebody else keeps, in place of the simple ones here. */
export interface MeshKeeper {
  peers(topic: string, node: number): readonly number[];
  /** That neighbour was the first to bring the node a message that it accepted. */
  delivered(topic: string, node: number, from: number): void;
  /** It publishes nothing. */
  isMute(node: number): boolean;
}

export interface GossipNetwork {
  publish(node: number, topic: string, data: Uint8Array): void;
  keepMeshes(keeper: MeshKeeper): void;
  /** It was down: it has no memory of messages and stands in no mesh. */
  left(node: number): void;
  readonly counts: {
    delivered: number;
    duplicates: number;
    rejected: number;
    told: number;
    recovered: number;
  };
}

export interface GossipParts {
  readonly queue: EventQueue;
  readonly network: SimulatedNetwork;
  readonly random: Random;
  /** D; a mesh holds up to twice as many. */
  readonly degree?: number | undefined;
  /** A message of the node's own goes to all neighbours, else to its mesh. */
  readonly floodPublish?: boolean | undefined;
  /** Messages are told of on heartbeats. */
  readonly lazy?: boolean | undefined;
  isUp(node: number): boolean;
  /** Those that a node is connected to. */
  neighbours(node: number): readonly number[];
  /** Asks the node's core. */
  validate(
    node: number,
    from: number,
    topic: string,
    data: Uint8Array,
    onVerdict: (verdict: GossipVerdict) => void,
  ): void;
}

export function createGossipNetwork(nodes: number, parts: GossipParts): GossipNetwork {
  const { queue, network, random } = parts;
  const degree = parts.degree ?? degreeDefault;
  const degreeMax = 2 * degree;
  const { floodPublish = true, lazy = true } = parts;
  const messageById = new Map<string, Message>();
  const topics = new Map<string, Topic>();
  const beatingTopics: Topic[] = [];
  const recentByNode: (Recent[] | undefined)[] = new Array(nodes).fill(undefined);
  const phaseMs = Float64Array.from({ length: nodes }, () => random.next() * heartbeatMs);
  const rejectedByLink = new Map<number, number>();
  let keeper: MeshKeeper | null = null;
  const counts = { delivered: 0, duplicates: 0, rejected: 0, told: 0, recovered: 0 };

  function topicOf(name: string): Topic {
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = { name, mesh: Array.from({ length: nodes }, () => []), beating: [] };
      topics.set(name, topic);
    }
    return topic;
  }

  /** Grafts until the degree is reached, and prunes who is gone: what heartbeats do, when it matters. */
  function meshPeers({ name, mesh }: Topic, node: number): readonly number[] {
    if (keeper !== null) return keeper.peers(name, node);
    const own = mesh[node]!;
    for (let index = own.length - 1; index >= 0; index--) {
      if (!parts.isUp(own[index]!) || network.isCut(node, own[index]!)) own.splice(index, 1);
    }
    if (own.length < degree) {
      for (const candidate of random.pick(parts.neighbours(node), 3 * degree)) {
        if (own.length >= degree) break;
        const other = mesh[candidate]!;
        if (!parts.isUp(candidate) || own.includes(candidate) || other.length >= degreeMax) continue;
        own.push(candidate);
        other.push(node);
      }
    }
    return own;
  }

  function publish(node: number, topic: string, data: Uint8Array): void {
    const id = createHash('sha256').update(data).digest('base64');
    let message = messageById.get(id);
    if (message === undefined) {
      message = {
        topic: topicOf(topic),
        data,
        seen: new Uint8Array(nodes),
        seenCount: 0,
        dueMs: new Float64Array(nodes),
      };
      messageById.set(id, message);
      if (messageById.size > messagesMax) messageById.delete(messageById.keys().next().value!);
    }
    if (message.seen[node] === 1 || keeper?.isMute(node)) return;
    see(node, message);
    const receivers = floodPublish ? parts.neighbours(node) : meshPeers(message.topic, node);
    for (const receiver of receivers) send(node, receiver, message);
    remember(node, message);
  }

  function see(node: number, message: Message): void {
    message.seen[node] = 1;
    if (++message.seenCount === nodes) message.dueMs = noneDue;
  }

  function send(from: number, to: number, message: Message): void {
    const delayMs = network.delayMs(from, to, message.data.length, queue.nowMs);
    if (delayMs === null) return;
    const atMs = queue.nowMs + delayMs;
    // Most copies come behind another that is under way already, and nothing of them matters but their number.
    if (message.seen[to] === 1 || isDueBefore(message, to, atMs)) {
      counts.duplicates++;
      return;
    }
    if (parts.isUp(to) && !isMuted(from, to)) message.dueMs[to] = atMs;
    queue.plan(atMs, arrive, message, from, to);
  }

  function isDueBefore({ dueMs }: Message, to: number, atMs: number): boolean {
    return dueMs[to]! > 0 && dueMs[to]! <= atMs;
  }

  function isMuted(from: number, to: number): boolean {
    return rejectedByLink.size > 0 && (rejectedByLink.get(to * nodes + from) ?? 0) >= rejectedMax;
  }

  function arrive(message: Message, from: number, to: number): void {
    // Who was down has seen nothing since.
    if (message.seen[to] === 1) {
      counts.duplicates++;
      return;
    }
    message.dueMs[to] = 0;
    if (!parts.isUp(to) || isMuted(from, to)) return;
    see(to, message);
    parts.validate(to, from, message.topic.name, message.data, (verdict) => {
      if (verdict === 'reject') {
        counts.rejected++;
        const link = to * nodes + from;
        rejectedByLink.set(link, (rejectedByLink.get(link) ?? 0) + 1);
      }
      if (verdict !== 'accept' || !parts.isUp(to)) return;
      counts.delivered++;
      keeper?.delivered(message.topic.name, to, from);
      for (const peer of meshPeers(message.topic, to)) if (peer !== from) send(to, peer, message);
      remember(to, message);
    });
  }

  /** It is told of on the next heartbeats. */
  function remember(node: number, message: Message): void {
    if (!lazy) return;
    const recent = recentByNode[node];
    if (recent !== undefined) {
      recent.push({ message, heartbeats: toldHeartbeats });
      return;
    }
    recentByNode[node] = [{ message, heartbeats: toldHeartbeats }];
    const sinceBeat = (queue.nowMs - phaseMs[node]!) % heartbeatMs;
    queue.plan(queue.nowMs + heartbeatMs - sinceBeat, beat, null, node, node);
  }

  function beat(_: null, node: number): void {
    const recent = recentByNode[node];
    if (recent === undefined || !parts.isUp(node)) {
      recentByNode[node] = undefined;
      return;
    }
    for (const { message } of recent) {
      const { topic } = message;
      if (topic.beating.length === 0) beatingTopics.push(topic);
      topic.beating.push(message);
    }
    tell(node);
    let kept = 0;
    for (const one of recent) if (--one.heartbeats > 0) recent[kept++] = one;
    recent.length = kept;
    if (kept === 0) recentByNode[node] = undefined;
    else queue.plan(queue.nowMs + heartbeatMs, beat, null, node, node);
  }

  /** IHAVE of the messages of each topic to some who are not in its mesh; all that goes to one peer goes in one frame. */
  function tell(node: number): void {
    const neighbours = parts.neighbours(node).length;
    let idleBytes = 0;
    /** Share of the neighbours to whom nothing goes. */
    let untold = 1;
    for (const { name, mesh, beating } of beatingTopics) {
      const others = neighbours - (keeper?.peers(name, node) ?? mesh[node]!).length;
      const told = Math.min(others, Math.max(lazyDegree, Math.floor(lazyShare * others)));
      counts.told += told * beating.length;
      if (neighbours > 0) untold *= 1 - told / neighbours;
      idleBytes += told * (topicBytes + beating.length * messageIdBytes);
      // Who has it answers nothing; when all have it there is nobody to look for.
      for (const message of beating) if (message.seenCount < nodes) offer(node, message, told);
      beating.length = 0;
    }
    beatingTopics.length = 0;
    const frames = Math.round(neighbours * (1 - untold));
    if (frames > 0) network.idle(node, frames, idleBytes / frames);
  }

  /** Who of these has not seen it asks for it, and is sent it. */
  function offer(node: number, message: Message, told: number): void {
    const neighbours = parts.neighbours(node);
    for (let count = 0; count < told; count++) {
      const to = neighbours[random.below(neighbours.length)]!;
      if (message.seen[to] === 1 || !parts.isUp(to)) continue;
      const thereMs = network.delayMs(node, to, messageIdBytes, queue.nowMs);
      if (thereMs === null) continue;
      queue.at(queue.nowMs + thereMs, () => {
        if (message.seen[to] === 1 || !parts.isUp(to)) return;
        const backMs = network.delayMs(to, node, messageIdBytes, queue.nowMs);
        if (backMs === null) return;
        queue.at(queue.nowMs + backMs, () => {
          counts.recovered++;
          if (parts.isUp(node)) send(node, to, message);
        });
      });
    }
  }

  return {
    publish,
    keepMeshes(other) {
      keeper = other;
    },
    left(node) {
      for (const message of messageById.values()) {
        if (message.seen[node] === 1) message.seenCount--;
        message.seen[node] = 0;
        message.dueMs[node] = 0;
      }
      recentByNode[node] = undefined;
      for (const { mesh } of topics.values()) mesh[node] = [];
    },
    counts,
  };
}
