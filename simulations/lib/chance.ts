/** All chance of a run comes from its seed: each part has a stream of its own, so that one more draw here changes nothing there. */
import { createHash } from 'node:crypto';
import { createRandom, type Random } from '../../src/core/rng.ts';

export interface Chance {
  /** 32 bytes for that purpose. */
  bytes(purpose: string): Uint8Array;
  stream(purpose: string): Random;
}

/** @param seed any whole number. */
export function createChance(seed: number): Chance {
  const bytes = (purpose: string): Uint8Array =>
    new Uint8Array(createHash('sha256').update(`weft simulation ${seed} ${purpose}`).digest());
  return { bytes, stream: (purpose) => createRandom(bytes(purpose)) };
}

/** A draw from the standard normal distribution (Box and Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** A waiting time with this mean. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/** A draw from the Weibull distribution: exponential with shape 1, many short and a few very long ones below that. */
export function weibull(random: Random, scale: number, shape: number): number {
  return scale * exponential(random, 1) ** (1 / shape);
}
