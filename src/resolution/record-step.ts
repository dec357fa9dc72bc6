/**
 * The record of an agent, from what is kept or from the indexes in their order. Kept as long as its ttl, and never against
 * what the node has heard since.
 */
import { bytesEqual } from '../core/bytes.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { addrExpiresAt } from '../core/record/agent-addr.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { ttlSeconds } from '../core/record/durations.ts';
import { type Materialised, materialise } from '../core/record/merge.ts';
import { isLive, type RecordLayer } from './layers.ts';
import { ResolutionError } from './resolution-error.ts';
import type { IndexSource } from './resolution-types.ts';
import type { AgentSession } from './session.ts';
import { codeOf, failedStep } from './trace.ts';

export interface FoundRecord {
  readonly layer: RecordLayer;
  readonly fields: Materialised['fields'];
}

/**
 * @param registry a registry that the name led to, asked before all others
 * @throws ResolutionError `not-found`, `not-usable`, `index-unreachable`
 */
export async function findRecord(session: AgentSession, registry?: IndexSource): Promise<FoundRecord> {
  const asked = formatAgentId(session.agentId);
  const held = await heldRecord(session);
  if (held !== null) {
    session.tracer.begin(
      'record',
      asked,
    )({
      outcome: 'cached',
      from: held.from,
      said: saidOf(held.state),
      verifiedBy: proof,
      holdsUntilMs: held.endMs,
    });
    return { layer: held, fields: materialise(held.state).fields };
  }
  const sources = registry === undefined ? session.ports.sources : [registry, ...session.ports.sources];
  let over: unknown = null;
  let silent: unknown = null;
  for (const source of sources) {
    const end = session.tracer.begin('record', asked);
    try {
      const found = await askSource(session, source);
      if (found === null) {
        end({ outcome: 'missing', from: source.name, said: 'not known there' });
        continue;
      }
      const from = fromOf(source, found);
      const layer = keptLayer(session, found, { from, isOverlay: source.kind === 'overlay' });
      end({
        outcome: found.cached ? 'cached' : 'ok',
        from,
        said: saidOf(layer.state),
        verifiedBy: proof,
        holdsUntilMs: layer.endMs,
      });
      return { layer, fields: materialise(layer.state).fields };
    } catch (error) {
      session.signal.throwIfAborted();
      end(failedStep(error, source.name));
      // An index that proves an end has answered; one whose record is over may only be behind the next.
      if (provesEnd(error)) throw error;
      if (codeOf(error) === 'not-usable') over ??= error;
      else silent = error;
    }
  }
  if (over !== null) throw over;
  if (silent === null) throw new ResolutionError('not-found', 'no index that was asked knows this agent');
  throw new ResolutionError('index-unreachable', `an index did not answer: ${(silent as Error).message}`, {
    reason: codeOf(silent),
  });
}

const proof = 'its key log and the signature of its fence';

/**
 * What is kept, while it may be used. Of the overlay the node knows at once what has been revoked or replaced: another state
 * than the kept one is a new record.
 */
async function heldRecord(session: AgentSession): Promise<RecordLayer | null> {
  const { cache, key, agentId, wish, isPrivate } = session;
  const held = cache.peek(key)?.record ?? null;
  if (held === null || !isLive(held, session.nowMs(), wish.maxStalenessMs)) return null;
  if (!held.isOverlay || isPrivate) return held;
  const { state, status } = await session.resolve(agentId, session.options());
  const known = cache.peek(key)?.record ?? null;
  return known === held && status === 'ok' && state !== null && isSameState(state, held.state) ? held : null;
}

async function askSource(session: AgentSession, source: IndexSource): Promise<Resolution | null> {
  const { cache, key, agentId, isPrivate } = session;
  const held = cache.peek(key)?.record?.state ?? null;
  // What a node has within the ttl was confirmed nobody knows when: its ttl would begin a second time here.
  const found = await source.find(agentId, { ...session.options(), isPrivate, fresh: true, held });
  const { status, state, responders } = found;
  if (status === 'ok' && state !== null && state.addr !== null) return found;
  if (status === 'not-found') {
    if (source.kind === 'overlay' && responders.length === 0)
      throw new ResolutionError('index-unreachable', 'no peer of the overlay answered');
    return null;
  }
  throw new ResolutionError('not-usable', `the agent is ${status}`, { status });
}

function keptLayer(
  session: AgentSession,
  { state }: Resolution,
  origin: Pick<RecordLayer, 'from' | 'isOverlay'>,
): RecordLayer {
  const { cache, key, nowMs } = session;
  const fetchedMs = nowMs();
  const { addr } = state!;
  const { code } = materialise(state!).fields.ttl;
  const endMs = Math.min(fetchedMs + ttlSeconds(code) * 1000, addrExpiresAt(addr!) * 1000);
  const layer = { state: state!, fetchedMs, endMs, ...origin };
  const layers = cache.of(key);
  // What stands on another state is judged again by whoever uses it; routes are gone at once.
  if (layers.record !== null && !isSameState(layers.record.state, layer.state)) cache.evictRecord(key);
  layers.record = layer;
  return layer;
}

function provesEnd(error: unknown): boolean {
  if (!(error instanceof ResolutionError)) return false;
  const { status } = error.data;
  return status === 'tombstoned' || status === 'forked';
}

/** The same object, or the same bytes decoded anew. */
export function isSameState(left: AgentState, right: AgentState): boolean {
  if (left === right) return true;
  return (
    bytesEqual(left.keyState.establishment, right.keyState.establishment) &&
    left.keyState.status === right.keyState.status &&
    left.addr !== null &&
    right.addr !== null &&
    bytesEqual(left.addr.bytes, right.addr.bytes) &&
    sameKeys(left.operations, right.operations) &&
    sameKeys(left.delegations, right.delegations) &&
    sameKeys(left.revocations, right.revocations)
  );
}

function sameKeys(
  left: readonly { readonly key: string }[],
  right: readonly { readonly key: string }[],
): boolean {
  return left.length === right.length && left.every(({ key }, index) => key === right[index]!.key);
}

function fromOf(source: IndexSource, { responders, holders }: Resolution): string {
  if (source.kind !== 'overlay') return source.name;
  const peers = responders.length === 1 ? '1 peer' : `${responders.length} peers`;
  return `${source.name}, ${peers}, ${holders} held it`;
}

function saidOf(state: AgentState): string {
  const { primary, private: hidden, adaptive } = materialise(state).fields;
  const names = [
    ...(primary.kind === 'none' ? [] : ['primary facts']),
    ...(hidden.kind === 'none' ? [] : ['private facts']),
    ...(adaptive.kind === 'none' ? [] : ['an adaptive resolver']),
  ];
  const pointers = names.length === 0 ? 'nothing' : names.join(', ');
  return `an AgentAddr of ${state.addr?.bytes.length ?? 0} bytes: ${pointers}`;
}
