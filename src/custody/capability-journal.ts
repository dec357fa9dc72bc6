/**
 * What agents in custody announce, so that a restart goes on announcing it.
 * Wire (store only), under `capabilities/<agent key>`: dCBOR [1, [tag, ...], iat of the last announcement].
 */
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import { type AgentId, agentIdFromKey, agentKey } from '../core/identity/agent-id.ts';
import { capabilityTagsMax, tagBytesMax } from '../core/limits.ts';
import { readArray, readInteger, readSeconds, readText } from '../core/shape.ts';
import type { Store } from '../ports/store.ts';

export interface AnnouncedNote {
  readonly agentId: AgentId;
  readonly tags: readonly string[];
  /** Seconds; the next announcement is later. */
  readonly issuedAt: number;
}

export interface CapabilityJournal {
  all(): Promise<readonly AnnouncedNote[]>;
  /** Durable when it resolves. @throws StoreError */
  write(note: AnnouncedNote): Promise<void>;
  remove(agentId: AgentId): Promise<void>;
}

const prefix = 'capabilities/';
const noteBytesMax = 64 + capabilityTagsMax * (tagBytesMax + 2);

/** For who announces anew in each run. */
export const noCapabilityJournal: CapabilityJournal = {
  all: async () => [],
  write: async () => {},
  remove: async () => {},
};

/** A journal in the node's store. */
export function createCapabilityJournal(store: Pick<Store, 'entries' | 'write'>): CapabilityJournal {
  return {
    async all() {
      const notes: AnnouncedNote[] = [];
      for await (const [key, bytes] of store.entries(prefix)) {
        notes.push(decodeNote(agentIdFromKey(key.slice(prefix.length)), bytes));
      }
      return notes;
    },
    write: ({ agentId, tags, issuedAt }) =>
      store.write([{ key: prefix + agentKey(agentId), value: encodeCanonical([1, tags, issuedAt]) }]),
    remove: (agentId) => store.write([{ key: prefix + agentKey(agentId), value: null }]),
  };
}

/** @throws ProtocolError; the store's checksum makes that a defect rather than damage. */
function decodeNote(agentId: AgentId, bytes: Uint8Array): AnnouncedNote {
  const [version, tags, issuedAt] = readArray(decodeCanonical(bytes, noteBytesMax), 'note', 3);
  readInteger(version, 'version', 1, 1);
  return {
    agentId,
    tags: readArray(tags, 'tags', { max: capabilityTagsMax }).map((tag) => readText(tag, 'tag', tagBytesMax)),
    issuedAt: readSeconds(issuedAt, 'iat'),
  };
}
