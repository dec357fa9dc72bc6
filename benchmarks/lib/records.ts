/** Keys and values of the records that every subject stores: the same sizes, repeatable from the seed. */
import { createHash } from 'node:crypto';
import { loadSodium } from './untyped.ts';

/** About the size of a weft bundle with one key event; below the 1000 bytes of BEP 44. */
export const recordBytes = 500;

/** An Ed25519 key pair in libsodium's form. */
export interface KeyPair {
  readonly publicKey: Buffer;
  readonly secretKey: Buffer;
}

/** 32 bytes that depend on the seed, the record number and the purpose alone. */
export function recordSeed(seed: number, record: number, purpose: string): Buffer {
  return createHash('sha256').update(`${purpose}/${seed}/${record}`).digest();
}

/** The value of a record: `recordBytes` incompressible bytes. */
function recordValue(seed: number, record: number): Buffer {
  const block = recordSeed(seed, record, 'value');
  return Buffer.concat(
    [...Array(Math.ceil(recordBytes / block.length))].map((_, index) =>
      createHash('sha256').update(block).update(Uint8Array.of(index)).digest(),
    ),
  ).subarray(0, recordBytes);
}

const sodium = loadSodium();

/** The key pair of a record. */
function recordKeyPair(seed: number, record: number): KeyPair {
  const publicKey = Buffer.alloc(32);
  const secretKey = Buffer.alloc(64);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, recordSeed(seed, record, 'key'));
  return { publicKey, secretKey };
}

/** What `prepare` made of a record number. */
export interface PreparedRecord extends KeyPair {
  readonly value: Buffer;
}

/** Keys and values of one turn's records, made before anything is timed; preparing the next turn drops them. */
export interface RecordSource {
  prepare(first: number, count: number): void;
  get(record: number): PreparedRecord;
}

/** Records that depend on the seed and their number alone. */
export function createRecordSource(seed: number): RecordSource {
  const prepared = new Map<number, PreparedRecord>();
  return {
    prepare(first, count) {
      prepared.clear();
      for (let record = first; record < first + count; record++) {
        prepared.set(record, { ...recordKeyPair(seed, record), value: recordValue(seed, record) });
      }
    },
    get(record) {
      const found = prepared.get(record);
      if (found === undefined) throw new Error(`record ${record} was not prepared`);
      return found;
    },
  };
}
