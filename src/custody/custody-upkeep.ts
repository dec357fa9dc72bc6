/**
 * Keeping agents in custody alive: fences in time, operations folded when they are many, what a crash left finished,
 * and this node's own updates issued again when a fence that had not seen them dropped them.
 * Source: docs/protocol.md §3 (fence, `superseded`), §4 (re-fence).
 */
import { refenceAgent } from '../core/author/refence.ts';
import { operationsOfBusiestSlot } from '../core/author/update.ts';
import { bytesEqual } from '../core/bytes.ts';
import { type AgentId, agentIdFromKey, agentKey, formatAgentId } from '../core/identity/agent-id.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { Operation } from '../core/record/operation.ts';
import { decodeState } from '../core/record/stored-state.ts';
import { NodeError } from '../driver/node-error.ts';
import type { AgentService } from './agent-types.ts';
import { createCustodySchedule, refenceDueAtMs } from './custody-schedule.ts';
import type { CustodySigners } from './custody-signers.ts';
import type { CustodyParts } from './custody-types.ts';
import type { CustodyWrites, WriteBase } from './custody-writes.ts';
import type { Exclusive } from './exclusive.ts';
import { createRecentUpdates } from './recent-updates.ts';

export interface CustodyUpkeep {
  /** Reads what is there and begins; network work goes on in the background. */
  start(update: AgentService['update']): Promise<void>;
  /** Keys of this agent are here from now on. */
  adopt(agentId: AgentId): void;
  /** Looks soon whether the record needs a fence. */
  lookSoon(agentId: AgentId): void;
  /** The agent has ended, or its keys are held here no longer. */
  forget(agentId: AgentId): void;
  /** Operations that this node has just signed and published; none when it signed a fence in their place. */
  noteUpdate(agentId: AgentId, operations: readonly Operation[]): void;
  /** Agents in custody here, and when the next fence is due, milliseconds since 1970. */
  state(): { readonly agents: number; readonly nextRefenceAtMs: number | null };
  stop(): void;
}

/** A slot with more operations than this is folded into a fence soon, before its eight places are full. */
const operationsUnfoldedMax = 4;
/** Writers at work are let finish before their operations are folded. */
const foldDelayMs = 1_000;
const retryDelayMs = 60_000;

export function createCustodyUpkeep<Secret>(
  parts: CustodyParts<Secret> & {
    readonly exclusive: Exclusive;
    readonly signers: CustodySigners;
    readonly writes: CustodyWrites;
  },
): CustodyUpkeep {
  const { keys, journal, clock, exclusive, signers, writes, refenceSeconds } = parts;
  const { log } = parts;
  const stopping = new AbortController();
  const schedule = createCustodySchedule(clock, look);
  // Bounded by the agents in custody.
  const adopted = new Set<string>();
  const recent = createRecentUpdates(clock);

  async function look(key: string): Promise<void> {
    const agentId = agentIdFromKey(key);
    try {
      await exclusive.run(key, () => keepAlive(agentId));
    } catch (error) {
      if (stopping.signal.aborted) return;
      const isUnknown = error instanceof NodeError && error.code === 'not-custodial';
      const what = isUnknown
        ? 'keys are held of an agent that nobody knows'
        : 'a record could not be fenced; it is tried again';
      log.warn({ error, agent: formatAgentId(agentId) }, what);
      if (isUnknown) return;
      parts.refenced?.('failed');
      schedule.set(key, clock.nowMs() + retryDelayMs);
    }
  }

  async function keepAlive(agentId: AgentId): Promise<void> {
    await writes.settle(agentId);
    const base = await writes.base(agentId);
    if (base.state.keyState.status !== 'active') return;
    const writer = await findController(base);
    if (writer === null) return;
    if (dueAtMs(base.state) > clock.nowMs()) {
      plan(base.state);
      return;
    }
    const { state } = await writes.write(agentId, async (from) => {
      const fenced = refenceAgent({ ...from, writer: await signers.controllerOf(from.state) });
      const { addr } = fenced;
      // Whoever fenced meanwhile did the same work.
      const isFenced = (joined: AgentState): boolean =>
        joined.addr !== null && joined.addr.issuedAt >= addr!.issuedAt;
      return { state: fenced, stands: isFenced };
    });
    parts.refenced?.('done');
    log.debug({ agent: formatAgentId(agentId) }, 'a record in custody has a new fence');
    plan(state);
  }

  /** Null when this node holds a delegate's key only, or a signing key that was replaced elsewhere. */
  async function findController({ state }: WriteBase) {
    const signer = await signers.findSigner(state.agentId, 'signing');
    const { signingKey } = state.keyState;
    return signer !== null && signingKey !== null && bytesEqual(signer.publicKey, signingKey) ? signer : null;
  }

  function dueAtMs(state: AgentState): number {
    if (state.addr === null) return clock.nowMs();
    const foldAtMs =
      clock.nowMs() + (operationsOfBusiestSlot(state) > operationsUnfoldedMax ? 0 : Number.POSITIVE_INFINITY);
    return Math.min(foldAtMs, refenceDueAtMs(state.addr, refenceSeconds));
  }

  function plan(state: AgentState): void {
    const key = agentKey(state.agentId);
    if (!adopted.has(key)) return;
    if (state.keyState.status !== 'active') schedule.remove(key);
    else schedule.set(key, Math.max(dueAtMs(state), clock.nowMs() + foldDelayMs));
  }

  async function follow(update: AgentService['update']): Promise<void> {
    for await (const { agentId, state } of parts.changes({ signal: stopping.signal })) {
      if (!adopted.has(agentKey(agentId))) continue;
      plan(state);
      for (const draft of recent.superseded(state)) {
        log.debug(
          { agent: formatAgentId(agentId) },
          'a fence dropped an update of this node: it is issued again',
        );
        update(agentId, draft).catch((error: unknown) => {
          log.warn(
            { error, agent: formatAgentId(agentId) },
            'an update that a fence dropped could not be issued again',
          );
        });
      }
    }
  }

  async function start(update: AgentService['update']): Promise<void> {
    const held = await keys.list();
    for (const { agentId } of held) adopted.add(agentKey(agentId));
    if (held.length > 0) parts.watch(held.map(({ agentId }) => agentId));
    follow(update).catch((error: unknown) => log.error({ error }, 'changes are no longer followed'));
    for (const { agentId } of held) {
      const { pending, published } = await journal.read(agentId);
      if (pending === null && published !== null) plan(decodeState(published));
      else schedule.set(agentKey(agentId), clock.nowMs());
    }
  }

  return {
    start,
    adopt(agentId) {
      const key = agentKey(agentId);
      if (adopted.has(key)) return;
      adopted.add(key);
      parts.watch([agentId]);
    },
    lookSoon: (agentId) => schedule.set(agentKey(agentId), clock.nowMs()),
    forget(agentId) {
      const key = agentKey(agentId);
      schedule.remove(key);
      if (adopted.delete(key)) parts.unwatch([agentId]);
    },
    noteUpdate: (agentId, operations) => recent.note(agentId, operations),
    state: () => ({ agents: adopted.size, nextRefenceAtMs: schedule.nextMs() }),
    stop() {
      stopping.abort();
      schedule.stop();
    },
  };
}
