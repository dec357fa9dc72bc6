/** Every wire decoder of core/identity over 100,000 mutated inputs and as many bent structures. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProtocolError } from '../../../src/core/errors.ts';
import { fuzzDecoder } from '../../helpers/mutate.ts';
import { bentStructures, decoders } from './decoder-samples.ts';

const inputs = 100_000;
const seed = Number(process.env['WEFT_TEST_SEED'] ?? Date.now() % 1_000_000);

describe.each(decoders)(`$name decoder (seed ${seed})`, ({ decode, samples }) => {
  it('answers 100,000 mutated inputs, each within a second, and keeps no memory of them', () => {
    const before = process.memoryUsage().heapUsed;
    const { refused, taken, longestMs } = fuzzDecoder(decode, samples, { inputs, seed });
    expect(refused + taken).toBe(inputs);
    expect(longestMs).toBeLessThan(1000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('answers 100,000 canonical encodings of bent structures', () => {
    fc.assert(
      fc.property(bentStructures(samples), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          if (!isProtocolError(error)) throw error;
        }
      }),
      { numRuns: inputs },
    );
  });
});
