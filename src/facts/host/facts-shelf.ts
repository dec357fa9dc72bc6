/**
 * Where hosted credentials stand: in the store, durable and bounded, with their sizes, ends and words in memory. Opened
 * when somebody first asks: a node that hosts nothing pays nothing.
 */
import { bytesToHex, utf8ToBytes } from '../../core/bytes.ts';
import { digest } from '../../core/hash.ts';
import { type AgentId, agentKey } from '../../core/identity/agent-id.ts';
import type { Store } from '../../ports/store.ts';
import { FactsError } from '../facts-error.ts';
import { createFactsIndex, type FactsIndex } from '../facts-index.ts';
import { hostedBytesMax, hostedFactsMax } from '../facts-limits.ts';
import { indexedFacts } from '../facts-summary.ts';
import {
  agentOfPlace,
  decodeNote,
  encodeNote,
  type FactsNote,
  factsPrefix,
  placeOf,
  readBack,
} from './facts-note.ts';
import type { HostedFacts } from './hosted-facts.ts';

/** What stands there, with what is needed to judge it again. */
export interface ShelvedFacts extends HostedFacts {
  readonly verificationMethod: string;
  readonly created: number;
  readonly validitySeconds: number;
}

export interface FactsShelf {
  /** Undefined when there is none. */
  get(agentId: AgentId): Promise<ShelvedFacts | undefined>;
  /** Durable when it resolves. @throws FactsError `hosting-full`, StoreError */
  put(agentId: AgentId, note: FactsNote, nowSeconds: number): Promise<ShelvedFacts>;
  remove(agentId: AgentId): Promise<boolean>;
  /** In the order of agent ids. */
  all(): Promise<readonly ShelvedFacts[]>;
  readonly index: FactsIndex;
}

/** What is kept parsed between two lists: a thousand documents of usual size. */
const readBytesMax = 4 * 1024 * 1024;

interface Line {
  readonly sizeBytes: number;
  readonly validUntil: number;
}

/** Reads what is there. @throws StoreError */
export async function openFactsShelf(store: Pick<Store, 'get' | 'write' | 'entries'>): Promise<FactsShelf> {
  const index = await createFactsIndex(hostedFactsMax);
  const lines = new Map<string, Line>();
  /** All of them as they were read last, while nothing has changed and they are small. */
  let read: readonly ShelvedFacts[] | null = null;
  let changes = 0;
  const changed = (): void => {
    read = null;
    changes++;
  };
  const note = (key: string, shelved: ShelvedFacts, sizeBytes: number): void => {
    lines.set(key, { sizeBytes, validUntil: shelved.validUntil });
    index.put(indexedFacts(shelved.agentId, shelved.facts));
  };
  for await (const [place, bytes] of store.entries(factsPrefix)) {
    const agentId = agentOfPlace(place);
    if (agentId !== null) note(agentKey(agentId), shelvedOf(agentId, decodeNote(bytes)), bytes.length);
  }

  async function remove(agentId: AgentId): Promise<boolean> {
    const key = agentKey(agentId);
    if (!lines.has(key)) return false;
    await store.write([{ key: placeOf(key), value: null }]);
    changed();
    lines.delete(key);
    index.remove(agentId);
    return true;
  }

  /** What has ended makes room; what has not is never given up for another. */
  async function makeRoom(key: string, sizeBytes: number, nowSeconds: number): Promise<void> {
    if (hasRoom(lines, key, sizeBytes)) return;
    const over = [...lines].filter(([other, line]) => other !== key && line.validUntil <= nowSeconds);
    for (const [other] of over) await remove(agentOfPlace(placeOf(other))!);
    if (hasRoom(lines, key, sizeBytes)) return;
    const most = { facts: hostedFactsMax, bytes: hostedBytesMax };
    throw new FactsError('hosting-full', `this node hosts as much as it may: ${lines.size} facts`, most);
  }

  return {
    index,
    async get(agentId) {
      const bytes = await store.get(placeOf(agentKey(agentId)));
      return bytes === undefined ? undefined : shelvedOf(agentId, decodeNote(bytes));
    },
    async put(agentId, wanted, nowSeconds) {
      const key = agentKey(agentId);
      const value = encodeNote(wanted);
      await makeRoom(key, value.length, nowSeconds);
      const shelved = shelvedOf(agentId, wanted);
      await store.write([{ key: placeOf(key), value }]);
      changed();
      note(key, shelved, value.length);
      return shelved;
    },
    remove,
    async all() {
      if (read !== null) return read;
      const before = changes;
      const found: ShelvedFacts[] = [];
      for await (const [place, bytes] of store.entries(factsPrefix)) {
        const agentId = agentOfPlace(place);
        if (agentId !== null) found.push(shelvedOf(agentId, decodeNote(bytes)));
      }
      if (before === changes && sizeOf(lines) <= readBytesMax) read = found;
      return found;
    },
  };
}

function hasRoom(lines: ReadonlyMap<string, Line>, key: string, sizeBytes: number): boolean {
  const bytes = sizeOf(lines) - (lines.get(key)?.sizeBytes ?? 0) + sizeBytes;
  return bytes <= hostedBytesMax && lines.size + (lines.has(key) ? 0 : 1) <= hostedFactsMax;
}

function sizeOf(lines: ReadonlyMap<string, Line>): number {
  let bytes = 0;
  for (const line of lines.values()) bytes += line.sizeBytes;
  return bytes;
}

function shelvedOf(agentId: AgentId, note: FactsNote): ShelvedFacts {
  const { credential, facts, issuer, verificationMethod, created, validFrom, validUntil } = readBack(note);
  return {
    agentId,
    credential,
    text: note.text,
    facts,
    digest: bytesToHex(digest(utf8ToBytes(note.text))),
    issuer,
    verificationMethod,
    created: secondsOf(created),
    validFrom: secondsOf(validFrom),
    validUntil: secondsOf(validUntil),
    publishedAt: note.publishedAt,
    isSignedHere: note.isSignedHere,
    validitySeconds: note.validitySeconds,
  };
}

function secondsOf(text: string): number {
  return Math.floor(Date.parse(text) / 1000);
}
