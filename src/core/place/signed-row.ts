/** One signed item as a storing peer keeps it in memory (docs/protocol.md §7). Decides nothing. */
import { concatBytes } from '../bytes.ts';
import { digestBytes } from '../limits.ts';
import type { LedgerRow, Sender } from './sender-ledger.ts';

/** What is kept of a signed item, whatever it says. */
export interface KeptItem {
  readonly key: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The digest of the key event under which it is signed. */
  readonly establishment: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A class whose bytes are one buffer: each buffer and each small object costs about as much as what is in it. */
export abstract class SignedRow<Row> implements KeptItem, LedgerRow<Row> {
  readonly key: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  sender: Sender<Row> | null = null;
  older: Row | null = null;
  newer: Row | null = null;
  private readonly packed: Uint8Array;

  constructor(
    { key, issuedAt, expiresAt, bytes }: Omit<KeptItem, 'establishment'>,
    establishment: Uint8Array,
  ) {
    this.key = key;
    this.issuedAt = issuedAt;
    this.expiresAt = expiresAt;
    this.packed = concatBytes(establishment, bytes);
  }

  get establishment(): Uint8Array {
    return this.packed.subarray(0, digestBytes);
  }

  get bytes(): Uint8Array {
    return this.packed.subarray(digestBytes);
  }
}
