/** Wire decoders under mutation, 100,000 inputs each: no crash, no second encoding, bounded time and memory. */
import { expect, it } from 'vitest';
import { mutateDecoder, wireDecoders } from './mutated-input.ts';

const inputs = 100_000;
const seed = process.env['WEFT_TEST_SEED'] ?? `${Date.now()}`;

it.each(wireDecoders)(
  `the $name decoder refuses or re-encodes ${inputs} mutated inputs (WEFT_TEST_SEED="${seed}")`,
  (decoder) => {
    mutateDecoder(decoder, 1_000, seed);
    const before = process.memoryUsage().rss;
    const { codes, slowestMs } = mutateDecoder(decoder, inputs, seed);
    expect(codes.size).toBeGreaterThan(2);
    expect(slowestMs).toBeLessThan(500);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  },
);
