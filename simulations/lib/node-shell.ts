/**
 * One node around the product's own core: performs effects on simulated ports and answers each with its event. The
 * store keeps what was acknowledged over a crash, and loses what was not; processing takes the time of its signatures.
 */
import type { PeerEffect, PublishResult, Resolution } from '../../src/core/peer/effects.ts';
import type { GossipVerdict, PeerEvent } from '../../src/core/peer/events.ts';
import { createPeer, type Peer } from '../../src/core/peer/peer.ts';
import type { PeerConfig } from '../../src/core/peer/peer-config.ts';
import { createPending } from '../../src/core/peer/pending.ts';
import type { Chance } from './chance.ts';
import type { EventQueue } from './event-queue.ts';
import type { SharedBytes } from './shared-bytes.ts';
import type { SignatureTable } from './signatures.ts';

/** Of a synced write, milliseconds. */
const syncMs = 2;

export type Change = Extract<PeerEffect, { readonly type: 'announce-change' }>;

/** What a node needs of the world around it. */
export interface NodePorts {
  readonly queue: EventQueue;
  readonly chance: Chance;
  readonly signatures: SignatureTable;
  readonly shared: SharedBytes;
  request(from: SimulatedNode, effect: Extract<PeerEffect, { type: 'send-request' }>, answer: Answer): void;
  push(from: SimulatedNode, to: string, body: Uint8Array): void;
  meet(from: SimulatedNode, peer: string): void;
  gossip(from: SimulatedNode, topic: string, data: Uint8Array): void;
  changed(node: SimulatedNode, change: Change): void;
  counted(node: SimulatedNode, metric: string, label: string, value: number): void;
  alarmed(node: SimulatedNode, alarm: string): void;
  /** It gathers something: its turn ends when nothing else happens at this time. */
  turned(node: SimulatedNode): void;
  /** By index: 1 for those that are up. */
  readonly up: Uint8Array;
}

type Answer = (outcome: { readonly body: Uint8Array } | { readonly failure: string }) => void;

export interface SimulatedNode {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  readonly store: ReadonlyMap<string, Uint8Array>;
  readonly peer: Peer;
  /** What its clock is ahead of the others'. */
  clockSkewMs: number;
  /** It answers that much slower than others. */
  slownessMs: number;
  /** Takes no more writes. */
  isFull: boolean;
  dispatch(event: PeerEvent): void;
  resolve(agentId: Uint8Array, onResolved: (resolution: Resolution) => void, fresh?: boolean): void;
  publish(bundle: Uint8Array, onPublished: (result: PublishResult) => void): void;
  validate(from: string, topic: string, data: Uint8Array, onVerdict: (verdict: GossipVerdict) => void): void;
  /** @param onGone it has crashed before it answered. */
  answer(from: string, body: Uint8Array, onAnswer: (body: Uint8Array) => void, onGone?: () => void): void;
  /** It has had that on its disk since before the run. */
  keep(agentKey: string, bytes: Uint8Array): void;
  endTurn(): void;
  crash(): void;
  restart(): void;
}

const callTimeoutMs = 10_000;

