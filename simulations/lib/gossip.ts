/**
 * A model of gossipsub 1.1 as the product configures it (src/adapters/libp2p/gossip-options): a mesh for each topic,
 * flood publishing, IHAVE on heartbeats, messages passed on once the validator accepts them, neighbours that bring what is
 * rejected not listened to. Decides who is sent what; whether a message is good is decided by each node's own core.
 */
import { createHash } from 'node:crypto';
import type { GossipNetwork, GossipParts, MeshKeeper } from './gossip-parts.ts';
import { createMeshColumns, type MeshColumns } from './mesh-columns.ts';
import type { Note } from './threads/exchange.ts';
import { noteKind } from './threads/lane.ts';

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
/** `heartbeats` of messages that nobody tells of. */
const noneTold = new Uint8Array(0);

interface Topic {
  readonly name: string;
  readonly mesh: MeshColumns;
  /** Of it, in the heartbeat of the moment. */
  readonly beating: Message[];
}

interface Message {
  /** What other lanes know it by; 0 where there are none. */
  readonly number: number;
  readonly topic: Topic;
  readonly data: Uint8Array;
  /** Other lanes in which all have seen it. */
  lanesDone: number;
  /** By node: seen in its present run. */
  readonly seen: Uint8Array;
  seenCount: number;
  /** By node: when the first copy under way to it arrives, milliseconds; 0: none is under way. Empty once all have seen it. */
  dueMs: Float64Array;
  /** By node: on so many of its next heartbeats it tells of it. Empty when nobody does. */
  heartbeats: Uint8Array;
  tellers: number;
}

