/**
 * The network as custody sees it: two calls over a map of joined states, every signature checked; keys and journal in
 * memory, with a clock that stands until it is moved.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesEqual } from '../../src/core/bytes.ts';
import { createSigner, verifyAdmitted } from '../../src/core/ed25519.ts';
import { isProtocolError } from '../../src/core/errors.ts';
import { type AgentId, agentKey } from '../../src/core/identity/agent-id.ts';
import type { PublishResult, Resolution } from '../../src/core/peer/effects.ts';
import { admitBundle } from '../../src/core/record/admission.ts';
import { type AgentState, encodeState, joinStates } from '../../src/core/record/agent-state.ts';
import { decodeBundle } from '../../src/core/record/bundle-codec.ts';
import { createAgentService, type RunningAgentService } from '../../src/custody/agent-service.ts';
import { createCustodyJournal } from '../../src/custody/custody-journal.ts';
import type { CustodyKeys } from '../../src/custody/custody-types.ts';
import { createChangeBus } from '../../src/driver/change-bus.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { AgentSeeds } from '../../src/ports/keystore.ts';
import type { Log } from '../../src/ports/log.ts';

export const startMs = 1_790_000_000_000;

export interface ManualClock extends Clock {
  /** Runs what is due on the way, in order of time. */
  advance(durationMs: number): Promise<void>;
}

export function createManualClock(): ManualClock {
  let nowMs = startMs;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  return {
    nowMs: () => nowMs,
    schedule(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(durationMs) {
      const endMs = nowMs + durationMs;
      for (;;) {
        const [next] = [...timers]
          .filter(({ atMs }) => atMs <= endMs)
          .sort((left, right) => left.atMs - right.atMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.callback();
        await settled();
      }
      nowMs = endMs;
      await settled();
    },
  };
}

/** Everything that needs no timer of the clock has happened: promises of memory settle within a few turns. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The network as one node sees it. */
export interface NetworkView {
  readonly clock: Clock;
  resolve(agentId: AgentId): Promise<Resolution>;
  publish(bundle: Uint8Array): Promise<PublishResult>;
  readonly bus: ReturnType<typeof createChangeBus>;
}

/** The storing peers, all of one mind. */
export interface FakeNetwork extends NetworkView {
  readonly clock: ManualClock;
  stateOf(agentId: AgentId): AgentState | undefined;
  /** What another node publishes; throws the refusal. */
  put(state: AgentState): AgentState;
  /** As if every storing peer had lost it. */
  forget(agentId: AgentId): void;
  /** Runs once, before the next publication arrives. */
  beforeNextPut(action: (bundle: Uint8Array) => void): void;
  /** Runs once, after the next publication arrived, in place of its answer. */
  afterNextPut(action: () => never): void;
  readonly published: Uint8Array[];
}

export function createFakeNetwork(): FakeNetwork {
  const clock = createManualClock();
  const bus = createChangeBus();
  const states = new Map<string, AgentState>();
  const published: Uint8Array[] = [];
  let before: ((bundle: Uint8Array) => void) | null = null;
  let after: (() => never) | null = null;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);

  function put(sent: AgentState): AgentState {
    const key = agentKey(sent.agentId);
    const held = states.get(key) ?? null;
    const admission = admitBundle(decodeBundle(encodeState(sent)), sent.agentId, nowSeconds(), held);
    if (!admission.checks.every(verifyAdmitted)) throw new Error('a signature does not hold');
    const { state, changed } = joinStates(held, admission.state, nowSeconds());
    states.set(key, state);
    if (changed) {
      bus.emit({
        agentId: sent.agentId,
        change: 'changed',
        state,
        source: 'put',
        acceptedAtMs: clock.nowMs(),
      });
    }
    return state;
  }

  async function publish(bytes: Uint8Array): Promise<PublishResult> {
    const act = before;
    before = null;
    act?.(bytes);
    published.push(bytes);
    const bundle = decodeBundle(bytes);
    const sent = admitBundle(bundle, null, nowSeconds(), null).state;
    try {
      const state = put(sent);
      const fail = after;
      after = null;
      fail?.();
      const isStale =
        sent.addr !== null && (state.addr === null || !bytesEqual(sent.addr.bytes, state.addr.bytes));
      return { status: isStale ? 'stale' : 'stored', acknowledgements: 5, asked: 8, refusal: null, state };
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return { status: 'refused', acknowledgements: 0, asked: 0, refusal: error.code, state: null };
    }
  }

  return {
    clock,
    bus,
    published,
    publish,
    async resolve(agentId) {
      const state = states.get(agentKey(agentId)) ?? null;
      const status = state === null ? 'not-found' : 'ok';
      return { status, agentId, state, ageSeconds: 0, responders: [], holders: 0, cached: false };
    },
    put,
    stateOf: (agentId) => states.get(agentKey(agentId)),
    forget: (agentId) => void states.delete(agentKey(agentId)),
    beforeNextPut(action) {
      before = action;
    },
    afterNextPut(action) {
      after = action;
    },
  };
}

/** Keys in memory that outlive the service, as files do. */
export function createMemoryKeys(): CustodyKeys {
  const used = new Map<string, { readonly agentId: AgentId; seeds: AgentSeeds }>();
  const staged = new Map<string, AgentSeeds>();
  return {
    list: async () =>
      [...used.values()].map(({ agentId, seeds }) => ({
        agentId,
        roles: Object.keys(seeds) as (keyof AgentSeeds)[],
      })),
    read: async (agentId) => used.get(agentKey(agentId))?.seeds ?? {},
    async add(agentId, seeds) {
      used.set(agentKey(agentId), { agentId, seeds: { ...used.get(agentKey(agentId))?.seeds, ...seeds } });
    },
    stage: async (agentId, seeds) => void staged.set(agentKey(agentId), seeds),
    readStaged: async (agentId) => staged.get(agentKey(agentId)) ?? {},
    async promote(agentId) {
      const seeds = staged.get(agentKey(agentId));
      if (seeds === undefined) return;
      used.set(agentKey(agentId), { agentId, seeds: { ...used.get(agentKey(agentId))?.seeds, ...seeds } });
      staged.delete(agentKey(agentId));
    },
    discardStaged: async (agentId) => void staged.delete(agentKey(agentId)),
  };
}

/** What a node keeps over a restart. */
export interface Disk {
  readonly keys: CustodyKeys;
  readonly entries: Map<string, Uint8Array>;
}

export function createDisk(): Disk {
  return { keys: createMemoryKeys(), entries: new Map() };
}

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
}