export function createSimulatedNode(
  index: number,
  name: string,
  /** Of its first run, and of those after a restart. */
  config: { readonly first: PeerConfig; readonly later: PeerConfig },
  ports: NodePorts,
): SimulatedNode {
  const { queue } = ports;
  const store = new Map<string, Uint8Array>();
  const calls = createPending<(result: never) => void>();
  const inbound = createPending<{
    onAnswer(body: Uint8Array): void;
    readonly onGone?: (() => void) | undefined;
  }>();
  const verdicts = createPending<(verdict: GossipVerdict) => void>();
  let run = 0;
  let busyUntilMs = 0;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let isTurned = false;
  let peer = newPeer();

  function newPeer(): Peer {
    const seed = ports.chance.bytes(`node ${index} run ${run}`);
    return createPeer({
      config: run === 0 ? config.first : config.later,
      self: { peer: name, addresses: [] },
      seed,
    });
  }

  function dispatch(event: PeerEvent): void {
    if (!node.isUp) return;
    handle(event);
    if (isTurned || !peer.gathers()) return;
    isTurned = true;
    ports.turned(node);
  }

  function handle(event: PeerEvent): void {
    for (const effect of peer.handle(event, queue.nowMs + node.clockSkewMs)) perform(effect);
  }

  /** Unless the node has crashed since. */
  function later(delayMs: number, task: () => void): void {
    queue.plan(queue.nowMs + delayMs, inRun, task, run, index);
  }

  function inRun(task: () => void, ofRun: number): void {
    if (run === ofRun && node.isUp) task();
  }

  function wake(timeMs: number): void {
    const trueMs = timeMs - node.clockSkewMs;
    if (trueMs >= wakeAtMs) return;
    wakeAtMs = trueMs;
    later(trueMs - queue.nowMs, () => {
      if (wakeAtMs > trueMs) return;
      wakeAtMs = Number.POSITIVE_INFINITY;
      dispatch({ type: 'woken' });
    });
  }

  function busy(costMs: number): number {
    busyUntilMs = Math.max(busyUntilMs, queue.nowMs) + costMs;
    return busyUntilMs - queue.nowMs;
  }

  function write(effect: Extract<PeerEffect, { type: 'write-entries' }>): void {
    const { requestId, writes } = effect;
    const isRefused = node.isFull && writes.some(({ bytes }) => bytes !== null);
    later(syncMs, () => {
      for (const { agentKey, bytes } of isRefused ? [] : writes) {
        if (bytes === null) store.delete(agentKey);
        else store.set(agentKey, ports.shared.same(agentKey, bytes));
      }
      dispatch({ type: 'entries-written', requestId, failure: isRefused ? 'store-full' : null });
    });
  }

  function ask(effect: Extract<PeerEffect, { type: 'send-request' }>): void {
    const { requestId } = effect;
    const ofRun = run;
    ports.request(node, effect, (outcome) => {
      if (run !== ofRun) return;
      dispatch(
        'body' in outcome
          ? { type: 'response-received', requestId, body: outcome.body }
          : { type: 'request-failed', requestId, reason: outcome.failure },
      );
    });
  }

  function verify(effect: Extract<PeerEffect, { type: 'verify-signatures' }>): void {
    const { requestId, checks } = effect;
    const results = ports.signatures.verdicts(checks);
    later(busy(ports.signatures.costMs(checks)), () =>
      dispatch({ type: 'signatures-verified', requestId, verdicts: results }),
    );
  }

  function read({ requestId, agentKey }: Extract<PeerEffect, { type: 'read-entry' }>): void {
    later(0, () => dispatch({ type: 'entry-read', requestId, bytes: store.get(agentKey) ?? null }));
  }

  function perform(effect: PeerEffect): void {
    if (effect.type === 'wake-at') wake(effect.timeMs);
    else if (effect.type === 'verify-signatures') verify(effect);
    else if (effect.type === 'read-entry') read(effect);
    else if (effect.type === 'write-entries') write(effect);
    else if (effect.type === 'send-request') ask(effect);
    else if (effect.type === 'send-response') inbound.take(effect.inboundId)?.onAnswer(effect.body);
    else if (effect.type === 'send-push') ports.push(node, effect.peer, effect.body);
    else if (effect.type === 'meet-peer') ports.meet(node, effect.contact.peer);
    else if (effect.type === 'publish-gossip') ports.gossip(node, effect.topic, effect.data);
    else if (effect.type === 'answer-gossip') verdicts.take(effect.messageId)?.(effect.verdict);
    else if (effect.type === 'announce-change') ports.changed(node, effect);
    else if (effect.type === 'count') ports.counted(node, effect.metric, effect.label, effect.value);
    else if (effect.type === 'raise-alarm') ports.alarmed(node, effect.alarm);
    else complete(effect);
  }

  function complete(effect: PeerEffect): void {
    if (!('callId' in effect)) return;
    const result =
      'resolution' in effect ? effect.resolution : 'result' in effect ? effect.result : undefined;
    calls.take(effect.callId)?.(result as never);
  }

  function call<Result>(onDone: (result: Result) => void, event: (callId: number) => PeerEvent): void {
    dispatch(event(calls.add(onDone)));
  }

  function load(): void {
    const entries = [...store].map(([agentKey, bytes]) => ({ agentKey, bytes }));
    dispatch({ type: 'entries-loaded', entries, done: true });
  }

  const node = {
    index,
    name,
    // No accessors: an object literal with one is a dictionary, and ten thousand nodes are looked up in.
    isUp: true,
    store,
    peer,
    clockSkewMs: 0,
    slownessMs: 0,
    isFull: false,
    dispatch,
    resolve: (agentId: Uint8Array, onResolved: (resolution: Resolution) => void, fresh = true) =>
      call(onResolved, (callId) => ({
        type: 'resolve-called',
        callId,
        agentId,
        fresh,
        timeoutMs: callTimeoutMs,
      })),
    publish: (bundle: Uint8Array, onPublished: (result: PublishResult) => void) =>
      call(onPublished, (callId) => ({
        type: 'publish-called',
        callId,
        bundle,
        acknowledgements: config.first.acknowledgements,
        timeoutMs: callTimeoutMs,
      })),
    validate(from: string, topic: string, data: Uint8Array, onVerdict: (verdict: GossipVerdict) => void) {
      dispatch({ type: 'gossip-received', messageId: verdicts.add(onVerdict), topic, from, data });
    },
    answer(from: string, body: Uint8Array, onAnswer: (body: Uint8Array) => void, onGone?: () => void) {
      dispatch({ type: 'request-received', inboundId: inbound.add({ onAnswer, onGone }), peer: from, body });
    },
    keep(agentKey: string, bytes: Uint8Array) {
      store.set(agentKey, bytes);
      dispatch({ type: 'entries-loaded', entries: [{ agentKey, bytes }], done: false });
    },
    endTurn() {
      isTurned = false;
      if (node.isUp) handle({ type: 'turn-ended' });
    },
    crash() {
      node.isUp = false;
      ports.up[index] = 0;
      run++;
      for (const waiting of [calls, verdicts]) waiting.drain();
      for (const { onGone } of inbound.drain()) onGone?.();
      wakeAtMs = Number.POSITIVE_INFINITY;
      busyUntilMs = 0;
    },
    restart() {
      node.isUp = true;
      ports.up[index] = 1;
      peer = newPeer();
      node.peer = peer;
      load();
    },
  };
  load();
  return node;
}
