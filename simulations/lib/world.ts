/**
 * A network of simulated nodes: who is connected to whom, what messages take, who is up. Everything of a run comes from
 * its seed; `traceHash` is over every event that reached a node, in order, so that two runs can be told apart or not.
 */
import { installNativeHash } from '../../src/adapters/native/native-hash.ts';
import { kadIdOfPeer } from '../../src/core/overlay/distance.ts';
import { type PeerConfig, peerConfigDefault } from '../../src/core/peer/peer-config.ts';
import { createPending } from '../../src/core/peer/pending.ts';
import { rememberResults } from '../../src/core/remembered.ts';
import type { Random } from '../../src/core/rng.ts';
import { meetWithinMs } from '../../src/node/peer-settings.ts';
import { type Chance, createChance } from './chance.ts';
import { createConnections } from './connections.ts';
import { createEventQueue, type EventQueue } from './event-queue.ts';
import { createEventTrace } from './event-trace.ts';
import { createGossipNetwork } from './gossip.ts';
import type { GossipNetwork } from './gossip-parts.ts';
import type { Nats } from './nats.ts';
import { createNetwork, type NetworkSettings, type SimulatedNetwork } from './network.ts';
import { type Change, createSimulatedNode, type NodePorts, type SimulatedNode } from './node-shell.ts';
import { peerName } from './peer-name.ts';
import { settledTables } from './placement.ts';
import { createRequestMeter, type RequestMeter } from './request-meter.ts';
import { createSharedBytes } from './shared-bytes.ts';
import { createSignatureTable, type SignatureTable } from './signatures.ts';
import { createSums } from './sums.ts';
import type { Note } from './threads/exchange.ts';
import { createAbsentNode, type Lane, noteKind } from './threads/lane.ts';

/** Virtual time begins here: 2027-01-15T08:00:00Z. */
export const startMs = 1_800_000_000_000;
/** Decoded agents in one node's memory; the rest is read from its store, so that ten thousand nodes fit. */
const cachedAgentsMax = 16;
/** How often a node whose neighbourhood has long been complete asks who else there is. */
const settledPauseMs = 300_000;

export interface WorldSettings {
  readonly nodes: number;
  readonly seed: number;
  readonly network: NetworkSettings;
  readonly peer: Partial<PeerConfig>;
  readonly gossip?: { readonly degree?: number; readonly floodPublish?: boolean; readonly lazy?: boolean };
  /** `settled`: everybody has met its neighbours; `empty`: nobody knows anybody. */
  readonly start: 'settled' | 'empty';
  /** Peer ids of the last nodes, which know nobody and which nobody knows until they are connected. */
  readonly lateNames?: readonly string[];
  /** Runs its nodes only: the network is divided among threads, and settled. */
  readonly lane?: Lane;
}

/** Who looks on. */
export interface WorldListeners {
  changed(node: SimulatedNode, change: Change): void;
  alarmed(node: SimulatedNode, alarm: string): void;
  counted?(metric: string, value: number, node: SimulatedNode, label: string): void;
}

export interface World {
  readonly nodes: readonly SimulatedNode[];
  readonly queue: EventQueue;
  readonly chance: Chance;
  readonly network: SimulatedNetwork;
  readonly gossip: GossipNetwork;
  /** Who is behind a NAT; null without NATs. */
  readonly nats: Nats | null;
  /** What all nodes have spent on signatures. */
  readonly signatures: SignatureTable['spent'];
  /** Sums over all nodes of what their cores count so far, by `metric:label`. */
  counts(): ReadonlyMap<string, number>;
  run(durationMs: number): void;
  /** Both meet: a dial with its handshakes. */
  connect(left: number, right: number): void;
  crash(node: number): void;
  /** It comes back with what its store has, and dials those that it knew. */
  restart(node: number): void;
  /** Nothing passes from a node of one side to one of another, and connections between them die; null heals. */
  cut(sideOf: ((node: number) => number) | null, isOneWay?: boolean): void;
  neighbours(node: number): readonly number[];
  neighbourCount(node: number): number;
  /** Requests that every node was sent. */
  readonly requests: Uint32Array;
  readonly requestsUnderWay: RequestMeter;
  /** Of every node. */
  readonly config: PeerConfig;
  /** Events that reached a core so far. */
  readonly events: number;
  traceHash(): string;
  close(): Promise<void>;
}

/** Whose nodes are here, where they are not divided among threads; those of one lane, where they are. */
export interface LaneWorld extends World {
  /** Up to that time. */
  runUntil(timeMs: number): void;
  /** What comes from another lane. */
  receive(note: Note): void;
}

export function configOf({ peer }: WorldSettings): PeerConfig {
  return { ...peerConfigDefault, cachedAgentsMax, meetWithinMs, ...peer };
}

