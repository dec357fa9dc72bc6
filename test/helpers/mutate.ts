/** Hostile variants of valid bytes: flips, cuts, repeats, splices, random fill. One seed gives one series. */
import { createHash } from 'node:crypto';
import { isProtocolError } from '../../src/core/errors.ts';
import { createRandom, type Random } from '../../src/core/rng.ts';

export function createMutator(seed: number): (bytes: Uint8Array) => Uint8Array {
  const random = createRandom(createHash('sha256').update(`mutate ${seed}`).digest());
  return (bytes) => {
    let mutated = Uint8Array.from(bytes);
    const rounds = 1 + random.below(4);
    for (let round = 0; round < rounds; round++) mutated = mutateOnce(mutated, random);
    return mutated;
  };
}

function mutateOnce(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  const at = random.below(Math.max(1, copy.length));
  switch (random.below(6)) {
    case 0:
      if (copy.length > 0) copy[at]! ^= 1 << random.below(8);
      return copy;
    case 1:
      if (copy.length > 0)
        copy[at] = [0x00, 0x9f, 0xff, 0x5f, 0x9b, 0x5b, 0x80, 0xf6, 0xfb, 0xa0][random.below(10)]!;
      return copy;
    case 2:
      return copy.slice(0, at);
    case 3:
      return Uint8Array.of(...copy.slice(0, at), random.below(256), ...copy.slice(at));
    case 4: {
      const length = random.below(Math.min(40, copy.length + 1));
      return Uint8Array.of(...copy.slice(0, at), ...copy.slice(at, at + length), ...copy.slice(at));
    }
    default:
      return Uint8Array.from(copy, (byte) => (random.below(16) === 0 ? random.below(256) : byte));
  }
}

/**
 * Runs a decoder over mutations of samples. Every outcome is a value or a ProtocolError; nothing takes long.
 * @returns how many were refused and how many were taken, and the longest single call in milliseconds.
 */
export function fuzzDecoder(
  decode: (bytes: Uint8Array) => unknown,
  samples: readonly Uint8Array[],
  options: { readonly inputs: number; readonly seed: number },
): { readonly refused: number; readonly taken: number; readonly longestMs: number } {
  const mutate = createMutator(options.seed);
  let refused = 0;
  let taken = 0;
  let longestMs = 0;
  for (let index = 0; index < options.inputs; index++) {
    const input = mutate(samples[index % samples.length]!);
    const startMs = performance.now();
    try {
      decode(input);
      taken++;
    } catch (error) {
      if (!isProtocolError(error)) {
        const hex = Buffer.from(input).toString('hex');
        throw new Error(`not a ProtocolError (seed ${options.seed}, input ${index}, ${hex})`, {
          cause: error,
        });
      }
      refused++;
    }
    longestMs = Math.max(longestMs, performance.now() - startMs);
  }
  return { refused, taken, longestMs };
}
