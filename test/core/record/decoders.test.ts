/** Wire decoders under mutation: no crash, no second encoding, no input that takes long. The slow suite runs 50 times more. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isProtocolError } from '../../../src/core/errors.ts';
import { fuzzDecoder } from '../../helpers/mutate.ts';
import { bentStructures } from '../identity/decoder-samples.ts';
import { decodeStrictly, wireDecoders } from './wire-decoders.ts';

const options = { inputs: 2_000, seed: Number(process.env['WEFT_TEST_SEED'] ?? 1) };

it.each(wireDecoders)(
  `the $name decoder refuses or re-encodes mutated input (WEFT_TEST_SEED=${options.seed})`,
  (decoder) => {
    const result = fuzzDecoder((bytes) => decodeStrictly(decoder, bytes), decoder.samples, options);
    expect(result.refused + result.taken).toBe(options.inputs);
    expect(result.refused).toBeGreaterThan(options.inputs / 4);
    expect(result.longestMs).toBeLessThan(500);
  },
);

it.each(wireDecoders.filter(({ name }) => name !== 'AgentAddr'))(
  'the $name decoder refuses or re-encodes canonical encodings of bent structures',
  (decoder) => {
    fc.assert(
      fc.property(bentStructures(decoder.samples), (bytes) => {
        try {
          decodeStrictly(decoder, bytes);
        } catch (error) {
          if (!isProtocolError(error)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  },
);
