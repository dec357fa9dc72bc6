/**
 * The facts of an agent, from what is kept or from where its record says. Kept as long as their ttl and their signed end, under
 * the states by which they were verified: under others they are verified again, without being fetched.
 */
import { type AgentId, agentKey, formatAgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { Materialised } from '../core/record/merge.ts';
import { ttlOf } from '../facts/agent-facts.ts';
import { parseJsonObject } from '../facts/bounded-json.ts';
import { FactsError } from '../facts/facts-error.ts';
import { privateUrlOf } from '../facts/fetch/private-facts.ts';
import { agentOfDid } from '../facts/issuer-keys.ts';
import { type VerifiedFacts, type VerifyContext, verifyFacts } from '../facts/verify-facts.ts';
import { endOf, type FactsLayer, isLive, type RecordLayer } from './layers.ts';
import { type FoundRecord, isSameState } from './record-step.ts';
import { ResolutionError } from './resolution-error.ts';
import type { AgentSession } from './session.ts';
import { failedStep } from './trace.ts';

/** Fetches that several resolutions wait for, by agent and path. */
export type Flights = Map<string, Promise<FetchedCredential>>;

/** A credential as it came, unverified. */
export interface FetchedCredential {
  readonly credential: unknown;
  /** Who gave it, for people. */
  readonly from: string;
  readonly sizeBytes: number;
}

/** Which pointer of the record is followed. */
export type FactsPath = 'primary' | 'private';

export interface FoundFacts {
  readonly layer: FactsLayer;
  /** With the end of the record. */
  readonly endMs: number;
}

/**
 * @param fresh fetch them although those that are kept are within their ttl
 * @throws FactsError, ResolutionError `no-private-path`
 */
export async function findFacts(
  session: AgentSession,
  record: FoundRecord,
  { path, fresh, flights }: { readonly path: FactsPath; readonly fresh: boolean; readonly flights: Flights },
): Promise<FoundFacts> {
  const asked = `${path === 'primary' ? 'PrimaryFactsURL' : 'PrivateFactsURL'} of ${formatAgentId(session.agentId)}`;
  const end = session.tracer.begin('facts', asked);
  let from = 'the record';
  try {
    const pointer = pointerOf(session, record.fields, path);
    const held = session.cache.peek(session.key)?.facts.get(path);
    if (!fresh && held !== undefined && isUsable(session, held, pointer)) {
      from = held.from;
      const layer = await verifiedAgain(session, record.layer, held);
      const endMs = endOf(record.layer, layer);
      end({ outcome: 'cached', from, ...proofOf(layer.facts), holdsUntilMs: endMs });
      return { layer, endMs };
    }
    const place = await session.orEnd(sharedFetch(session, pointer, flights));
    ({ from } = place);
    const layer = await verifiedLayer(session, record.layer, place, { path, pointer });
    const endMs = endOf(record.layer, layer);
    end({ outcome: 'ok', from, ...proofOf(layer.facts), holdsUntilMs: endMs });
    return { layer, endMs };
  } catch (error) {
    end(failedStep(error, from));
    throw error;
  }
}

/** Where the pointer leads, as text: what the kept facts must have come from. @throws FactsError `no-facts-url` */
function pointerOf({ agentId, wish }: AgentSession, fields: Materialised['fields'], path: FactsPath): string {
  const { value } = fields[path];
  if (path === 'primary') {
    if (typeof value === 'string') return value;
    throw new FactsError('no-facts-url', 'the record of the agent names no facts');
  }
  const place = privateUrlOf(agentId, value, wish.blinded ?? undefined);
  assertElsewhere(fields, place);
  return place;
}

function isUsable({ nowMs, wish }: AgentSession, held: FactsLayer, pointer: string): boolean {
  return (
    held.pointer === pointer &&
    held.issuers === issuersKey(wish.issuers) &&
    isLive(held, nowMs(), wish.maxStalenessMs)
  );
}

/** One fetch for all who wait for the same; it goes on when one of them gives up. */
function sharedFetch(session: AgentSession, pointer: string, flights: Flights): Promise<FetchedCredential> {
  const key = `${session.key} ${session.isPrivate} ${pointer}`;
  const under = flights.get(key);
  if (under !== undefined) return under;
  const flight = fetchFrom(session, pointer).finally(() => flights.delete(key));
  flights.set(key, flight);
  // Whoever waits hears of it; one that gave up before it failed leaves nobody who does.
  flight.catch(() => undefined);
  return flight;
}

async function fetchFrom(session: AgentSession, pointer: string): Promise<FetchedCredential> {
  const { ports, wish, isPrivate } = session;
  const { timeoutMs } = wish;
  const { bytes, servedFrom } = await ports.fetchFacts(pointer, { timeoutMs, isPrivate });
  const place = new URL(servedFrom);
  const from = /^https?:$/.test(place.protocol)
    ? place.host
    : `content of the overlay${isPrivate ? ', by a relay' : ''}`;
  return { credential: parseJsonObject(bytes), from, sizeBytes: bytes.length };
}

/** A private pointer to the host of the public one would tell that host who asks. */
function assertElsewhere({ primary }: Materialised['fields'], pointer: string): void {
  const host = URL.canParse(pointer) ? new URL(pointer).host : '';
  const own = typeof primary.value === 'string' ? new URL(primary.value).host : '';
  if (host !== '' && host === own)
    throw new ResolutionError('no-private-path', 'the private facts stand with the host of the public ones');
}

async function verifiedLayer(
  session: AgentSession,
  record: RecordLayer,
  place: FetchedCredential,
  { path, pointer }: { readonly path: FactsPath; readonly pointer: string },
): Promise<FactsLayer> {
  const { cache, key, nowMs, wish } = session;
  const seen = new Map<string, AgentState | null>();
  const facts = await verifyFacts(place.credential, contextOf(session, record, seen));
  const fetchedMs = nowMs();
  const layer: FactsLayer = {
    facts,
    pointer,
    from: place.from,
    sizeBytes: place.sizeBytes,
    fetchedMs,
    endMs: Math.min(fetchedMs + ttlOf(facts.facts) * 1000, facts.validUntil * 1000),
    issuers: issuersKey(wish.issuers),
    ...statesOf(session, facts, seen),
  };
  if (cache.peek(key)?.record === record) cache.putFacts(key, path, layer);
  return layer;
}

/** What is kept, judged by what is known now. */
async function verifiedAgain(
  session: AgentSession,
  record: RecordLayer,
  held: FactsLayer,
): Promise<FactsLayer> {
  const seen = new Map<string, AgentState | null>();
  const context = contextOf(session, record, seen);
  const issuerId = issuerOf(held.facts);
  await context.resolve(session.agentId);
  if (issuerId !== null) await context.resolve(issuerId);
  const now = statesOf(session, held.facts, seen);
  const isSame = isSameState(now.subject, held.subject) && isSameIssuer(now.issuer, held.issuer);
  // A status may have changed without either: it is looked up each time, and whoever looks keeps lists as they may be kept.
  const hasStatus = held.facts.credential['credentialStatus'] !== undefined;
  if (isSame && !hasStatus && context.nowSeconds < held.facts.validUntil) return held;
  const facts = await verifyFacts(held.facts.credential, context);
  return { ...held, facts, ...statesOf(session, facts, seen) };
}

function isSameIssuer(left: AgentState | null, right: AgentState | null): boolean {
  return left === null || right === null ? left === right : isSameState(left, right);
}

/** The issuer where it is another agent. */
function issuerOf({ issuer }: VerifiedFacts): AgentId | null {
  return issuer.kind === 'agent' ? agentOfDid(issuer.did, 'wrong-issuer') : null;
}

/** For eviction: whose end takes these facts along. */
export function issuerKeyOf({ facts }: FactsLayer): string | null {
  const issuer = issuerOf(facts);
  return issuer === null ? null : agentKey(issuer);
}

function statesOf(
  session: AgentSession,
  facts: VerifiedFacts,
  seen: ReadonlyMap<string, AgentState | null>,
): Pick<FactsLayer, 'subject' | 'issuer'> {
  const issuerId = issuerOf(facts);
  return {
    subject: seen.get(session.key)!,
    issuer: issuerId === null ? null : (seen.get(agentKey(issuerId)) ?? null),
  };
}

/** Verification against the record that was found; what its verdict stands on is noted in `seen`. */
function contextOf(
  session: AgentSession,
  record: RecordLayer,
  seen: Map<string, AgentState | null>,
): VerifyContext {
  const { ports, wish, agentId, nowMs } = session;
  return {
    resolve: async (one) => {
      const resolution = await resolveOf(session, record, one);
      seen.set(agentKey(one), resolution.state);
      return resolution;
    },
    check: (check) => ports.check(check),
    nowSeconds: Math.floor(nowMs() / 1000),
    subject: agentId,
    issuers: wish.issuers,
    ...(ports.checkStatus !== undefined && { checkStatus: ports.checkStatus }),
  };
}

/** The subject as its record showed it, or as the node knows it since; issuers from the indexes in their order. */
export async function resolveOf(
  session: AgentSession,
  record: RecordLayer,
  agentId: AgentId,
): Promise<Resolution> {
  const { ports, isPrivate } = session;
  if (agentKey(agentId) === session.key) {
    const isHeardOf = record.isOverlay && !isPrivate;
    return isHeardOf ? session.resolve(agentId, session.options()) : found(agentId, record.state);
  }
  for (const source of ports.sources) {
    if (source.kind === 'overlay') continue;
    const options = { ...session.options(), isPrivate, fresh: false, held: null };
    const shown = await source.find(agentId, options);
    if (shown.status !== 'not-found') return shown;
  }
  return session.resolve(agentId, session.options());
}

function found(agentId: AgentId, state: AgentState): Resolution {
  return { status: 'ok', agentId, state, ageSeconds: 0, responders: [], holders: 1, cached: true };
}

function proofOf(facts: VerifiedFacts): { readonly said: string; readonly verifiedBy: string } {
  const { label, version } = facts.facts;
  const who = { self: 'the agent', delegate: 'a delegate of the agent', agent: '', key: '' }[
    facts.issuer.kind
  ];
  return {
    said: `${label} ${version}, ${facts.facts.skills.length} ${facts.facts.skills.length === 1 ? 'skill' : 'skills'}`,
    verifiedBy: `eddsa-jcs-2022 by ${who === '' ? facts.issuer.did : who}`,
  };
}

function issuersKey(issuers: readonly string[]): string {
  return [...issuers].sort().join(' ');
}
