/** Every wire decoder of core/identity under mutation, quickly; decoders.slow.test.ts is the long run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProtocolError } from '../../../src/core/errors.ts';
import { fuzzDecoder } from '../../helpers/mutate.ts';
import { bentStructures, decoders } from './decoder-samples.ts';

describe.each(decoders)('$name decoder', ({ decode, samples }) => {
  it('takes the valid samples', () => {
    for (const sample of samples) decode(sample);
  });

  it('answers 2,000 mutated inputs with a typed error or with what encodes to the input', () => {
    const { refused, taken } = fuzzDecoder(decode, samples, { inputs: 2000, seed: 1 });
    expect(refused).toBeGreaterThan(1000);
    expect(refused + taken).toBe(2000);
  });

  it('answers canonical encodings of bent structures the same way', () => {
    fc.assert(
      fc.property(bentStructures(samples), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          if (!isProtocolError(error)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
