/** Randomness; a simulation brings a seeded one. */
export interface Entropy {
  randomBytes(length: number): Uint8Array;
}
