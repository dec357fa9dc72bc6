/**
 * Who brought how much of what a storing peer keeps, and who has to make room when it is too much: whoever brought the most,
 * so that nobody pushes others out by bringing much (docs/decisions/0011). Agents cost nothing, connections cost something.
 * Bounded by its rows: a sender stands only while a row is theirs.
 */

/** One kept thing in the list of its sender; the ledger alone sets these. */
export interface LedgerRow<Row> {
  sender: Sender<Row> | null;
  older: Row | null;
  newer: Row | null;
}

/** Whoever brought rows. */
export interface Sender<Row> {
  readonly peer: string;
  sizeBytes: number;
  oldest: Row | null;
  newest: Row | null;
}

export interface SenderLedger<Row> {
  /** As counted, of all rows. */
  sizeBytes(): number;
  /** What counts for a peer. */
  sizeBytesOf(peer: string): number;
  /** Counts a row for whoever brought it. */
  add(row: Row, peer: string): void;
  remove(row: Row): void;
  /** Whoever has brought the most; undefined when there is nothing. */
  heaviest(): Sender<Row> | undefined;
}

/** @param costOf bytes that a row counts for; the same at each call */
export function createSenderLedger<Row extends LedgerRow<Row>>(
  costOf: (row: Row) => number,
): SenderLedger<Row> {
  const senderByPeer = new Map<string, Sender<Row>>();
  let sizeBytes = 0;

  function senderOf(peer: string): Sender<Row> {
    let sender = senderByPeer.get(peer);
    if (sender === undefined) {
      sender = { peer, sizeBytes: 0, oldest: null, newest: null };
      senderByPeer.set(peer, sender);
    }
    return sender;
  }

  return {
    sizeBytes: () => sizeBytes,
    sizeBytesOf: (peer) => senderByPeer.get(peer)?.sizeBytes ?? 0,
    add(row, peer) {
      const sender = senderOf(peer);
      row.sender = sender;
      row.older = sender.newest;
      if (sender.newest === null) sender.oldest = row;
      else sender.newest.newer = row;
      sender.newest = row;
      sender.sizeBytes += costOf(row);
      sizeBytes += costOf(row);
    },
    remove(row) {
      const { sender, older, newer } = row;
      if (sender === null) return;
      if (older === null) sender.oldest = newer;
      else older.newer = newer;
      if (newer === null) sender.newest = older;
      else newer.older = older;
      sender.sizeBytes -= costOf(row);
      sizeBytes -= costOf(row);
      if (sender.oldest === null) senderByPeer.delete(sender.peer);
      row.sender = row.older = row.newer = null;
    },
    heaviest() {
      let heaviest: Sender<Row> | undefined;
      for (const sender of senderByPeer.values())
        if (heaviest === undefined || sender.sizeBytes > heaviest.sizeBytes) heaviest = sender;
      return heaviest;
    },
  };
}