export function createWorld(settings: WorldSettings, listeners: WorldListeners): LaneWorld {
  installNativeHash();
  rememberResults();
  const { nodes: count, seed, lateNames = [], lane } = settings;
  const firstLate = count - lateNames.length;
  const chance = createChance(seed);
  const queue = createEventQueue(startMs);
  const ownStream = (purpose: string): Random =>
    chance.stream(lane === undefined ? purpose : `${purpose} of lane ${lane.index}`);
  const places = chance.stream('network');
  const network = createNetwork(
    count,
    settings.network,
    lane === undefined ? places : ownStream('network'),
    places,
  );
  const signatures = createSignatureTable();
  const requests = new Uint32Array(count);
  const requestsUnderWay = createRequestMeter(count);
  const sums = createSums();
  const trace = createEventTrace(() => queue.nowMs);
  const turned: SimulatedNode[] = [];
  const up = new Uint8Array(count).fill(1);
  const config = configOf(settings);
  // Everybody has met long ago, and has nothing to tell the others yet.
  const isSettled = settings.start === 'settled';
  const firstConfig = {
    ...config,
    greetsNeighbours: !isSettled,
    ...(isSettled && { neighboursSoonMs: settledPauseMs }),
  };

  const ports: NodePorts = {
    queue,
    chance,
    signatures,
    shared: createSharedBytes(),
    request: (from, effect, answer) => {
      const to = indexByName.get(effect.to.peer);
      // Nobody is there, and nothing says so.
      if (to === undefined)
        return void queue.at(queue.nowMs + effect.timeoutMs, () => answer({ failure: 'timeout' }));
      request(from.index, to, effect.body, effect.timeoutMs, answer);
    },
    push(from, peer, body) {
      const to = indexByName.get(peer);
      if (to === undefined) return;
      if (lane?.owns(to) === false) post(noteKind.push, from.index, to, 0, body);
      else
        deliver(from.index, to, body.length, () =>
          nodes[to]!.dispatch({ type: 'push-received', peer: from.name, body }),
        );
    },
    meet(from, peer) {
      const to = indexByName.get(peer);
      if (to !== undefined) connections.dial(from.index, to, () => {});
    },
    gossip: (from, topic, data) => gossip.publish(from.index, topic, data),
    changed(node, change) {
      trace.note(node.index, change.change);
      listeners.changed(node, change);
    },
    counted(node, metric, label, value) {
      sums.add(metric, label, value);
      listeners.counted?.(metric, value, node, label);
    },
    alarmed: (node, alarm) => listeners.alarmed(node, alarm),
    turned: (node) => void turned.push(node),
    up,
  };

  const nodes = Array.from({ length: count }, (_, index) => {
    const name = lateNames[index - firstLate] ?? peerName(chance.bytes(`peer ${index}`));
    if (lane?.owns(index) === false) return createAbsentNode(index, name);
    return createSimulatedNode(index, name, { first: firstConfig, later: config }, ports);
  });
  const names = nodes.map(({ name }) => name);
  const indexByName = new Map(nodes.map(({ name, index }) => [name, index]));
  const connections = createConnections({
    nodes,
    queue,
    network,
    random: ownStream('connections'),
    dialTimeoutMs: config.requestTimeoutMs,
    nat: settings.network.nat,
    lane,
  });
  const tables = isSettled
    ? settledTables(
        nodes.slice(0, firstLate).map(({ name }) => kadIdOfPeer(name)),
        config.replication,
        chance.stream('placement'),
      )
    : null;
  const { connect } = connections;
  const gossip = createGossipNetwork(count, {
    queue,
    network,
    random: ownStream('gossip'),
    ...settings.gossip,
    divided: lane && {
      lane,
      settled: tables!,
      random: (topic) => chance.stream(`mesh of ${topic}`),
    },
    isUp: (node) => up[node] === 1,
    neighbours: connections.direct,
    validate: (node, from, topic, data, onVerdict) =>
      nodes[node]!.validate(names[from]!, topic, data, onVerdict),
  });

  /** The arrival, unless nothing arrives or nobody is there; false when nothing is under way. */
  function deliver(
    from: number,
    to: number,
    sizeBytes: number,
    arrive: () => void,
    onGone = (): void => {},
  ): boolean {
    const delayMs = network.delayMs(from, to, sizeBytes, queue.nowMs);
    if (delayMs === null) return false;
    const atMs = queue.nowMs + delayMs;
    queue.at(atMs, () => {
      if (nodes[to]!.isUp) arrive();
      else onGone();
    });
    again(from, to, atMs, arrive);
    return true;
  }

  /** What comes twice comes to the core twice. */
  function again(from: number, to: number, atMs: number, arrive: () => void): void {
    const secondMs = network.secondMs(from, to);
    if (secondMs === null) return;
    queue.at(atMs + secondMs, () => {
      if (nodes[to]!.isUp) arrive();
    });
  }

  type Answer = Parameters<NodePorts['request']>[2];
  /** Requests to nodes of other lanes. */
  const asked = createPending<Answer>();

  function request(from: number, to: number, body: Uint8Array, timeoutMs: number, onAnswer: Answer): void {
    requestsUnderWay.begun(from, to);
    let isUnderWay = true;
    const answer: Answer = (outcome) => {
      if (isUnderWay) requestsUnderWay.ended(from, to);
      isUnderWay = false;
      onAnswer(outcome);
    };
    const deadlineMs = queue.nowMs + timeoutMs;
    const timeOut = (): void => queue.at(deadlineMs, () => answer({ failure: 'timeout' }));
    const ask = (): void => {
      trace.note(from, 'request');
      if (lane?.owns(to) === false) {
        const id = asked.add(answer);
        post(noteKind.request, from, to, id, body);
        queue.at(deadlineMs, () => asked.take(id)?.({ failure: 'timeout' }));
        return;
      }
      const target = nodes[to]!;
      // The connection breaks, which takes its way back.
      const reset = (): void => {
        const backMs = network.delayMs(to, from, 0, queue.nowMs);
        if (backMs === null) timeOut();
        else queue.at(queue.nowMs + backMs, () => answer({ failure: 'unreachable' }));
      };
      const arrive = (): void => {
        requests[to]!++;
        const onAnswer = (answered: Uint8Array): void => {
          const backMs = network.delayMs(to, from, answered.length, queue.nowMs);
          const atMs = backMs === null ? Number.POSITIVE_INFINITY : queue.nowMs + backMs + target.slownessMs;
          if (atMs > deadlineMs) timeOut();
          else {
            const arriveBack = (): void => answer({ body: answered });
            queue.at(atMs, arriveBack);
            again(to, from, atMs, arriveBack);
          }
        };
        target.answer(nodes[from]!.name, body, onAnswer, reset);
      };
      if (!deliver(from, to, body.length, arrive, reset)) timeOut();
    };
    if (connections.has(from, to)) ask();
    else
      connections.dial(from, to, (isConnected) => (isConnected ? ask() : answer({ failure: 'unreachable' })));
  }

  /** To a node of another lane. */
  function post(kind: number, from: number, to: number, id: number, body: Uint8Array, slownessMs = 0): void {
    const delayMs = network.delayMs(from, to, body.length, queue.nowMs);
    if (delayMs === null) return;
    const atMs = queue.nowMs + delayMs + slownessMs;
    lane!.post(kind, atMs, from, to, id, body);
    const secondMs = network.secondMs(from, to);
    if (secondMs !== null) lane!.post(kind, atMs + secondMs, from, to, id, body);
  }

  /** What a node of another lane sends arrives. */
  function receive(note: Note): void {
    if (gossip.receive(note)) return;
    const { kind, timeMs, from, to, id, bytes } = note;
    const { name } = nodes[from]!;
    const node = nodes[to]!;
    queue.at(timeMs, () => {
      if (kind === noteKind.met) connections.join(to, from);
      else if (kind === noteKind.push) node.dispatch({ type: 'push-received', peer: name, body: bytes });
      else if (kind === noteKind.answer) asked.take(id)?.({ body: bytes });
      else {
        requests[to]!++;
        node.answer(name, bytes, (body) => post(noteKind.answer, to, from, id, body, node.slownessMs));
      }
    });
  }

  function crash(node: number): void {
    nodes[node]!.crash();
    gossip.left(node);
    connections.end(node);
  }

  function endTurns(): void {
    // Those that gather something meanwhile come behind.
    for (let index = 0; index < turned.length; index++) turned[index]!.endTurn();
    turned.length = 0;
  }

  if (tables !== null) {
    connections.settle(tables);
    firstConfig.greetsNeighbours = true;
  }

  return {
    nodes,
    queue,
    chance,
    network,
    gossip,
    nats: connections.nats,
    signatures: signatures.spent,
    counts: sums.all,
    requests,
    requestsUnderWay,
    config,
    get events() {
      return trace.count;
    },
    run: (durationMs) => queue.runUntil(queue.nowMs + durationMs, endTurns),
    runUntil: (timeMs) => queue.runUntil(timeMs, endTurns),
    receive,
    connect,
    crash,
    restart: connections.rejoin,
    cut(sideOf, isOneWay) {
      network.cut(sideOf, isOneWay);
      if (sideOf !== null) connections.noteCut(sideOf);
    },
    neighbours: connections.of,
    neighbourCount: (node) => connections.of(node).length,
    traceHash: () => trace.hash(),
    close: () => signatures.close(),
  };
}
