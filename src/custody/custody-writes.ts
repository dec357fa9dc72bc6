/**
 * Writing for an agent in custody: the newest state first, then compose, publish, and again on what others wrote
 * meanwhile; and the publications that must never be signed twice (keys), which the journal repeats after a crash.
 * Source: docs/protocol.md §3 (`stale`, `displaced`, `superseded`), §4.
 */

import { type RecordValues, recordValuesOf } from '../core/author/record-values.ts';
import { generationStart } from '../core/author/rekey.ts';
import { isProtocolError, type ProtocolErrorCode } from '../core/errors.ts';
import { type AgentId, formatAgentId } from '../core/identity/agent-id.ts';
import { isOnChain } from '../core/identity/key-state.ts';
import type { PublishResult } from '../core/peer/effects.ts';
import {
  type AgentState,
  authorityState,
  encodeState,
  expireState,
  joinStates,
} from '../core/record/agent-state.ts';
import { decodeState } from '../core/record/stored-state.ts';
import type { PublishOptions } from '../driver/call-types.ts';
import { NodeError } from '../driver/node-error.ts';
import type { CustodyParts } from './custody-types.ts';

/** What a write is based on. */
export interface WriteBase {
  readonly state: AgentState;
  /** What the record said when this node published it last; null when it never did. */
  readonly lastValues: RecordValues | null;
  readonly nowSeconds: number;
}

export interface WriteResult {
  readonly publish: PublishResult;
  readonly state: AgentState;
}

/** A composed write, and how to see that it counts. */
export interface ComposedWrite {
  readonly state: AgentState;
  /** True when the joined state has what this write said. */
  stands(state: AgentState): boolean;
}

export interface CustodyWrites {
  /** The network's state joined with what this node published. @throws NodeError `not-custodial` when nothing is known. */
  base(agentId: AgentId, options?: PublishOptions): Promise<WriteBase>;
  /** Composes and publishes until the write counts. @throws NodeError `publish-failed`, `agent-not-active`. */
  write(
    agentId: AgentId,
    compose: (base: WriteBase) => Promise<ComposedWrite>,
    options?: PublishOptions,
  ): Promise<WriteResult>;
  /** Publishes a bundle whose signatures exist once: durable before, repeated by `settle` after a crash. */
  publishOnce(state: AgentState, options?: PublishOptions): Promise<WriteResult>;
  /** Finishes what a crash left: publishes what is pending, then promotes staged keys or drops them. */
  settle(agentId: AgentId, options?: PublishOptions): Promise<void>;
}

/** Concurrent writers overtake one another a few times, not for ever. */
const attemptsMax = 6;

type Parts<Secret> = Pick<CustodyParts<Secret>, 'keys' | 'journal' | 'resolve' | 'publish' | 'clock'>;

