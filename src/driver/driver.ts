/**
 * The crank between one peer and its ports: event → peer.handle → effects → port → event.
 * One effect is one port call and one event; signature checks of a turn leave as one batch. One timer.
 * Nothing here decides; what fails outside comes back as an event.
 */
import type { AgentId } from '../core/identity/agent-id.ts';
import type {
  AnnounceResult,
  CapabilitySearch,
  NameLookUp,
  NamePublication,
  PeerEffect,
  PublishResult,
  Resolution,
} from '../core/peer/effects.ts';
import type { GossipVerdict, PeerEvent } from '../core/peer/events.ts';
import type { Peer } from '../core/peer/peer.ts';
import type { Clock } from '../ports/clock.ts';
import type { Gossip } from '../ports/gossip.ts';
import type { Log } from '../ports/log.ts';
import type { Overlay } from '../ports/overlay.ts';
import type { Store } from '../ports/store.ts';
import type { Verifier } from '../ports/verifier.ts';
import { type AcceptedRow, createKeptEntries } from './kept-entries.ts';

export interface DriverPorts {
  readonly overlay: Overlay;
  readonly gossip: Gossip;
  readonly store: Store;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs the callback once the events at hand are through: `setImmediate` where there is one. */
  readonly soon: (callback: () => void) => void;
  /** Left out: nothing is logged of what is accepted. */
  readonly acceptedRow?: AcceptedRow;
}

export interface DriverListeners {
  changed(change: Extract<PeerEffect, { type: 'announce-change' }>, nowMs: number): void;
  counted(metric: string, label: string, value: number): void;
  alarmed(alarm: string, agentId: AgentId): void;
}

