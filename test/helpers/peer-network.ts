/**
 * A network of real peers (the product's state machine) in virtual time: delays, cuts, crashes, replays, all from one
 * seed. Messages and signatures are real; only sockets, disk and clock are played. For tests of rules, not of speed.
 */
import { createHash } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import type {
  AnnounceResult,
  CapabilitySearch,
  NameLookUp,
  NamePublication,
  PeerEffect,
  PublishResult,
  Resolution,
} from '../../src/core/peer/effects.ts';
import type { PeerEvent } from '../../src/core/peer/events.ts';
import { createPeer, type Peer } from '../../src/core/peer/peer.ts';
import { type PeerConfig, peerConfigDefault } from '../../src/core/peer/peer-config.ts';
import { createRandom, type Random } from '../../src/core/rng.ts';
import type { Verifier } from '../../src/ports/verifier.ts';

type Change = Extract<PeerEffect, { type: 'announce-change' }> & { readonly atMs: number };

export interface TestPeer {
  readonly name: string;
  readonly store: Map<string, Uint8Array>;
  /** Names on its disk. */
  readonly nameStore: Map<string, Uint8Array>;
  readonly changes: Change[];
  readonly verdicts: string[];
  readonly counts: Map<string, number>;
  readonly alarms: string[];
  /** Whom it wanted to meet, in order. */
  readonly meetings: string[];
  peer: Peer;
  isUp: boolean;
  side: number;
  /** Refuses every write, as a full disk does. */
  isFull: boolean;
}

export interface TestNetwork {
  readonly peers: readonly TestPeer[];
  readonly random: Random;
  nowMs(): number;
  nowSeconds(): number;
  /** Runs until nothing but timers is left, or the time is over. */
  run(durationMs: number): void;
  /** Does something once the time has come, while something else runs. */
  after(durationMs: number, task: () => void): void;
  resolve(peer: TestPeer, agentId: Uint8Array, fresh?: boolean): Resolution;
  publish(peer: TestPeer, bundle: Uint8Array, acknowledgements?: number): PublishResult;
  announce(peer: TestPeer, announcement: Uint8Array, formerTags?: readonly string[]): AnnounceResult;
  search(peer: TestPeer, tag: string, limit?: number): CapabilitySearch;
  name(peer: TestPeer, record: Uint8Array): NamePublication;
  lookUp(peer: TestPeer, agentId: Uint8Array, point: Uint8Array): NameLookUp;
  /** Every peer meets every other on the same side. */
  connectAll(): void;
  /** A stranger that this network does not run is met by that peer; `answer` speaks for it. */
  meet(peer: TestPeer, stranger: string): void;
  /** What strangers answer to a request; null as long as they are silent. */
  answer: ((to: string, body: Uint8Array) => Uint8Array) | null;
  /** One dials the other; both learn of it. */
  connect(left: TestPeer, right: TestPeer): void;
  /** Nothing passes between sides. */
  cut(sideOf: (index: number) => number): void;
  heal(): void;
  crash(peer: TestPeer): void;
  restart(peer: TestPeer): void;
  dispatch(peer: TestPeer, event: PeerEvent): void;
  /** One gossip message from a neighbour; its verdict. */
  gossip(peer: TestPeer, from: string, topic: string, data: Uint8Array): string;
  /** One request from a neighbour; the answer. */
  request(peer: TestPeer, from: string, body: Uint8Array): Uint8Array;
}

