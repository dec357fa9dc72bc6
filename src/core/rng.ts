/** A small seeded generator (sfc32) for choices that need no secrecy: which neighbour, how much jitter. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, end). */
  below(end: number): number;
  /** Up to `count` distinct items in random order. */
  pick<Item>(items: readonly Item[], count: number): Item[];
}

/** @param seed at least 16 bytes; the same seed gives the same choices. */
export function createRandom(seed: Uint8Array): Random {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  let [a, b, c, counter] = [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12) | 1];

  function next(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  }
  const below = (end: number): number => Math.floor(next() * end);

  function pick<Item>(items: readonly Item[], count: number): Item[] {
    const rest = [...items];
    const picked: Item[] = [];
    while (picked.length < count && rest.length > 0) picked.push(...rest.splice(below(rest.length), 1));
    return picked;
  }
  for (let round = 0; round < 12; round++) next();
  return { next, below, pick };
}