export interface FakeNode {
  readonly service: RunningAgentService;
  readonly lines: LoggedLine[];
  readonly watched: AgentId[];
}

/** A service of its own over that network; random bytes follow from the name. */
export function createFakeNode(network: NetworkView, name: string, disk: Disk = createDisk()): FakeNode {
  const lines: LoggedLine[] = [];
  const watched: AgentId[] = [];
  let drawn = 0;
  const logAt = (level: string) => (_data: object, message: string) => void lines.push({ level, message });
  const log: Log = {
    trace: logAt('trace'),
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    child: () => log,
  };
  const randomBytes = (length: number): Uint8Array =>
    sha256(new TextEncoder().encode(`${name} ${drawn++} ${disk.entries.size}`)).slice(0, length);
  const service = createAgentService({
    keys: disk.keys,
    journal: createCustodyJournal({
      get: async (key) => disk.entries.get(key),
      write: async (writes) => {
        for (const { key, value } of writes) {
          if (value === null) disk.entries.delete(key);
          else disk.entries.set(key, value);
        }
      },
    }),
    resolve: network.resolve,
    publish: network.publish,
    watch: (agentIds) => void watched.push(...agentIds),
    unwatch: () => {},
    changes: (options) => network.bus.read(options),
    clock: network.clock,
    entropy: { randomBytes },
    createSigner,
    createSecret: () => randomBytes(32),
    refenceSeconds: 22 * 3600,
    log,
  });
  return { service, lines, watched };
}
