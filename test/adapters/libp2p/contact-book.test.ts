import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contactsMax, createContactBook } from '../../../src/adapters/libp2p/contact-book.ts';

const at = (peer: string) => ({ peer, addresses: [`/ip4/127.0.0.1/tcp/${peer.length}`] });
const everybody = (): boolean => true;

describe('the contact book', () => {
  it('puts those who answer before those who do not, and the latest seen first', () => {
    const book = createContactBook('self', 1000);
    for (const [index, peer] of ['a', 'bb', 'ccc'].entries()) book.noteSeen(at(peer), index);
    book.noteFailed('ccc', 5);
    expect(book.best().map(({ peer }) => peer)).toEqual(['bb', 'a', 'ccc']);
    book.noteSeen(at('ccc'), 6);
    expect(book.best().map(({ peer }) => peer)).toEqual(['ccc', 'bb', 'a']);
  });

  it('keeps the order of an earlier run, behind whom it has met since', () => {
    const book = createContactBook('self', 1000);
    book.noteSeen(at('met'), 10);
    book.restore([at('first'), at('second'), at('met'), at('self'), { peer: 'nowhere', addresses: [] }]);
    expect(book.best().map(({ peer }) => peer)).toEqual(['met', 'first', 'second']);
  });

  it('waits twice as long after each failure, up to two minutes', () => {
    const book = createContactBook('self', 1000);
    book.noteSeen(at('a'), 0);
    let nowMs = 0;
    const pauses: number[] = [];
    for (let round = 0; round < 10; round++) {
      book.noteFailed('a', nowMs);
      let pauseMs = 0;
      while (book.nextDue(nowMs + pauseMs, everybody) === null) pauseMs += 1000;
      pauses.push(pauseMs);
      nowMs += pauseMs;
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 120_000, 120_000, 120_000]);
  });

  it('names nobody who is not wanted', () => {
    const book = createContactBook('self', 1000);
    book.noteSeen(at('a'), 0);
    book.noteSeen(at('bb'), 1);
    expect(book.nextDue(2, (peer) => peer === 'a')?.peer).toBe('a');
    expect(book.nextDue(2, () => false)).toBeNull();
  });

  it('never holds more than 256, and gives up the worst', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(600), fc.boolean()), { maxLength: 1500 }), (steps) => {
        const book = createContactBook('self', 1000);
        for (const [index, [peer, isSeen]] of steps.entries()) {
          if (isSeen) book.noteSeen(at(`${peer}`), index);
          else book.noteFailed(`${peer}`, index);
          expect(book.size).toBeLessThanOrEqual(contactsMax);
        }
        const best = book.best();
        expect(new Set(best.map(({ peer }) => peer)).size).toBe(best.length);
      }),
      { numRuns: 50 },
    );
  });
});
