/**
 * Resolves an agent in private: the closest peers, each asked sealed through another relay, every answer verified and
 * joined as always. What it learns stays in memory, apart from what this node knows in the open: the open table is shown to
 * neighbours by anti-entropy. Source: docs/protocol.md §4, §7.
 * Bounds: agents remembered; one call ends with its time.
 */
import { bytesEqual, bytesToHex } from '../core/bytes.ts';
import { isProtocolError, ProtocolError, type ProtocolErrorCode } from '../core/errors.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import { kadIdOfAgent } from '../core/overlay/distance.ts';
import { createLookup } from '../core/overlay/lookup.ts';
import { decodeFindAnswers, encodeRequest, type FindAnswer } from '../core/overlay/message.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { decodeEntry, type HighWaterMark } from '../core/peer/entry.ts';
import type { PeerContact } from '../core/peer/events.ts';
import { privateFindItem } from '../core/private/sealed-text.ts';
import { createRecentMap } from '../core/recent-map.ts';
import { admitBundle } from '../core/record/admission.ts';
import { type AgentState, bundleDigest, expireState, joinStates } from '../core/record/agent-state.ts';
import { decodeBundle } from '../core/record/bundle-codec.ts';
import { ttlSeconds } from '../core/record/durations.ts';
import { decodeState } from '../core/record/stored-state.ts';
import { resolveStatus } from '../core/resolve/verdict.ts';
import type { KnownPeers, PathParts, PrivateResolveOptions } from './path-types.ts';
import type { PrivateAsker } from './private-asker.ts';
import { walk } from './walk.ts';

const timeoutDefaultMs = 10_000;
const rememberedMax = 1_024;
const storePrefix = 'agent/';

/** What is known of an agent: verified, joined. */
interface Known {
  readonly state: AgentState | null;
  readonly mark: HighWaterMark | null;
  /** When a quorum last agreed in private; 0 when never. */
  readonly confirmedAtMs: number;
  /** This node is one of its storing peers. */
  readonly isHeld: boolean;
}

interface Search {
  readonly agentId: AgentId;
  state: AgentState | null;
  /** Digests of bundles that were joined already. */
  readonly joined: Set<string>;
  /** By peer, whether it showed the record. */
  readonly shownByPeer: Map<string, boolean>;
}

