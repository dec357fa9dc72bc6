/**
 * What custody must remember of each agent beside its keys: the bundle that is about to be published (so that a crash
 * repeats the very same signatures and never forks a key log), and the last one that was.
 * Wire (store only), under `custody/<agent key>`: dCBOR [2, pending bstr or null, published bstr or null, [grant bstr...]];
 * version 1 had tokens of depth 1 in place of grants.
 */
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import { decodeDelegation } from '../core/identity/delegation.ts';
import { createGrant, decodeGrant } from '../core/identity/delegation-grant.ts';
import { bundleBytesMax, grantBytesMax } from '../core/limits.ts';
import { readArray, readBytes, readInteger } from '../core/shape.ts';
import type { Store } from '../ports/store.ts';

export interface CustodyNote {
  /** Signed and durable, its publication not known to be complete. */
  readonly pending: Uint8Array | null;
  readonly published: Uint8Array | null;
  /** Grants without a slot, which no bundle carries: issued here, received, or kept. At most 128. */
  readonly grants: readonly Uint8Array[];
}

export interface CustodyJournal {
  read(agentId: AgentId): Promise<CustodyNote>;
  /** Durable when it resolves. @throws StoreError */
  write(agentId: AgentId, note: CustodyNote): Promise<void>;
  /** Nothing is known of that agent any more. */
  remove(agentId: AgentId): Promise<void>;
}

/** More are forgotten, those that have ended first, then the oldest: all end within 30 days. */
export const grantsMax = 128;
const emptyNote: CustodyNote = { pending: null, published: null, grants: [] };
const noteBytesMax = 2 * bundleBytesMax + grantsMax * (grantBytesMax + 3) + 64;

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
  return encodeCanonical([2, pending, published, grants.slice(-grantsMax)]);
}

/** @throws ProtocolError; the store's checksum makes that a defect rather than damage. */
function decodeNote(bytes: Uint8Array): CustodyNote {
  const [version, pending, published, grants] = readArray(decodeCanonical(bytes, noteBytesMax), 'note', 4);
  const isOld = readInteger(version, 'version', 1, 2) === 1;
  const readBundle = (value: unknown, name: string): Uint8Array | null =>
    value === null ? null : readBytes(value, name, { max: bundleBytesMax });
  return {
    pending: readBundle(pending, 'pending'),
    published: readBundle(published, 'published'),
    grants: readArray(grants, 'grants', { max: grantsMax }).map((grant) =>
      isOld ? grantOfToken(readBytes(grant, 'token', { max: grantBytesMax })) : readGrant(grant),
    ),
  };
}

function readGrant(value: unknown): Uint8Array {
  return decodeGrant(readBytes(value, 'grant', { max: grantBytesMax })).bytes;
}

function grantOfToken(token: Uint8Array): Uint8Array {
  return createGrant([decodeDelegation(token)]).bytes;
}
