/**
 * Names of namespaces in custody, so that a restart goes on keeping them alive, with the very records that were signed.
 * Wire (store only), under `own-name/<agent key>/<label>`: dCBOR [1, record].
 */
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import { agentKey } from '../core/identity/agent-id.ts';
import { nameRecordBytesMax } from '../core/limits.ts';
import { decodeNameRecord, type NameRecord } from '../core/name/name-record.ts';
import { readArray, readBytes, readInteger } from '../core/shape.ts';
import type { Store } from '../ports/store.ts';

/** One name as it was signed last; the label stands beside a record that may show its point alone. */
export interface SignedName {
  readonly label: string;
  readonly record: NameRecord;
}

export interface NameJournal {
  all(): Promise<readonly SignedName[]>;
  /** Durable when it resolves. @throws StoreError */
  write(name: SignedName): Promise<void>;
  remove(name: SignedName): Promise<void>;
}

const prefix = 'own-name/';

/** A journal in the node's store. */
export function createNameJournal(store: Pick<Store, 'entries' | 'write'>): NameJournal {
  return {
    async all() {
      const names: SignedName[] = [];
      for await (const [key, bytes] of store.entries(prefix)) {
        const [version, record] = readArray(decodeCanonical(bytes, nameRecordBytesMax + 16), 'note', 2);
        readInteger(version, 'version', 1, 1);
        const label = key.slice(key.lastIndexOf('/') + 1);
        names.push({
          label,
          record: decodeNameRecord(readBytes(record, 'record', { max: nameRecordBytesMax })),
        });
      }
      return names;
    },
    write: (name) => store.write([{ key: keyOf(name), value: encodeCanonical([1, name.record.bytes]) }]),
    remove: (name) => store.write([{ key: keyOf(name), value: null }]),
  };
}

function keyOf({ label, record }: SignedName): string {
  return `${prefix}${agentKey(record.agentId)}/${label}`;
}
