/**
 * What agents in custody have said in the network (docs/protocol.md §7), kept there: sent again soon after and then ever more
 * rarely, soon again where nobody has it, void with the keys that signed it and over with the agent. What is said and how it
 * is signed is its user's. Nothing kept costs nothing: no timer, no reader of changes.
 */
import { type AgentId, formatAgentId } from '../core/identity/agent-id.ts';
import type { AgentChange } from '../driver/call-types.ts';
import { NodeError } from '../driver/node-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { createCustodySchedule } from './custody-schedule.ts';
import { createExclusive } from './exclusive.ts';

/** Of one publication: how long after the next sending the one after it follows. */
export interface Pauses {
  pauseMs: number;
  retryMs: number;
}

/** It is sent again after this, then after twice as long, and so on up to the longest. */
const firstPauseMs = 30_000;
/** Where nobody took it, the first time; after each more twice as long: new keys are in use once their publication is done. */
const firstRetryMs = 1_000;

export const firstPauses: Pauses = { pauseMs: firstPauseMs, retryMs: firstRetryMs };

/** What differs between publications of one kind and another. */
export interface PublicationRules<Entry extends Pauses> {
  /** As the log calls them. */
  readonly what: 'capabilities' | 'names';
  readonly longestPauseMs: number;
  readonly agentOf: (entry: Entry) => AgentId;
  /** Keys of all that is kept of an agent. */
  readonly keysOf: (agentId: AgentId) => readonly string[];
  /** Sends it, signed anew where that is due; null when it is over. @throws NodeError `not-custodial` when its keys are gone */
  readonly send: (entry: Entry, signal: AbortSignal) => Promise<{ readonly holders: number } | null>;
  /** The keys changed: it is to be signed anew. */
  readonly void: (entry: Entry) => void;
  /** Forgets it on the disk. */
  readonly remove: (entry: Entry) => Promise<void>;
}

export interface Publications<Entry extends Pauses> {
  readonly entryByKey: ReadonlyMap<string, Entry>;
  /** Kept from before: sent at once. */
  restore(key: string, entry: Entry): void;
  /** From the first on, changes of keys are followed. */
  keep(key: string, entry: Entry): void;
  /** Plans the next sending after one. */
  plan(key: string, entry: Entry, sent: { readonly holders: number }): void;
  /** Signed anew and sent, soon. */
  renew(key: string): void;
  forget(key: string): Promise<void>;
  /** One task at a time of each key. */
  run<Value>(key: string, task: () => Promise<Value>): Promise<Value>;
  /** Waits for what is under way; nothing is sent afterwards. */
  stop(): Promise<void>;
}

export function createPublications<Entry extends Pauses>(
  parts: {
    readonly clock: Clock;
    readonly log: Log;
    readonly changes: (options: { readonly signal: AbortSignal }) => AsyncIterable<AgentChange>;
  },
  rules: PublicationRules<Entry>,
): Publications<Entry> {
  const { clock, log } = parts;
  const { longestPauseMs } = rules;
  const exclusive = createExclusive();
  const stopping = new AbortController();
  const schedule = createCustodySchedule(clock, sendAgain);
  // Bounded by its users.
  const entryByKey = new Map<string, Entry>();
  let isFollowing = false;

  const agentText = (entry: Entry): string => formatAgentId(rules.agentOf(entry));

  async function sendAgain(key: string): Promise<void> {
    const entry = entryByKey.get(key);
    if (entry === undefined) return;
    const isKept = (): boolean => entryByKey.get(key) === entry;
    try {
      await exclusive.run(key, () => (isKept() ? send(key, entry) : Promise.resolve()));
    } catch (error) {
      if (stopping.signal.aborted || !isKept()) return;
      log.warn(
        { error, key, agent: agentText(entry) },
        `${rules.what} could not be published; it is tried again`,
      );
      planRetry(key, entry, longestPauseMs);
    }
  }

  async function send(key: string, entry: Entry): Promise<void> {
    const sent = await rules.send(entry, stopping.signal).catch((error: unknown) => {
      if (!(error instanceof NodeError && error.code === 'not-custodial')) throw error;
      log.warn(
        { key, agent: agentText(entry) },
        `the keys of an agent are gone: its ${rules.what} are no longer published`,
      );
      return null;
    });
    if (sent === null) {
      await forget(key);
      return;
    }
    log.debug({ key, agent: agentText(entry), holders: sent.holders }, `${rules.what} are published again`);
    if (sent.holders > 0) entry.pauseMs = Math.min(longestPauseMs, 2 * entry.pauseMs);
    if (entryByKey.get(key) === entry) plan(key, entry, sent);
  }

  /** Nobody has it: those who should may have heard of its keys by the next try, which is soon. */
  function plan(key: string, entry: Entry, { holders }: { readonly holders: number }): void {
    if (holders === 0) {
      planRetry(key, entry, firstPauseMs);
      return;
    }
    entry.retryMs = firstRetryMs;
    schedule.set(key, clock.nowMs() + entry.pauseMs);
  }

  function planRetry(key: string, entry: Entry, longestMs: number): void {
    schedule.set(key, clock.nowMs() + Math.min(longestMs, entry.retryMs));
    entry.retryMs = Math.min(longestPauseMs, 2 * entry.retryMs);
  }

  async function forget(key: string): Promise<void> {
    const entry = entryByKey.get(key);
    schedule.remove(key);
    entryByKey.delete(key);
    if (entry !== undefined) await rules.remove(entry);
  }

  function renew(key: string): void {
    const entry = entryByKey.get(key);
    if (entry === undefined) return;
    rules.void(entry);
    Object.assign(entry, firstPauses);
    schedule.set(key, clock.nowMs());
  }

  function keep(key: string, entry: Entry): void {
    entryByKey.set(key, entry);
    if (isFollowing) return;
    isFollowing = true;
    follow().catch((error: unknown) => log.error({ error }, 'changes are no longer followed'));
  }

  async function follow(): Promise<void> {
    for await (const { agentId, change, state } of parts.changes({ signal: stopping.signal })) {
      const { status } = state.keyState;
      for (const key of rules.keysOf(agentId)) {
        if (status === 'tombstoned') await forget(key);
        else if (status === 'forked') schedule.remove(key);
        else if (change === 'rotated' || change === 'recovered') renew(key);
      }
    }
  }

  return {
    ...{ entryByKey, keep, plan, renew, forget, run: exclusive.run },
    restore(key, entry) {
      keep(key, entry);
      schedule.set(key, clock.nowMs());
    },
    async stop() {
      stopping.abort();
      schedule.stop();
      await exclusive.idle();
    },
  };
}
