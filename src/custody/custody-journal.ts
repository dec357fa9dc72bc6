/**
 * What custody must remember of each agent beside its keys: the bundle that is about to be published (so that a crash
 * repeats the very same signatures and never forks a key log), and the last one that was.
 * Wire (store only), under `custody/<agent key>`: dCBOR [1, pending bstr or null, published bstr or null, [token bstr...]].
 */
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import { bundleBytesMax, delegationBytesMax } from '../core/limits.ts';
import { readArray, readBytes, readInteger } from '../core/shape.ts';
import type { Store } from '../ports/store.ts';

export interface CustodyNote {
  /** Signed and durable, its publication not known to be complete. */
  readonly pending: Uint8Array | null;
  readonly published: Uint8Array | null;
  /** Tokens without a slot, which no bundle carries: to revoke them they must be known. At most 64. */
  readonly grants: readonly Uint8Array[];
}

export interface CustodyJournal {
  read(agentId: AgentId): Promise<CustodyNote>;
  /** Durable when it resolves. @throws StoreError */
  write(agentId: AgentId, note: CustodyNote): Promise<void>;
  /** Nothing is known of that agent any more. */
  remove(agentId: AgentId): Promise<void>;
}

/** More are forgotten, the oldest first: they end within 30 days. */
export const grantsMax = 64;
const emptyNote: CustodyNote = { pending: null, published: null, grants: [] };
const noteBytesMax = 2 * bundleBytesMax + grantsMax * (delegationBytesMax + 3) + 64;

/** A journal in the node's store. */
export function createCustodyJournal(store: Pick<Store, 'get' | 'write'>): CustodyJournal {
  const keyOf = (agentId: AgentId): string => `custody/${agentKey(agentId)}`;
  return {
    async read(agentId) {
      const bytes = await store.get(keyOf(agentId));
      return bytes === undefined ? emptyNote : decodeNote(bytes);
    },
    write: (agentId, note) => store.write([{ key: keyOf(agentId), value: encodeNote(note) }]),
    remove: (agentId) => store.write([{ key: keyOf(agentId), value: null }]),
  };
}

function encodeNote({ pending, published, grants }: CustodyNote): Uint8Array {
  return encodeCanonical([1, pending, published, grants.slice(-grantsMax)]);
}

/** @throws ProtocolError; the store's checksum makes that a defect rather than damage. */
function decodeNote(bytes: Uint8Array): CustodyNote {
  const [version, pending, published, grants] = readArray(decodeCanonical(bytes, noteBytesMax), 'note', 4);
  readInteger(version, 'version', 1, 1);
  const readBundle = (value: unknown, name: string): Uint8Array | null =>
    value === null ? null : readBytes(value, name, { max: bundleBytesMax });
  return {
    pending: readBundle(pending, 'pending'),
    published: readBundle(published, 'published'),
    grants: readArray(grants, 'grants', { max: grantsMax }).map((grant) =>
      readBytes(grant, 'grant', { max: delegationBytesMax }),
    ),
  };
}