export interface Driver {
  /** Loads what the store has, then opens the ports. */
  start(topics: readonly string[]): Promise<void>;
  resolve(agentId: AgentId, options: CallOptions & { readonly fresh: boolean }): Promise<Resolution>;
  publish(
    bundle: Uint8Array,
    options: CallOptions & { readonly acknowledgements: number },
  ): Promise<PublishResult>;
  /** Brings a signed announcement to the storing peers of its tags, and of those that stood in its place before. */
  announce(
    announcement: Uint8Array,
    options: CallOptions & { readonly formerTags: readonly string[] },
  ): Promise<AnnounceResult>;
  /** Who announced that tag, or one below it. */
  search(tag: string, options: CallOptions & { readonly limit: number }): Promise<CapabilitySearch>;
  /** Brings a signed name record to its storing peers. */
  name(record: Uint8Array, options: CallOptions): Promise<NamePublication>;
  /** What the storing peers of that point show of a namespace. */
  lookUp(agentId: AgentId, point: Uint8Array, options: CallOptions): Promise<NameLookUp>;
  watch(agentIds: readonly AgentId[]): void;
  unwatch(agentIds: readonly AgentId[]): void;
  /** Hands over; the ports stay open, their owner closes them. */
  handOver(): Promise<void>;
  /** No more events are taken; open calls reject. */
  close(): void;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface PendingCall {
  resolve(value: never): void;
  reject(error: unknown): void;
}

export function createDriver(peer: Peer, ports: DriverPorts, listeners: DriverListeners): Driver {
  const { overlay, gossip, store, verifier, clock } = ports;
  const log = ports.log.child({ subsystem: 'driver' });
  const events: PeerEvent[] = [];
  const calls = new Map<number, PendingCall>();
  const responses = new Map<number, (body: Uint8Array) => void>();
  const verdicts = new Map<number, (verdict: GossipVerdict) => void>();
  let checks: Extract<PeerEffect, { type: 'verify-signatures' }>[] = [];
  let lastId = 0;
  let isHandling = false;
  let isTurnSet = false;
  let isClosed = false;
  let cancelWake = (): void => {};
  const { acceptedRow } = ports;
  const keeping = { store, clock, log, counted: listeners.counted, dispatch };
  const kept = createKeptEntries({ ...keeping, ...(acceptedRow && { acceptedRow }) });

  function dispatch(event: PeerEvent): void {
    if (isClosed) return;
    events.push(event);
    if (!isHandling) drain();
  }

  function drain(): void {
    isHandling = true;
    for (let event = events.shift(); event !== undefined; event = events.shift()) handle(event);
    isHandling = false;
    if (!isTurnSet && !isClosed) {
      isTurnSet = true;
      ports.soon(endTurn);
    }
  }

  function handle(event: PeerEvent): void {
    let effects: readonly PeerEffect[];
    try {
      effects = peer.handle(event, clock.nowMs());
    } catch (error) {
      // A defect of ours, whatever arrived: said aloud and counted, and the node goes on.
      listeners.counted('defects', event.type, 1);
      log.error({ error, event: event.type }, 'the protocol core failed on an event');
      return;
    }
    if (log.isTracing) log.trace({ event: event.type, effects: effects.map(({ type }) => type) }, 'handled');
    for (const effect of effects) perform(effect);
  }

  function endTurn(): void {
    isTurnSet = false;
    if (isClosed) return;
    isHandling = true;
    handle({ type: 'turn-ended' });
    for (let event = events.shift(); event !== undefined; event = events.shift()) handle(event);
    isHandling = false;
    flushChecks();
  }

  function perform(effect: PeerEffect): void {
    switch (effect.type) {
      case 'wake-at':
        cancelWake();
        cancelWake = clock.schedule(Math.max(0, effect.timeMs - clock.nowMs()), () =>
          dispatch({ type: 'woken' }),
        );
        return;
      case 'send-request':
        sendRequest(effect);
        return;
      case 'meet-peer':
        overlay.meet(effect.contact);
        return;
      case 'send-response':
        responses.get(effect.inboundId)?.(effect.body);
        responses.delete(effect.inboundId);
        return;
      case 'send-push':
        overlay.push(effect.peer, effect.body);
        return;
      case 'answer-gossip':
        verdicts.get(effect.messageId)?.(effect.verdict);
        verdicts.delete(effect.messageId);
        return;
      case 'publish-gossip':
        gossip.publish(effect.topic, effect.data).catch((error: unknown) => {
          listeners.counted('gossip_published', 'failed', 1);
          log.warn({ error, topic: effect.topic }, 'a gossip message could not be published');
        });
        return;
      case 'verify-signatures':
        checks.push(effect);
        return;
      case 'read-entry':
      case 'write-entries':
      case 'write-names':
        kept.perform(effect);
        return;
      case 'announce-change':
        listeners.changed(effect, clock.nowMs());
        return;
      case 'count':
        listeners.counted(effect.metric, effect.label, effect.value);
        return;
      case 'raise-alarm':
        listeners.alarmed(effect.alarm, effect.agentId);
        return;
      default:
        completeCall(effect);
    }
  }

  function sendRequest({
    requestId,
    to,
    body,
    timeoutMs,
  }: Extract<PeerEffect, { type: 'send-request' }>): void {
    overlay.request(to, body, { timeoutMs }).then(
      (answer) => dispatch({ type: 'response-received', requestId, body: answer }),
      (error: unknown) => {
        log.debug({ error, peer: to.peer }, 'a request failed');
        dispatch({
          type: 'request-failed',
          requestId,
          reason: String((error as { code?: unknown }).code ?? 'failed'),
        });
      },
    );
  }

  /** All checks of the turn as one batch, so that threads and libraries see large ones. */
  function flushChecks(): void {
    if (checks.length === 0) return;
    const batch = checks;
    checks = [];
    const all = batch.length === 1 ? batch[0]!.checks : batch.flatMap((effect) => effect.checks);
    listeners.counted('signatures_verified', verifier.name, all.length);
    verifier.verifyAll(all).then(
      (results) => {
        let start = 0;
        for (const effect of batch) {
          const end = start + effect.checks.length;
          dispatch({
            type: 'signatures-verified',
            requestId: effect.requestId,
            verdicts: results.slice(start, end),
          });
          start = end;
        }
      },
      (error: unknown) => {
        if (!isClosed) log.error({ error }, 'signatures could not be verified');
        for (const effect of batch) {
          dispatch({ type: 'signatures-verified', requestId: effect.requestId, verdicts: [] });
        }
      },
    );
  }

  function completeCall(effect: Extract<PeerEffect, { type: `complete-${string}` }>): void {
    const pending = calls.get(effect.callId);
    calls.delete(effect.callId);
    if (effect.type === 'complete-resolve') pending?.resolve(effect.resolution as never);
    else if (effect.type === 'complete-search' || effect.type === 'complete-look-up')
      pending?.resolve(effect.found as never);
    else if (effect.type !== 'complete-stop') pending?.resolve(effect.result as never);
    else pending?.resolve(undefined as never);
  }

  function call<Value>(event: (callId: number) => PeerEvent, signal?: AbortSignal): Promise<Value> {
    const callId = ++lastId;
    return new Promise<Value>((resolve, reject) => {
      if (signal?.aborted || isClosed) {
        reject(signal?.reason ?? new DOMException('the node is closed', 'AbortError'));
        return;
      }
      const onAbort = (): void => {
        calls.delete(callId);
        dispatch({ type: 'call-aborted', callId });
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      calls.set(callId, {
        resolve: (value: never) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      dispatch(event(callId));
    });
  }

  async function start(topics: readonly string[]): Promise<void> {
    store.onCorrupt((key) => {
      log.info({ key }, 'a damaged entry is fetched again from the network');
      const agentKey = kept.agentKeyOf(key);
      if (agentKey !== null) dispatch({ type: 'entry-quarantined', agentKey });
    });
    await kept.load();
    await overlay.start({
      peerAdded: (contact) => dispatch({ type: 'peer-added', contact }),
      peerRemoved: (removed) => dispatch({ type: 'peer-removed', peer: removed }),
      peerConnected: (connected) => dispatch({ type: 'peer-connected', peer: connected }),
      peerDisconnected: (gone) => dispatch({ type: 'peer-disconnected', peer: gone }),
      requestReceived: (from, body) =>
        new Promise((resolve) => {
          const inboundId = ++lastId;
          responses.set(inboundId, resolve);
          dispatch({ type: 'request-received', inboundId, peer: from, body });
        }),
      pushReceived: (from, body) => dispatch({ type: 'push-received', peer: from, body }),
    });
    await gossip.start({
      messageReceived: (topic, from, data) =>
        new Promise((resolve) => {
          const messageId = ++lastId;
          verdicts.set(messageId, resolve);
          dispatch({ type: 'gossip-received', messageId, topic, from, data });
        }),
    });
    for (const topic of topics) gossip.subscribe(topic);
  }

  function close(): void {
    isClosed = true;
    cancelWake();
    for (const pending of calls.values())
      pending.reject(new DOMException('the node is closed', 'AbortError'));
    calls.clear();
  }

  return {
    start,
    resolve: (agentId, { fresh, timeoutMs, signal }) =>
      call((callId) => ({ type: 'resolve-called', callId, agentId, fresh, timeoutMs }), signal),
    publish: (bundle, { acknowledgements, timeoutMs, signal }) =>
      call((callId) => ({ type: 'publish-called', callId, bundle, acknowledgements, timeoutMs }), signal),
    announce: (announcement, { formerTags, timeoutMs, signal }) =>
      call((callId) => ({ type: 'announce-called', callId, announcement, formerTags, timeoutMs }), signal),
    search: (tag, { limit, timeoutMs, signal }) =>
      call((callId) => ({ type: 'search-called', callId, tag, limit, timeoutMs }), signal),
    name: (record, { timeoutMs, signal }) =>
      call((callId) => ({ type: 'name-called', callId, record, timeoutMs }), signal),
    lookUp: (agentId, point, { timeoutMs, signal }) =>
      call((callId) => ({ type: 'look-up-called', callId, agentId, point, timeoutMs }), signal),
    watch: (agentIds) => dispatch({ type: 'watch-called', agentIds }),
    unwatch: (agentIds) => dispatch({ type: 'unwatch-called', agentIds }),
    handOver: () => call((callId) => ({ type: 'peer-stopping', callId })),
    close,
  };
}
