/**
 * The meshes of gossipsub 1.1 heartbeat by heartbeat, with the scores, the backoff and the grafting that the product has
 * enabled (src/adapters/libp2p/gossip-options): time in the mesh, first deliveries, at least two members that the node has
 * dialled itself, opportunistic grafting. It expects no rate of messages, so whoever merely keeps silent loses nothing.
 * Sybils have dialled everybody. Greedy ones graft wherever they may at each heartbeat.
 * Source: gossipsub 1.1 (libp2p specs); attacks as in Vyzovitis et al., PL-TechRep-2020-001, §12 and §13.
 */
import { gossipTopics } from '../../../src/core/gossip/announcement.ts';
import type { Random } from '../../../src/core/rng.ts';
import type { MeshKeeper } from '../gossip-parts.ts';
import type { World } from '../world.ts';

const heartbeatMs = 1_000;
const degree = { wanted: 6, low: 5, high: 12, score: 4, outbound: 2 } as const;
const backoffMs = 10_000;
/** `timeInMeshWeight` and its cap in seconds; `firstMessageDeliveries`: weight, cap, what is left after a second. */
const timeInMesh = { weight: 0.01, capSeconds: 300 } as const;
const firstDeliveries = { weight: 0.5, cap: 20, decay: 0.95 } as const;
const topicScoreCap = 40;
const opportunistic = { heartbeats: 60, threshold: 1, peers: 2 } as const;

interface Delivered {
  count: number;
  atMs: number;
}

export interface ScoredMesh extends MeshKeeper {
  /** Of the places in the meshes of honest nodes: the share that sybils have. */
  sybilShare(): number;
}