export function createPrivateResolver(
  parts: PathParts,
  peers: KnownPeers,
  asker: PrivateAsker,
): (agentId: AgentId, options?: PrivateResolveOptions) => Promise<Resolution> {
  const { clock, settings, overlay, verifier, counted } = parts;
  const remembered = createRecentMap<Known>(rememberedMax);
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);

  /** What the store has in the open and what was learned in private, joined: a revocation by gossip counts here too. */
  async function recall(agentId: AgentId): Promise<Known> {
    const key = agentKey(agentId);
    const earlier = remembered.get(key) ?? null;
    const stored = await parts.store.get(storePrefix + key);
    if (stored === undefined) return earlier ?? { state: null, mark: null, confirmedAtMs: 0, isHeld: false };
    const { bundle, mark, isHeld } = decodeEntry(stored);
    const open = decodeState(bundle);
    const state = earlier?.state ? joinStates(open, earlier.state, nowSeconds()).state : open;
    return {
      state: expireState(state, nowSeconds()),
      mark: laterMark(mark, earlier?.mark ?? null, state),
      confirmedAtMs: earlier?.confirmedAtMs ?? 0,
      isHeld,
    };
  }

  async function ask(
    search: Search,
    contact: PeerContact,
    given: { readonly deadlineMs: number; readonly used: Set<string>; readonly signal?: AbortSignal },
  ): Promise<readonly PeerContact[] | null> {
    const body = encodeRequest({ type: 'find', ...privateFindItem(search.agentId) });
    const answer = await asker.ask(contact, body, given);
    if (answer === null) return null;
    let found: FindAnswer | undefined;
    try {
      [found] = decodeFindAnswers(answer, 1);
    } catch (error) {
      counted('private_requests', `answer-${codeOf(error)}`, 1);
    }
    if (found === undefined || found.record === 'ask-again') return null;
    await take(search, contact, found.record);
    return found.closer;
  }

  /** Who showed nothing that holds has not answered, but whom it named may. */
  async function take(search: Search, { peer }: PeerContact, record: FindAnswer['record']): Promise<void> {
    try {
      search.shownByPeer.set(peer, record instanceof Uint8Array && (await join(search, record)));
    } catch (error) {
      const code = codeOf(error);
      if (code === 'expired') search.shownByPeer.set(peer, false);
      else counted('private_requests', `answer-${code}`, 1);
    }
  }

  /** True for a bundle that holds. @throws ProtocolError */
  async function join(search: Search, bytes: Uint8Array): Promise<boolean> {
    const name = bytesToHex(bundleDigest(bytes));
    if (search.joined.has(name)) return true;
    const bundle = decodeBundle(bytes);
    // Judged beside what others showed meanwhile: the checks are for all that is new then.
    const { state, checks } = admitBundle(bundle, search.agentId, nowSeconds(), null);
    const verdicts = checks.length === 0 ? [] : await verifier.verifyAll(checks);
    if (verdicts.length !== checks.length || verdicts.includes(false))
      throw new ProtocolError('bad-signature', 'a signature of the bundle does not hold');
    search.state = joinStates(search.state, state, nowSeconds()).state;
    search.joined.add(name);
    return true;
  }

  function describe(
    agentId: AgentId,
    { state, mark }: Pick<Known, 'state' | 'mark'>,
    search: Search | null,
  ): Resolution {
    const shown = [...(search?.shownByPeer ?? [])];
    return {
      status: resolveStatus(state, mark, nowSeconds()),
      agentId,
      state,
      ageSeconds: state?.addr == null ? null : Math.max(0, nowSeconds() - state.addr.issuedAt),
      responders: shown.map(([peer]) => peer),
      holders: shown.filter(([, isShown]) => isShown).length,
      cached: search === null,
    };
  }

  function isFresh({ state, mark, confirmedAtMs }: Known): boolean {
    if (state?.addr == null || confirmedAtMs === 0) return false;
    if (resolveStatus(state, mark, nowSeconds()) !== 'ok') return false;
    return clock.nowMs() - confirmedAtMs < ttlSeconds(state.addr.ttlCode) * 1000;
  }

  async function lookUp(search: Search, { timeoutMs = timeoutDefaultMs, signal }: PrivateResolveOptions) {
    const target = kadIdOfAgent(search.agentId);
    const { replication, parallelism, respondersMin } = settings;
    const deadlineMs = clock.nowMs() + timeoutMs;
    const holders = (): number => [...search.shownByPeer.values()].filter(Boolean).length;
    const given = { deadlineMs, used: new Set<string>(), ...(signal && { signal }) };
    await walk({
      lookup: createLookup({
        target,
        self: overlay.self.peer,
        seeds: peers.routing.closest(target, replication, clock.nowMs()),
        width: replication,
      }),
      clock,
      deadlineMs,
      // Most of those nearest hold it: as many as are missing, and the hedge is there for the silent.
      parallelism: () => Math.max(1, Math.min(parallelism, respondersMin - holders())),
      hedgeMs: asker.hedgeMs(),
      ...(signal && { signal }),
      ask: (contact) => ask(search, contact, given),
      isEnough: () => holders() >= respondersMin,
    });
  }

  return async (agentId, options = {}) => {
    const key = agentKey(agentId);
    const known = await recall(agentId);
    if (options.fresh !== true && isFresh(known)) return describe(agentId, known, null);
    const search: Search = { agentId, state: known.state, joined: new Set(), shownByPeer: new Map() };
    if (known.isHeld) search.shownByPeer.set(overlay.self.peer, true);
    await lookUp(search, options);
    options.signal?.throwIfAborted();
    if (search.shownByPeer.size === 0)
      throw new ProtocolError(
        'no-usable-answers',
        asker.hasRelays
          ? 'no relay brought an answer'
          : 'there is no relay: two full nodes are needed for one',
      );
    const { state } = search;
    const mark = markAfter(known.mark, state);
    const found = describe(agentId, { state, mark }, search);
    const isAgreed = found.holders >= Math.min(settings.respondersMin, found.responders.length);
    const confirmedAtMs = isAgreed ? clock.nowMs() : known.confirmedAtMs;
    remembered.set(key, { state, mark, confirmedAtMs, isHeld: false });
    return found;
  };
}

/** Of two marks the one on the establishment that stands, the later one of both. */
function laterMark(
  left: HighWaterMark | null,
  right: HighWaterMark | null,
  { keyState }: AgentState,
): HighWaterMark | null {
  const standing = [left, right].filter(
    (mark) => mark !== null && bytesEqual(mark.establishment, keyState.establishment),
  );
  const [first = left ?? right, second = first] = standing;
  if (first === null || second === null) return first ?? second;
  return second.issuedAt > first.issuedAt ? second : first;
}

/** It only moves forward: to another establishment, or to a later iat on the same. */
function markAfter(before: HighWaterMark | null, state: AgentState | null): HighWaterMark | null {
  if (state?.addr == null) return before;
  const { establishment } = state.keyState;
  const { issuedAt } = state.addr;
  const isSame = before !== null && bytesEqual(before.establishment, establishment);
  return isSame && before.issuedAt > issuedAt ? before : { establishment, issuedAt };
}

/** @throws what is no refusal of the protocol */
function codeOf(error: unknown): ProtocolErrorCode {
  if (isProtocolError(error)) return error.code;
  throw error;
}
