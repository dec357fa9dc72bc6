/**
 * Facts that this node serves, brought into the overlay and kept there: sent again each hour, the new ones after they were
 * signed anew, until they are served no more. The record of an agent in custody points there by itself.
 * Store only, under `kept-facts/<agent key>`: dCBOR [1, pointer 0 none 1 plain 2 blinded, salt16 or null, digest32 or null].
 * Bounds: the facts that the node serves.
 */
import { bytesEqual, hexToBytes, utf8ToBytes } from '../core/bytes.ts';
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import { contentUrl } from '../core/content/content.ts';
import { type AgentId, agentIdFromKey, agentKey, formatAgentId } from '../core/identity/agent-id.ts';
import { digest16Bytes, digestBytes } from '../core/limits.ts';
import { blindDigest } from '../core/record/pointer.ts';
import { readArray, readInteger, readOptionalBytes } from '../core/shape.ts';
import { createCustodySchedule } from '../custody/custody-schedule.ts';
import { createExclusive } from '../custody/exclusive.ts';
import type { AgentChange } from '../driver/call-types.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { HeldContent, PrivateCalls } from './path-types.ts';

/** How the record leads there: by a URL in its side-car, by a blinded pointer, or not at all. */
export const pointerKinds = ['none', 'plain', 'blinded'] as const;
export type PointerKind = (typeof pointerKinds)[number];

export interface OverlayFacts extends HeldContent {
  readonly agentId: AgentId;
  /** The end of the credential, seconds since 1970. */
  readonly validUntil: number;
  readonly pointer: PointerKind;
  /** Of a blinded pointer, 16 bytes: readers get it together with the URL. */
  readonly salt: Uint8Array | null;
  /** Whether the record points there now: the keys of the agent may be elsewhere. */
  readonly isPointed: boolean;
}