/** Beats from now on. */
export function createScoredMesh(parts: {
  readonly world: World;
  readonly random: Random;
  isSybil(node: number): boolean;
  readonly areGreedy: boolean;
  isMute(node: number): boolean;
}): ScoredMesh {
  const { world, random, isSybil, areGreedy, isMute } = parts;
  const { queue, nodes } = world;
  const topicNames = gossipTopics(world.config.protocolPrefix);
  const topicByName = new Map(topicNames.map((name, topic) => [name, topic]));
  const meshes = topicNames.map(() => nodes.map(() => new Set<number>()));
  const backoffUntilMs = new Map<number, number>();
  const sinceMs = new Map<number, number>();
  const deliveredBy = new Map<number, Delivered>();
  const key = (topic: number, node: number, peer: number): number =>
    (topic * nodes.length + node) * nodes.length + peer;

  /** Whether the node has dialled that peer: a sybil dials everybody, of two others it is one or the other. */
  function isOutbound(node: number, peer: number): boolean {
    if (isSybil(node) !== isSybil(peer)) return isSybil(node);
    return (node + peer) % 2 === 0 ? node < peer : node > peer;
  }

  function score(node: number, peer: number): number {
    let total = 0;
    for (let topic = 0; topic < topicNames.length; topic++) {
      const since = sinceMs.get(key(topic, node, peer));
      if (since !== undefined)
        total += timeInMesh.weight * Math.min(timeInMesh.capSeconds, (queue.nowMs - since) / 1000);
      const delivered = deliveredBy.get(key(topic, node, peer));
      if (delivered !== undefined) total += firstDeliveries.weight * countNow(delivered);
    }
    return Math.min(topicScoreCap, total);
  }

  function countNow({ count, atMs }: Delivered): number {
    return count * firstDeliveries.decay ** ((queue.nowMs - atMs) / 1000);
  }

  const isBackedOff = (topic: number, node: number, peer: number): boolean =>
    (backoffUntilMs.get(key(topic, node, peer)) ?? 0) > queue.nowMs;

  function join(topic: number, node: number, peer: number): void {
    meshes[topic]![node]!.add(peer);
    sinceMs.set(key(topic, node, peer), queue.nowMs);
  }

  function part(topic: number, node: number, peer: number): void {
    meshes[topic]![node]!.delete(peer);
    sinceMs.delete(key(topic, node, peer));
    backoffUntilMs.set(key(topic, node, peer), queue.nowMs + backoffMs);
  }

  function prune(topic: number, node: number, peer: number): void {
    part(topic, node, peer);
    part(topic, peer, node);
  }

  /** The other may refuse: its mesh is full, and it was dialled. */
  function graft(topic: number, node: number, peer: number): void {
    const isFull = meshes[topic]![peer]!.size >= degree.high && !isOutbound(peer, node);
    if (isBackedOff(topic, peer, node) || isFull) {
      prune(topic, node, peer);
      return;
    }
    join(topic, node, peer);
    join(topic, peer, node);
  }

  /** Up to so many of the neighbours outside of the mesh that fit. */
  function graftSome(topic: number, node: number, count: number, fits: (peer: number) => boolean): void {
    if (count <= 0) return;
    const mesh = meshes[topic]![node]!;
    const neighbours = world.neighbours(node);
    // From a random one on, round once.
    const first = random.below(Math.max(1, neighbours.length));
    for (let step = 0, left = count; step < neighbours.length && left > 0; step++) {
      const peer = neighbours[(first + step) % neighbours.length]!;
      if (mesh.has(peer) || !nodes[peer]!.isUp || !fits(peer) || isBackedOff(topic, node, peer)) continue;
      graft(topic, node, peer);
      left--;
    }
  }

  /** Wherever there is room. */
  function graftAll(topic: number, node: number): void {
    const byNode = meshes[topic]!;
    for (const peer of world.neighbours(node)) {
      if (byNode[peer]!.size >= degree.high || isSybil(peer) || byNode[node]!.has(peer)) continue;
      if (nodes[peer]!.isUp && !isBackedOff(topic, node, peer)) graft(topic, node, peer);
    }
  }

  function pruneExcess(topic: number, node: number): void {
    const mesh = [...meshes[topic]![node]!];
    const byScore = mesh
      .map((peer) => ({ peer, score: score(node, peer) }))
      .sort((left, right) => right.score - left.score)
      .map(({ peer }) => peer);
    const rest = random.pick(byScore.slice(degree.score), mesh.length);
    const kept = [...byScore.slice(0, degree.score), ...rest].slice(0, degree.wanted);
    for (const peer of rest) {
      if (kept.filter((one) => isOutbound(node, one)).length >= degree.outbound) break;
      if (kept.includes(peer) || !isOutbound(node, peer)) continue;
      kept[kept.findLastIndex((one) => !isOutbound(node, one))] = peer;
    }
    for (const peer of mesh) if (!kept.includes(peer)) prune(topic, node, peer);
  }

  function countOutbound(mesh: ReadonlySet<number>, node: number): number {
    let count = 0;
    for (const peer of mesh) if (isOutbound(node, peer)) count++;
    return count;
  }

  function beat(node: number, heartbeats: number): void {
    const isGreedy = areGreedy && isSybil(node);
    for (let topic = 0; topic < topicNames.length; topic++) {
      const mesh = meshes[topic]![node]!;
      if (isGreedy) {
        graftAll(topic, node);
        continue;
      }
      for (const peer of mesh) if (!nodes[peer]!.isUp) prune(topic, node, peer);
      if (mesh.size < degree.low) graftSome(topic, node, degree.wanted - mesh.size, () => true);
      if (mesh.size > degree.high) pruneExcess(topic, node);
      if (mesh.size >= degree.low)
        graftSome(topic, node, degree.outbound - countOutbound(mesh, node), (peer) => isOutbound(node, peer));
      if (heartbeats % opportunistic.heartbeats === 0) graftBetter(topic, node);
    }
    queue.at(queue.nowMs + heartbeatMs, () => beat(node, heartbeats + 1));
  }

  function graftBetter(topic: number, node: number): void {
    const scores = [...meshes[topic]![node]!].map((peer) => score(node, peer)).sort((a, b) => a - b);
    const median = scores[Math.floor(scores.length / 2)];
    if (median === undefined || median >= opportunistic.threshold) return;
    graftSome(topic, node, opportunistic.peers, (peer) => score(node, peer) > median);
  }

  // Greedy sybils are there first.
  for (const { index } of nodes) {
    const afterMs = areGreedy && isSybil(index) ? 0 : random.next() * heartbeatMs;
    queue.at(queue.nowMs + afterMs, () => beat(index, 1));
  }

  return {
    peers: (name, node) => [...meshes[topicByName.get(name)!]![node]!],
    delivered(name, node, from) {
      const at = key(topicByName.get(name)!, node, from);
      const before = deliveredBy.get(at);
      const count = 1 + (before === undefined ? 0 : countNow(before));
      deliveredBy.set(at, { count: Math.min(firstDeliveries.cap, count), atMs: queue.nowMs });
    },
    isMute,
    sybilShare() {
      let [places, sybils] = [0, 0];
      for (const byNode of meshes)
        for (const [node, mesh] of byNode.entries()) {
          if (isSybil(node)) continue;
          places += mesh.size;
          for (const peer of mesh) if (isSybil(peer)) sybils++;
        }
      return places === 0 ? 0 : sybils / places;
    },
  };
}
