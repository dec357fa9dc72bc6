/** Wire decoders under mutation: no crash, no second encoding, no input that takes long. The slow suite runs 50 times more. */
import { expect, it } from 'vitest';
import { mutateDecoder, wireDecoders } from './mutated-input.ts';

const inputs = 2_000;
const seed = process.env['WEFT_TEST_SEED'] ?? 'unit';

it.each(wireDecoders)(
  `the $name decoder refuses or re-encodes ${inputs} mutated inputs (WEFT_TEST_SEED="${seed}")`,
  (decoder) => {
    const { codes, slowestMs } = mutateDecoder(decoder, inputs, seed);
    expect(codes.size).toBeGreaterThan(2);
    expect(slowestMs).toBeLessThan(500);
  },
);