export function createCustodyWrites<Secret>(parts: Parts<Secret>): CustodyWrites {
  const { keys, journal, clock } = parts;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);

  async function base(agentId: AgentId, options: PublishOptions = {}): Promise<WriteBase> {
    const { published } = await journal.read(agentId);
    const known = published === null ? null : decodeState(published);
    const resolution = await parts.resolve(agentId, { fresh: true, ...timing(options) });
    const now = nowSeconds();
    const found = resolution.state ?? known;
    if (found === null) {
      throw new NodeError(
        'not-custodial',
        `nothing is known of ${formatAgentId(agentId)}, here or in the network`,
      );
    }
    const state = expireState(joinStates(known, found, now).state, now);
    return { state, lastValues: known === null ? null : recordValuesOf(known), nowSeconds: now };
  }

  async function write(
    agentId: AgentId,
    compose: (base: WriteBase) => Promise<ComposedWrite>,
    options: PublishOptions = {},
  ): Promise<WriteResult> {
    let from = await base(agentId, options);
    let composed = await compose(from);
    let sent = composed.state;
    for (let attempt = 1; ; attempt++) {
      const publish = await send(sent, options);
      const state = publish.state === null ? sent : joinStates(sent, publish.state, nowSeconds()).state;
      const isStanding = composed.stands(state);
      if (isStanding && publish.status !== 'stale' && publish.status !== 'refused') {
        await note(agentId, state);
        return { publish, state };
      }
      if (publish.status === 'refused' && !isOvertaken(publish)) throw refusedError(publish);
      if (attempt === attemptsMax) {
        throw new NodeError('publish-failed', `others wrote ${attemptsMax} times meanwhile: try again`);
      }
      // Without a state nothing was joined: what overtook this write has to be fetched.
      from =
        publish.state === null ? await base(agentId, options) : { ...from, state, nowSeconds: nowSeconds() };
      if (!composed.stands(from.state)) composed = await compose(from);
      sent = composed.stands(from.state) ? from.state : composed.state;
    }
  }

  /** A refusal by this node itself is an answer like that of others. */
  async function send(state: AgentState, options: PublishOptions): Promise<PublishResult> {
    try {
      return await parts.publish(encodeState(state), options);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return { status: 'refused', acknowledgements: 0, asked: 0, refusal: error.code, state: null };
    }
  }

  async function publishOnce(state: AgentState, options: PublishOptions = {}): Promise<WriteResult> {
    const { agentId } = state;
    const bundle = encodeState(state);
    await journal.write(agentId, { ...(await journal.read(agentId)), pending: bundle });
    return finish(agentId, state, options);
  }

  /** From a pending bundle to keys in use. Whatever leaves the bundle pending is an error that may pass. */
  async function finish(agentId: AgentId, state: AgentState, options: PublishOptions): Promise<WriteResult> {
    const publish = await send(state, options);
    // Without a state this node has not joined it; others may have it from before a crash.
    const joined = publish.state ?? (await parts.resolve(agentId, { fresh: true, ...timing(options) })).state;
    if (joined !== null && isOnChain(joined.keyState, state.keyState.head)) {
      await keys.promote(agentId);
      await note(agentId, joinStates(state, joined, nowSeconds()).state);
      return { publish, state: joined };
    }
    // The record died while this node was away; the key event does not.
    if (publish.refusal === 'expired' && state.addr !== null)
      return finish(agentId, authorityState(state), options);
    if (publish.state === null && (publish.refusal === null || passingRefusals.has(publish.refusal))) {
      throw new NodeError(
        'publish-failed',
        'it could not be stored here now; it is kept, and repeated by the next call',
      );
    }
    await keys.discardStaged(agentId);
    await journal.write(agentId, { ...(await journal.read(agentId)), pending: null });
    if (publish.state === null) throw refusedError(publish);
    throw new NodeError('agent-not-active', overruledMessage(publish.state));
  }

  async function settle(agentId: AgentId, options: PublishOptions = {}): Promise<void> {
    const { pending } = await journal.read(agentId);
    if (pending === null) {
      if (Object.keys(await keys.readStaged(agentId)).length > 0) await keys.discardStaged(agentId);
      return;
    }
    try {
      await finish(agentId, decodeState(pending), options);
    } catch (error) {
      // What was overruled or refused is over; everything else stays pending.
      if (!(error instanceof NodeError) || (await journal.read(agentId)).pending !== null) throw error;
    }
  }

  async function note(agentId: AgentId, state: AgentState): Promise<void> {
    const before = await journal.read(agentId);
    // A state without a record (frozen, ended, expired): the last one that there was is kept to speak again.
    const last = before.published ?? before.pending ?? encodeState(state);
    const published = state.addr === null ? last : encodeState(state);
    await journal.write(agentId, { ...before, pending: null, published });
  }

  return { base, write, publishOnce, settle };
}

/** Refusals that say nothing about the bundle. */
const passingRefusals: ReadonlySet<ProtocolErrorCode> = new Set([
  'store-full',
  'store-failed',
  'busy',
  'over-quota',
  'aborted',
  'from-the-future',
]);

/** Refusals that mean: somebody was there before. */
function isOvertaken({ refusal }: PublishResult): boolean {
  return refusal === 'stale-base' || refusal === 'displaced';
}

function refusedError({ refusal, asked }: PublishResult): NodeError {
  const code = refusal === 'forked' || refusal === 'tombstoned' ? 'agent-not-active' : 'publish-failed';
  return new NodeError(
    code,
    `refused by ${asked === 0 ? 'this node' : 'the storing peers'}: ${refusal ?? 'no reason given'}`,
  );
}

function overruledMessage({ keyState }: AgentState): string {
  if (keyState.status === 'forked')
    return 'another key event stands in the same place: the agent is forked, recover it';
  if (keyState.status === 'tombstoned') return 'the agent has ended meanwhile';
  const { body } = generationStart(keyState);
  return body.type === 'rec'
    ? 'the agent was recovered meanwhile by another holder of its keys'
    : 'another key event stands';
}

function timing({ timeoutMs, signal }: PublishOptions): { timeoutMs?: number; signal?: AbortSignal } {
  return { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal === undefined ? {} : { signal }) };
}