export function createGossipNetwork(nodes: number, parts: GossipParts): GossipNetwork {
  const { queue, network, random } = parts;
  const degree = parts.degree ?? degreeDefault;
  /** A node with fewer members grafts. */
  const degreeLow = Math.max(1, degree - 1);
  const degreeMax = 2 * degree;
  const { floodPublish = true, lazy = true, divided } = parts;
  const lane = divided?.lane;
  const owned = lane?.owned ?? nodes;
  /** By lane, and by their numbers there: messages that came from it. */
  const messagesOf = Array.from({ length: lane?.count ?? 0 }, () => new Map<number, Message>());
  let lastNumber = 0;
  const messageById = new Map<string, Message>();
  const topics = new Map<string, Topic>();
  const beatingTopics: Topic[] = [];
  /** Messages that somebody tells of: those of the last seconds. What a node has of them stands with each, where it is at hand. */
  let telling: Message[] = [];
  /** By node: its next heartbeat is planned. */
  const beats = new Uint8Array(nodes);
  const phaseMs = Float64Array.from({ length: nodes }, () => random.next() * heartbeatMs);
  const rejectedByLink = new Map<number, number>();
  let keeper: MeshKeeper | null = null;
  const counts = { delivered: 0, duplicates: 0, rejected: 0, told: 0, recovered: 0 };

  function topicOf(name: string): Topic {
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = { name, mesh: createMeshColumns(nodes, degreeMax), beating: [] };
      topics.set(name, topic);
      if (keeper === null) form(topic);
    }
    return topic;
  }

  /** Who is there has found its members long ago; all lanes find the same. */
  function form({ name, mesh }: Topic): void {
    const chance = divided?.random(name);
    for (let node = 0; node < nodes; node++) {
      if (chance === undefined) {
        if (parts.isUp(node)) tend(mesh, node);
      } else if (mesh.size(node) < degreeLow) {
        graft(mesh, node, chance.pick(divided!.settled[node]!, 3 * degree));
      }
    }
  }

  function graft(mesh: MeshColumns, node: number, candidates: readonly number[]): void {
    for (const candidate of candidates) {
      if (mesh.size(node) >= degree) break;
      if (parts.isUp(candidate) && !mesh.has(node, candidate) && !mesh.isFull(candidate))
        mesh.link(node, candidate);
    }
  }

  /** Grafts where members are missing, and prunes who is gone: what heartbeats do, when it matters. */
  function tend(mesh: MeshColumns, node: number): void {
    for (let index = mesh.size(node) - 1; index >= 0; index--) {
      const member = mesh.member(node, index);
      if (!parts.isUp(member) || network.isCut(node, member)) mesh.removeAt(node, index);
    }
    if (mesh.size(node) < degreeLow) graft(mesh, node, random.pick(parts.neighbours(node), 3 * degree));
  }

  /** To its mesh, but for who brought it. */
  function forward(node: number, message: Message, from: number): void {
    const { name, mesh } = message.topic;
    if (keeper !== null) {
      for (const peer of keeper.peers(name, node)) if (peer !== from) send(node, peer, message);
      return;
    }
    tend(mesh, node);
    const count = mesh.size(node);
    for (let index = 0; index < count; index++) {
      const peer = mesh.member(node, index);
      if (peer !== from) send(node, peer, message);
    }
  }

  const meshSize = ({ name, mesh }: Topic, node: number): number =>
    keeper === null ? mesh.size(node) : keeper.peers(name, node).length;

  function messageOf(topic: string, data: Uint8Array): Message {
    const id = createHash('sha256').update(data).digest('base64');
    let message = messageById.get(id);
    if (message === undefined) {
      message = {
        number: lane === undefined ? 0 : ++lastNumber,
        topic: topicOf(topic),
        data,
        lanesDone: 0,
        seen: new Uint8Array(nodes),
        seenCount: 0,
        dueMs: new Float64Array(nodes),
        heartbeats: noneTold,
        tellers: 0,
      };
      messageById.set(id, message);
      if (messageById.size > messagesMax) messageById.delete(messageById.keys().next().value!);
      if (lane !== undefined) {
        const name = new TextEncoder().encode(topic);
        lane.tell(
          noteKind.message,
          queue.nowMs,
          message.number,
          Buffer.concat([Uint8Array.of(name.length), name, data]),
        );
      }
    }
    return message;
  }

  function publish(node: number, topic: string, data: Uint8Array): void {
    const message = messageOf(topic, data);
    if (message.seen[node] === 1 || keeper?.isMute(node)) return;
    see(node, message);
    if (floodPublish) for (const receiver of parts.neighbours(node)) send(node, receiver, message);
    else forward(node, message, node);
    remember(node, message);
  }

  function see(node: number, message: Message): void {
    message.seen[node] = 1;
    if (++message.seenCount < owned) return;
    lane?.tell(noteKind.everywhere, queue.nowMs, message.number);
    if (isEverywhere(message)) message.dueMs = noneDue;
  }

  const isEverywhere = ({ seenCount, lanesDone }: Message): boolean =>
    seenCount === owned && lanesDone === (lane?.count ?? 1) - 1;

  function send(from: number, to: number, message: Message): void {
    const delayMs = network.delayMs(from, to, message.data.length, queue.nowMs);
    if (delayMs === null) return;
    const atMs = queue.nowMs + delayMs;
    if (network.secondMs(from, to) !== null) counts.duplicates++;
    approach(message, atMs, from, to);
  }

  function approach(message: Message, atMs: number, from: number, to: number): void {
    // Most copies come behind another that is under way already, and nothing of them matters but their number.
    if (message.seen[to] === 1 || isDueBefore(message, to, atMs)) {
      counts.duplicates++;
      return;
    }
    if (parts.isUp(to) && !isMuted(from, to)) message.dueMs[to] = atMs;
    if (lane?.owns(to) === false) lane.post(noteKind.copy, atMs, from, to, message.number);
    else queue.plan(atMs, arrive, message, from, to);
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
      forward(to, message, from);
      remember(to, message);
    });
  }

  /** It is told of on the next heartbeats. */
  function remember(node: number, message: Message): void {
    if (!lazy) return;
    if (message.tellers === 0) {
      message.heartbeats = new Uint8Array(nodes);
      telling.push(message);
    }
    if (message.heartbeats[node] === 0) message.tellers++;
    message.heartbeats[node] = toldHeartbeats;
    if (beats[node] === 1) return;
    beats[node] = 1;
    const sinceBeat = (queue.nowMs - phaseMs[node]!) % heartbeatMs;
    queue.plan(queue.nowMs + heartbeatMs - sinceBeat, beat, null, node, node);
  }

  function beat(_: null, node: number): void {
    beats[node] = 0;
    let hasEnded = false;
    for (const message of telling) {
      const { topic, heartbeats } = message;
      const left = heartbeats[node]!;
      if (left === 0) continue;
      if (topic.beating.length === 0) beatingTopics.push(topic);
      topic.beating.push(message);
      heartbeats[node] = left - 1;
      if (left > 1) beats[node] = 1;
      else if (--message.tellers === 0) hasEnded = true;
    }
    tell(node);
    if (hasEnded) endTelling();
    if (beats[node] === 1) queue.plan(queue.nowMs + heartbeatMs, beat, null, node, node);
  }

  function endTelling(): void {
    for (const message of telling) if (message.tellers === 0) message.heartbeats = noneTold;
    telling = telling.filter(({ tellers }) => tellers > 0);
  }

  function forget(node: number): void {
    for (const message of telling) {
      if (message.heartbeats[node] === 0) continue;
      message.heartbeats[node] = 0;
      message.tellers--;
    }
    endTelling();
  }

  /** IHAVE of the messages of each topic to some who are not in its mesh; all that goes to one peer goes in one frame. */
  function tell(node: number): void {
    const neighbours = parts.neighbours(node).length;
    let idleBytes = 0;
    /** Share of the neighbours to whom nothing goes. */
    let untold = 1;
    for (const topic of beatingTopics) {
      const { beating } = topic;
      const others = neighbours - meshSize(topic, node);
      const told = Math.min(others, Math.max(lazyDegree, Math.floor(lazyShare * others)));
      counts.told += told * beating.length;
      if (neighbours > 0) untold *= 1 - told / neighbours;
      idleBytes += told * (topicBytes + beating.length * messageIdBytes);
      // Who has it answers nothing; when all have it there is nobody to look for.
      for (const message of beating) if (!isEverywhere(message)) offer(node, message, told);
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
      if (lane?.owns(to) !== false) offerTo(message, node, to, queue.nowMs);
      else if (message.lanesDone < lane.count - 1 && !isDueBefore(message, to, queue.nowMs + lane.leadMs))
        lane.post(noteKind.have, queue.nowMs + lane.leadMs, node, to, message.number);
    }
  }

  function offerTo(message: Message, from: number, to: number, nowMs: number): void {
    if (message.seen[to] === 1 || !parts.isUp(to)) return;
    const thereMs = network.delayMs(from, to, messageIdBytes, nowMs);
    if (thereMs !== null) queue.at(nowMs + thereMs, () => ask(message, from, to));
  }

  function ask(message: Message, from: number, to: number): void {
    if (message.seen[to] === 1 || !parts.isUp(to)) return;
    const backMs = network.delayMs(to, from, messageIdBytes, queue.nowMs);
    if (backMs === null) return;
    const atMs = queue.nowMs + backMs;
    if (lane?.owns(from) === false) lane.post(noteKind.want, atMs, to, from, message.number);
    else queue.plan(atMs, recover, message, from, to);
  }

  function recover(message: Message, from: number, to: number): void {
    counts.recovered++;
    if (parts.isUp(from)) send(from, to, message);
  }

  function receive({ lane: sender, kind, timeMs, from, to, id, bytes }: Note): boolean {
    if (lane === undefined || kind > noteKind.everywhere) return false;
    const messages = messagesOf[sender]!;
    if (kind === noteKind.message) {
      const nameEnd = 1 + bytes[0]!;
      const name = new TextDecoder().decode(bytes.subarray(1, nameEnd));
      messages.set(id, messageOf(name, bytes.slice(nameEnd)));
      messages.delete(id - messagesMax);
      return true;
    }
    const message = messages.get(id)!;
    if (kind === noteKind.copy) approach(message, timeMs, from, to);
    else if (kind === noteKind.have) offerTo(message, from, to, timeMs - lane.leadMs);
    else if (kind === noteKind.want) queue.plan(timeMs, recover, message, to, from);
    else if (++message.lanesDone === lane.count - 1 && isEverywhere(message)) message.dueMs = noneDue;
    return true;
  }

  return {
    publish,
    receive,
    keepMeshes(other) {
      keeper = other;
    },
    left(node) {
      for (const message of messageById.values()) {
        if (message.seen[node] === 1) message.seenCount--;
        message.seen[node] = 0;
        message.dueMs[node] = 0;
      }
      forget(node);
      for (const { mesh } of topics.values()) mesh.clear(node);
    },
    counts,
  };
}
