/** Each decoder of the record protocol under 100,000 mutations: no crash, no unbounded time. */
import { describe, expect, it } from 'vitest';
import { fuzzDecoder } from '../../helpers/mutate.ts';
import { messageDecoders } from './message-decoders.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? Date.now() % 1_000_000);

describe(`message decoders under mutation (seed ${seed})`, () => {
  it.each(messageDecoders)('%s', (_, decode, valid) => {
    const { refused, taken, longestMs } = fuzzDecoder(decode, valid, { inputs: 100_000, seed });
    expect(refused + taken).toBe(100_000);
    expect(longestMs).toBeLessThan(1_000);
  });
});