interface Task {
  readonly timeMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Peers of the test network find one another by name; an address is what makes a contact worth meeting. */
export const testAddress = '/ip4/127.0.0.1/tcp/4001';

export function testPeerId(name: string): string {
  const hash = createHash('sha256').update(name).digest();
  return base58btc.baseEncode(Uint8Array.of(0x12, 0x20, ...hash));
}

export function createTestNetwork(options: {
  readonly count: number;
  readonly seed: number;
  readonly verifier: Verifier;
  readonly config?: Partial<PeerConfig>;
  readonly delayMs?: readonly [number, number];
}): TestNetwork {
  const seedBytes = createHash('sha256').update(`network ${options.seed}`).digest();
  const random = createRandom(seedBytes);
  const config: PeerConfig = { ...peerConfigDefault, ...options.config };
  const [delayMin, delayMax] = options.delayMs ?? [1, 20];
  const tasks: Task[] = [];
  let nowMs = 1_800_000_000_000;
  let order = 0;
  let lastId = 0;
  const peers = Array.from({ length: options.count }, (_, index) => createTestPeer(`peer ${index}`));
  const byName = new Map(peers.map((peer) => [peer.name, peer]));
  const completions = new Map<number, (value: unknown) => void>();
  const inbound = new Map<number, (body: Uint8Array) => void>();
  const verdicts = new Map<number, (verdict: string) => void>();

  function createTestPeer(label: string): TestPeer {
    const name = testPeerId(label);
    return {
      name,
      store: new Map(),
      nameStore: new Map(),
      changes: [],
      verdicts: [],
      counts: new Map(),
      alarms: [],
      meetings: [],
      peer: newPeer(name),
      isUp: true,
      side: 0,
      isFull: false,
    };
  }

  function newPeer(name: string): Peer {
    const seed = createHash('sha256').update(`${name} ${options.seed} ${order}`).digest();
    return createPeer({ config, self: { peer: name, addresses: [] }, seed });
  }

  function at(delayMs: number, run: () => void): void {
    tasks.push({ timeMs: nowMs + delayMs, order: order++, run });
    tasks.sort((left, right) => left.timeMs - right.timeMs || left.order - right.order);
  }

  const delay = (): number => delayMin + random.next() * (delayMax - delayMin);
  const reaches = (from: TestPeer, to: TestPeer | undefined): to is TestPeer =>
    to !== undefined && from.isUp && to.isUp && from.side === to.side;

  function dispatch(peer: TestPeer, event: PeerEvent): void {
    if (!peer.isUp) return;
    const machine = peer.peer;
    for (const effect of machine.handle(event, nowMs)) perform(peer, machine, effect);
    at(0, () => {
      if (peer.peer !== machine || !peer.isUp) return;
      for (const effect of machine.handle({ type: 'turn-ended' }, nowMs)) perform(peer, machine, effect);
    });
  }

  function perform(peer: TestPeer, machine: Peer, effect: PeerEffect): void {
    const reply = (event: PeerEvent, delayMs: number): void =>
      at(delayMs, () => {
        if (peer.peer === machine) dispatch(peer, event);
      });
    switch (effect.type) {
      case 'wake-at':
        reply({ type: 'woken' }, Math.max(0, effect.timeMs - nowMs));
        return;
      case 'verify-signatures': {
        const results = effect.checks.map((check) => options.verifier.verify(check));
        reply({ type: 'signatures-verified', requestId: effect.requestId, verdicts: results }, 0);
        return;
      }
      case 'read-entry': {
        const bytes = peer.store.get(effect.agentKey) ?? null;
        reply({ type: 'entry-read', requestId: effect.requestId, bytes }, 0);
        return;
      }
      case 'write-entries':
        write(peer, effect, reply);
        return;
      case 'write-names': {
        const isFull = peer.isFull && effect.writes.some(({ bytes }) => bytes !== null);
        at(1, () => {
          for (const { key, bytes } of isFull ? [] : effect.writes) {
            if (bytes === null) peer.nameStore.delete(key);
            else peer.nameStore.set(key, bytes);
          }
        });
        const failure = isFull ? 'store-full' : null;
        reply({ type: 'entries-written', requestId: effect.requestId, failure }, 1);
        return;
      }
      case 'send-request':
        send(peer, effect, reply);
        return;
      case 'send-response':
        inbound.get(effect.inboundId)?.(effect.body);
        inbound.delete(effect.inboundId);
        return;
      case 'send-push': {
        const to = byName.get(effect.peer);
        at(delay(), () => {
          if (reaches(peer, to)) dispatch(to, { type: 'push-received', peer: peer.name, body: effect.body });
        });
        return;
      }
      case 'meet-peer': {
        const met = byName.get(effect.contact.peer);
        peer.meetings.push(effect.contact.peer);
        at(delay(), () => {
          if (!reaches(peer, met)) return;
          connect(peer, met);
          if (config.role === 'full') connect(met, peer);
        });
        return;
      }
      case 'publish-gossip':
        flood(peer, effect.topic, effect.data);
        return;
      case 'answer-gossip':
        verdicts.get(effect.messageId)?.(effect.verdict);
        verdicts.delete(effect.messageId);
        return;
      case 'announce-change':
        peer.changes.push({ ...effect, atMs: nowMs });
        return;
      case 'count': {
        const name = `${effect.metric}:${effect.label}`;
        peer.counts.set(name, (peer.counts.get(name) ?? 0) + effect.value);
        return;
      }
      case 'raise-alarm':
        peer.alarms.push(effect.alarm);
        return;
      case 'complete-resolve':
        completions.get(effect.callId)?.(effect.resolution);
        return;
      case 'complete-publish':
        completions.get(effect.callId)?.(effect.result);
        return;
      case 'complete-announce':
        completions.get(effect.callId)?.(effect.result);
        return;
      case 'complete-search':
        completions.get(effect.callId)?.(effect.found);
        return;
      case 'complete-name':
        completions.get(effect.callId)?.(effect.result);
        return;
      case 'complete-look-up':
        completions.get(effect.callId)?.(effect.found);
        return;
      case 'complete-stop':
        completions.get(effect.callId)?.(true);
    }
  }

  function write(
    peer: TestPeer,
    effect: Extract<PeerEffect, { type: 'write-entries' }>,
    reply: (event: PeerEvent, delayMs: number) => void,
  ): void {
    const isFull = peer.isFull && effect.writes.some((entry) => entry.bytes !== null);
    at(1, () => {
      if (isFull || !peer.isUp) return;
      for (const entry of effect.writes) {
        const isThere = peer.store.has(entry.agentKey);
        if (entry.isNew === isThere) throw new Error(`isNew is ${isThere} of ${entry.agentKey}, and wrong`);
        if (entry.bytes === null) peer.store.delete(entry.agentKey);
        else peer.store.set(entry.agentKey, entry.bytes);
      }
    });
    reply({ type: 'entries-written', requestId: effect.requestId, failure: isFull ? 'store-full' : null }, 1);
  }

  function send(
    peer: TestPeer,
    { requestId, to, body, timeoutMs }: Extract<PeerEffect, { type: 'send-request' }>,
    reply: (event: PeerEvent, delayMs: number) => void,
  ): void {
    const target = byName.get(to.peer);
    let isSettled = false;
    const settle = (event: PeerEvent, delayMs: number): void => {
      if (!isSettled) reply(event, delayMs);
      isSettled = true;
    };
    at(timeoutMs, () => settle({ type: 'request-failed', requestId, reason: 'timeout' }, 0));
    at(delay(), () => {
      if (target === undefined && network.answer !== null) {
        settle({ type: 'response-received', requestId, body: network.answer(to.peer, body) }, delay());
        return;
      }
      if (target === undefined || !target.isUp || !reaches(peer, target)) {
        if (target === undefined || !target.isUp)
          settle({ type: 'request-failed', requestId, reason: 'unreachable' }, 0);
        return;
      }
      const inboundId = ++lastId;
      inbound.set(inboundId, (answer) =>
        at(delay(), () => {
          if (reaches(target, peer)) settle({ type: 'response-received', requestId, body: answer }, 0);
        }),
      );
      dispatch(target, { type: 'request-received', inboundId, peer: peer.name, body });
    });
  }

  /** To every neighbour on this side; whoever accepts passes it on to those who have not seen it. */
  function flood(from: TestPeer, topic: string, data: Uint8Array): void {
    const seen = new Set<TestPeer>([from]);
    const pass = (sender: TestPeer): void => {
      const others = peers.filter((peer) => !seen.has(peer) && reaches(sender, peer));
      for (const to of random.pick(others, 6)) {
        seen.add(to);
        at(delay(), () => {
          if (!reaches(sender, to)) return;
          const messageId = ++lastId;
          verdicts.set(messageId, (verdict) => {
            to.verdicts.push(verdict);
            if (verdict === 'accept') pass(to);
          });
          dispatch(to, { type: 'gossip-received', messageId, topic, from: sender.name, data });
        });
      }
    };
    pass(from);
  }

  function run(durationMs: number): void {
    const endMs = nowMs + durationMs;
    while (tasks.length > 0 && tasks[0]!.timeMs <= endMs) {
      const task = tasks.shift()!;
      nowMs = Math.max(nowMs, task.timeMs);
      task.run();
    }
    nowMs = endMs;
  }

  function complete<Value>(begin: (callId: number) => void): Value {
    const callId = ++lastId;
    let result: Value | undefined;
    completions.set(callId, (value) => {
      result = value as Value;
    });
    begin(callId);
    for (let step = 0; result === undefined && step < 2_000; step++) run(10);
    completions.delete(callId);
    if (result === undefined) throw new Error(`no completion in 20 s of virtual time (seed ${options.seed})`);
    return result;
  }

  function connect(left: TestPeer, right: TestPeer): void {
    dispatch(left, { type: 'peer-added', contact: { peer: right.name, addresses: [testAddress] } });
    dispatch(left, { type: 'peer-connected', peer: right.name });
  }

  function connectAll(): void {
    for (const left of peers)
      for (const right of peers) if (left !== right && reaches(left, right)) connect(left, right);
  }

  function load(peer: TestPeer): void {
    dispatch(peer, { type: 'names-loaded', entries: [...peer.nameStore.values()] });
    const entries = [...peer.store].map(([agentKey, bytes]) => ({ agentKey, bytes }));
    dispatch(peer, { type: 'entries-loaded', entries, done: true });
  }
  for (const peer of peers) load(peer);

  const network: TestNetwork = {
    peers,
    random,
    answer: null,
    meet(peer, stranger) {
      dispatch(peer, { type: 'peer-added', contact: { peer: stranger, addresses: [testAddress] } });
    },
    nowMs: () => nowMs,
    nowSeconds: () => Math.floor(nowMs / 1000),
    run,
    after: at,
    resolve: (peer, agentId, fresh = true) =>
      complete((callId) =>
        dispatch(peer, { type: 'resolve-called', callId, agentId, fresh, timeoutMs: 8_000 }),
      ),
    publish: (peer, bundle, acknowledgements = 5) =>
      complete((callId) =>
        dispatch(peer, { type: 'publish-called', callId, bundle, acknowledgements, timeoutMs: 8_000 }),
      ),
    announce: (peer, announcement, formerTags = []) =>
      complete((callId) =>
        dispatch(peer, { type: 'announce-called', callId, announcement, formerTags, timeoutMs: 8_000 }),
      ),
    search: (peer, tag, limit = 20) =>
      complete((callId) => dispatch(peer, { type: 'search-called', callId, tag, limit, timeoutMs: 5_000 })),
    name: (peer, record) =>
      complete((callId) => dispatch(peer, { type: 'name-called', callId, record, timeoutMs: 8_000 })),
    lookUp: (peer, agentId, point) =>
      complete((callId) =>
        dispatch(peer, { type: 'look-up-called', callId, agentId, point, timeoutMs: 5_000 }),
      ),
    connectAll,
    connect(left, right) {
      connect(left, right);
      connect(right, left);
    },
    cut(sideOf) {
      peers.forEach((peer, index) => {
        peer.side = sideOf(index);
      });
    },
    heal() {
      for (const peer of peers) peer.side = 0;
      connectAll();
    },
    crash(peer) {
      peer.isUp = false;
    },
    restart(peer) {
      peer.isUp = true;
      peer.peer = newPeer(peer.name);
      load(peer);
      for (const other of peers) {
        if (other === peer || !reaches(peer, other)) continue;
        connect(peer, other);
        connect(other, peer);
      }
    },
    dispatch,
    gossip(peer, from, topic, data) {
      const messageId = ++lastId;
      let verdict = 'none';
      verdicts.set(messageId, (value) => {
        verdict = value;
      });
      dispatch(peer, { type: 'gossip-received', messageId, topic, from, data });
      run(5);
      return verdict;
    },
    request(peer, from, body) {
      const inboundId = ++lastId;
      let answer: Uint8Array | null = null;
      inbound.set(inboundId, (value) => {
        answer = value;
      });
      dispatch(peer, { type: 'request-received', inboundId, peer: from, body });
      for (let step = 0; answer === null && step < 100; step++) run(5);
      if (answer === null) throw new Error('no answer');
      return answer;
    },
  };
  return network;
}
