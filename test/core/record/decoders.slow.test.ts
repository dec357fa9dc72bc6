/** Wire decoders under mutation, 100,000 inputs each: no crash, no second encoding, bounded time and memory. */
import { expect, it } from 'vitest';
import { fuzzDecoder } from '../../helpers/mutate.ts';
import { decodeStrictly, wireDecoders } from './wire-decoders.ts';

const options = { inputs: 100_000, seed: Number(process.env['WEFT_TEST_SEED'] ?? Date.now() % 1_000_000) };

it.each(wireDecoders)(
  `the $name decoder refuses or re-encodes mutated input (WEFT_TEST_SEED=${options.seed})`,
  (decoder) => {
    const decode = (bytes: Uint8Array): void => decodeStrictly(decoder, bytes);
    fuzzDecoder(decode, decoder.samples, { ...options, inputs: 1_000 });
    const rssBefore = process.memoryUsage().rss;
    const result = fuzzDecoder(decode, decoder.samples, options);
    expect(result.refused + result.taken).toBe(options.inputs);
    expect(result.longestMs).toBeLessThan(500);
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(256 * 1024 * 1024);
  },
);
