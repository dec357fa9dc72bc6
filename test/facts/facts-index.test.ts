/** The local index: words, tags and their prefixes, scores, bounds. */
import { describe, expect, it } from 'vitest';
import { createFactsIndex, type IndexedDocument } from '../../src/facts/facts-index.ts';
import { indexedFacts, tagOf } from '../../src/facts/facts-summary.ts';
import { sampleFacts } from './sample-facts.ts';

const idOf = (number: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};
const documentOf = (number: number, more: Partial<IndexedDocument> = {}): IndexedDocument => ({
  agentId: idOf(number),
  name: `Agent ${number}`,
  description: '',
  tags: [],
  words: '',
  ...more,
});

async function filled() {
  const index = await createFactsIndex();
  index.put(documentOf(1, { name: 'Flight finder', tags: ['/travel/flights'], words: 'book a flight' }));
  index.put(documentOf(2, { name: 'Hotels', tags: ['/travel/hotels'], words: 'rooms and beds' }));
  index.put(documentOf(3, { name: 'Translator', tags: ['/translate/en-es'], words: 'Spanish, English' }));
  return index;
}
const names = (hits: readonly { readonly name: string }[]): string[] => hits.map(({ name }) => name);

describe('the index of facts', () => {
  it('finds by word, by the beginning of one, and past a slip', async () => {
    const index = await filled();
    for (const text of ['flight', 'FLIGHTS', 'fligth finder', 'trav', 'find me a flight booking agent'])
      expect(names(index.search({ text }))[0], text).toMatch(
        text === 'trav' ? /Flight|Hotels/ : 'Flight finder',
      );
    expect(index.search({ text: 'submarine' })).toEqual([]);
  });

  it('scores whole numbers up to 100, the more words of the question the higher', async () => {
    const index = await filled();
    const [all] = index.search({ text: 'flight finder' });
    const [some] = index.search({ text: 'flight finder with submarines and breakfast' });
    for (const hit of [all!, some!]) {
      expect(Number.isInteger(hit.score)).toBe(true);
      expect(hit.score).toBeGreaterThanOrEqual(0);
      expect(hit.score).toBeLessThanOrEqual(100);
    }
    expect(all!.score).toBe(100);
    expect(some!.score).toBeLessThan(70);
  });

  it('finds by tag path and what lies above it, and by both words and tags', async () => {
    const index = await filled();
    expect(names(index.search({ tags: ['/travel'] })).sort()).toEqual(['Flight finder', 'Hotels']);
    expect(names(index.search({ tags: ['travel/hotels/'] }))).toEqual(['Hotels']);
    expect(index.search({ tags: ['/trav'] })).toEqual([]);
    expect(names(index.search({ tags: ['/translate', '/travel/hotels'] })).sort()).toEqual([
      'Hotels',
      'Translator',
    ]);
    expect(names(index.search({ text: 'flight', tags: ['/travel'] }))).toEqual(['Flight finder']);
    expect(index.search({ text: 'spanish', tags: ['/travel'] })).toEqual([]);
  });

  it('replaces, removes, and answers no more than it is asked for', async () => {
    const index = await filled();
    index.put(documentOf(1, { name: 'Trains' }));
    expect(index.search({ text: 'flight' })).toEqual([]);
    index.remove(idOf(2));
    index.remove(idOf(2));
    expect(index.size()).toBe(2);
    expect(index.search({ limit: 1 })).toHaveLength(1);
    expect(index.search({ limit: -5 })).toEqual([]);
  });

  it('is bounded: the oldest goes', async () => {
    const index = await createFactsIndex(3);
    for (let number = 1; number <= 5; number++) index.put(documentOf(number));
    expect(names(index.search({}))).toEqual(['Agent 3', 'Agent 4', 'Agent 5']);
  });

  it('bears any text', async () => {
    const index = await filled();
    for (const text of [
      '',
      ' ',
      '"',
      '*'.repeat(5000),
      '\ud800',
      'a '.repeat(100_000),
      '__proto__ constructor',
    ])
      expect(Array.isArray(index.search({ text }))).toBe(true);
  });

  it('makes tags of skills', () => {
    expect(tagOf('translate/EN-es')).toBe('/translate/en-es');
    expect(tagOf('Book a flight!')).toBe('/book-a-flight');
    expect(tagOf('///')).toBe('/');
    expect(indexedFacts(idOf(1), sampleFacts(idOf(1))).tags).toEqual(['/translate/en-es']);
  });
});
