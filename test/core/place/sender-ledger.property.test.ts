/** Who brought how much, against a plain list of what was brought (docs/protocol.md §7, decision 0011). */
import { describe, expect, it } from 'vitest';
import { createSenderLedger, type LedgerRow, type Sender } from '../../../src/core/place/sender-ledger.ts';
import { createRandom } from '../../../src/core/rng.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 41);

interface Row extends LedgerRow<Row> {
  readonly sizeBytes: number;
}

const rowOf = (sizeBytes: number): Row => ({ sizeBytes, sender: null, older: null, newer: null });

/** The rows of a sender, the oldest first, read in both directions. */
function rowsOf({ oldest, newest }: Sender<Row>): Row[] {
  const rows: Row[] = [];
  for (let row = oldest; row !== null; row = row.newer) rows.push(row);
  const back: Row[] = [];
  for (let row = newest; row !== null; row = row.older) back.unshift(row);
  expect(back).toEqual(rows);
  return rows;
}

describe(`the ledger of senders (seed ${seed})`, () => {
  it('keeps the order and the sums of each, whatever comes, goes and changes hands', () => {
    const random = createRandom(new TextEncoder().encode(`sender ledger of seed ${seed}`));
    const ledger = createSenderLedger<Row>(({ sizeBytes }) => sizeBytes);
    const brought: { readonly row: Row; peer: string }[] = [];
    for (let step = 0; step < 3_000; step++) {
      const peer = `peer ${random.below(5)}`;
      const choice = random.below(3);
      const index = random.below(Math.max(1, brought.length));
      const one = brought[index];
      if (choice === 0 && one !== undefined) {
        ledger.remove(one.row);
        brought.splice(index, 1);
      } else if (choice === 1 && one !== undefined) {
        ledger.remove(one.row);
        ledger.add(one.row, peer);
        brought.push(...brought.splice(index, 1));
        one.peer = peer;
      } else {
        const row = rowOf(1 + random.below(100));
        ledger.add(row, peer);
        brought.push({ row, peer });
      }
      const sums = new Map<string, number>();
      for (const { row, peer: by } of brought) sums.set(by, (sums.get(by) ?? 0) + row.sizeBytes);
      const all = [...sums.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
      expect(ledger.sizeBytes()).toBe(all);
      for (const [by, sizeBytes] of sums) expect(ledger.sizeBytesOf(by)).toBe(sizeBytes);
      const heaviest = ledger.heaviest();
      expect(heaviest?.sizeBytes).toBe(sums.size === 0 ? undefined : Math.max(...sums.values()));
      if (heaviest !== undefined) {
        const own = brought.filter(({ peer: by }) => by === heaviest.peer).map(({ row }) => row);
        expect(rowsOf(heaviest).every((row, place) => row === own[place])).toBe(true);
      }
    }
  });

  it('does not mind a row that is not in it', () => {
    const ledger = createSenderLedger<Row>(({ sizeBytes }) => sizeBytes);
    const row = rowOf(5);
    ledger.remove(row);
    ledger.add(row, 'peer');
    ledger.remove(row);
    ledger.remove(row);
    expect([ledger.sizeBytes(), ledger.sizeBytesOf('peer'), ledger.heaviest()]).toEqual([0, 0, undefined]);
  });
});