export interface FactsKeeper {
  /**
   * Brings the facts that this node serves of an agent into the overlay, and keeps them there.
   * @throws what reading them throws; ProtocolError
   */
  publish(agentId: AgentId, pointer: PointerKind): Promise<OverlayFacts>;
  /** Keeps them there no longer; they go within a day. False when there was nothing. */
  release(agentId: AgentId): Promise<boolean>;
  start(): Promise<void>;
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

export interface KeeperParts {
  readonly store: Pick<Store, 'entries' | 'write'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly hold: PrivateCalls['hold'];
  /** What this node serves of the agent now, signed anew where it is time; `isGone` tells that it serves nothing. */
  readonly readFacts: (
    agentId: AgentId,
  ) => Promise<{ readonly text: string; readonly digest: string; readonly validUntil: number }>;
  readonly isGone: (error: unknown) => boolean;
  /** Of all agents: what was signed under old keys is void at once, and the new is brought soon. */
  readonly changes: (options: { readonly signal: AbortSignal }) => AsyncIterable<AgentChange>;
  /** Lets the record of the agent point there; false when its keys are not here. */
  readonly point: (agentId: AgentId, privateFactsUrl: string | Uint8Array) => Promise<boolean>;
}

interface Note {
  readonly agentId: AgentId;
  readonly pointer: PointerKind;
  readonly salt: Uint8Array | null;
  /** What was brought last. */
  readonly digest: Uint8Array | null;
}

const prefix = 'kept-facts/';
const noteBytesMax = 128;
/** Below an hour: peers that are new among the closest get it soon. */
const againMs = 50 * 60_000;
const retryMs = 60_000;
const firstMs = 2_000;
/** After a change of keys: its publication comes first. */
const afterKeysMs = 1_000;

export function createFactsKeeper(parts: KeeperParts): FactsKeeper {
  const { store, clock, log } = parts;
  const exclusive = createExclusive();
  // Bounded by the facts that are kept.
  const noteByAgent = new Map<string, Note>();
  const schedule = createCustodySchedule(clock, renew);
  const stopping = new AbortController();
  let isFollowing = false;

  async function write(note: Note): Promise<void> {
    const { agentId, pointer, salt, digest } = note;
    const key = agentKey(agentId);
    noteByAgent.set(key, note);
    const value = encodeCanonical([1, pointerKinds.indexOf(pointer), salt, digest]);
    await store.write([{ key: prefix + key, value }]);
  }

  async function forget(key: string): Promise<boolean> {
    schedule.remove(key);
    if (!noteByAgent.delete(key)) return false;
    await store.write([{ key: prefix + key, value: null }]);
    return true;
  }

  async function bring(note: Note): Promise<OverlayFacts> {
    const { agentId, pointer, salt } = note;
    const { text, digest: name, validUntil } = await parts.readFacts(agentId);
    const digest = hexToBytes(name);
    const isKnown = note.digest !== null && bytesEqual(note.digest, digest);
    const held = await parts.hold(utf8ToBytes(text), { isKnown });
    if (!isKnown) await write({ ...note, digest });
    const url = contentUrl(digest);
    const target = pointer === 'none' ? null : salt === null ? url : blindDigest(salt, agentId, url);
    // Only once somebody holds it: the record leads readers there.
    const isPointed = target !== null && held.holders > 0 && (await parts.point(agentId, target));
    return { ...held, agentId, validUntil, pointer, salt, isPointed };
  }

  async function renew(key: string): Promise<void> {
    const note = noteByAgent.get(key);
    if (note === undefined || stopping.signal.aborted) return;
    try {
      const { holders } = await exclusive.run(key, () => bring(note));
      log.debug({ agent: formatAgentId(note.agentId), holders }, 'facts in the overlay are kept');
      if (noteByAgent.has(key)) schedule.set(key, clock.nowMs() + (holders > 0 ? againMs : retryMs));
    } catch (error) {
      if (stopping.signal.aborted || !noteByAgent.has(key)) return;
      if (parts.isGone(error)) {
        await forget(key);
        return;
      }
      log.warn({ error, agent: formatAgentId(note.agentId) }, 'facts could not be kept in the overlay');
      schedule.set(key, clock.nowMs() + retryMs);
    }
  }

  /** From the first that is kept on. */
  function follow(): void {
    if (isFollowing) return;
    isFollowing = true;
    followKeys().catch((error: unknown) => log.error({ error }, 'changes of keys are no longer followed'));
  }

  async function followKeys(): Promise<void> {
    for await (const { agentId, change } of parts.changes({ signal: stopping.signal })) {
      const key = agentKey(agentId);
      const isNew = change === 'rotated' || change === 'recovered' || change === 'tombstoned';
      if (isNew && noteByAgent.has(key)) schedule.set(key, clock.nowMs() + afterKeysMs);
    }
  }

  return {
    publish: (agentId, pointer) =>
      exclusive.run(agentKey(agentId), async () => {
        const key = agentKey(agentId);
        const before = noteByAgent.get(key);
        const fresh = (): Uint8Array => parts.entropy.randomBytes(digest16Bytes);
        const salt = pointer === 'blinded' ? (before?.salt ?? fresh()) : null;
        const note = { agentId, pointer, salt, digest: before?.digest ?? null };
        const brought = await bring(note);
        await write({ ...note, digest: brought.digest });
        follow();
        schedule.set(key, clock.nowMs() + (brought.holders > 0 ? againMs : retryMs));
        return brought;
      }),
    release: (agentId) => exclusive.run(agentKey(agentId), () => forget(agentKey(agentId))),
    async start() {
      for await (const [place, bytes] of store.entries(prefix)) {
        const key = place.slice(prefix.length);
        noteByAgent.set(key, decodeNote(agentIdFromKey(key), bytes));
        schedule.set(key, clock.nowMs() + firstMs);
      }
      if (noteByAgent.size > 0) follow();
    },
    async stop() {
      stopping.abort();
      schedule.stop();
      await exclusive.idle();
    },
  };
}

/** @throws ProtocolError; the store's checksum makes that a defect rather than damage. */
function decodeNote(agentId: AgentId, bytes: Uint8Array): Note {
  const [version, pointer, salt, digest] = readArray(decodeCanonical(bytes, noteBytesMax), 'note', 4);
  readInteger(version, 'version', 1, 1);
  return {
    agentId,
    pointer: pointerKinds[readInteger(pointer, 'pointer', 0, pointerKinds.length - 1)]!,
    salt: readOptionalBytes(salt, 'salt', digest16Bytes),
    digest: readOptionalBytes(digest, 'digest', digestBytes),
  };
}
