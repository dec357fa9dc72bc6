/**
 * What waits for an answer, by the number that the answer will name. A ring rather than a map: one that gains and loses
 * an entry with each message is rebuilt every few messages, and a peer does hardly anything more often.
 */

export interface Pending<Waiting> {
  /** Returns its number, greater than all before. */
  add(waiting: Waiting): number;
  /** Takes it out; undefined when nothing waits under that number. */
  take(id: number): Waiting | undefined;
  /** Takes out all. */
  drain(): Waiting[];
  size(): number;
}

const placesMin = 4;

export function createPending<Waiting>(): Pending<Waiting> {
  /** At each place a number and what waits; half of the places stay free. */
  let ring: (number | Waiting | undefined)[] = emptyRing(placesMin);
  let lastId = 0;
  let size = 0;

  const at = (id: number): number => 2 * (id & (ring.length / 2 - 1));

  function grow(): void {
    const before = ring;
    ring = emptyRing(before.length);
    for (let index = 0; index < before.length; index += 2) {
      const id = before[index] as number | undefined;
      if (id === undefined) continue;
      ring[at(id)] = id;
      ring[at(id) + 1] = before[index + 1];
    }
  }

  return {
    add(waiting) {
      if (4 * size >= ring.length) grow();
      // Numbers whose place is taken by one that waits long are left out.
      do lastId++;
      while (ring[at(lastId)] !== undefined);
      ring[at(lastId)] = lastId;
      ring[at(lastId) + 1] = waiting;
      size++;
      return lastId;
    },
    take(id) {
      const index = at(id);
      if (ring[index] !== id) return undefined;
      const waiting = ring[index + 1] as Waiting;
      ring[index] = undefined;
      ring[index + 1] = undefined;
      size--;
      return waiting;
    },
    drain() {
      const waiting = ring.filter(
        (_, index) => index % 2 === 1 && ring[index - 1] !== undefined,
      ) as Waiting[];
      ring = emptyRing(placesMin);
      size = 0;
      return waiting;
    },
    size: () => size,
  };
}

function emptyRing(places: number): undefined[] {
  return new Array<undefined>(2 * places).fill(undefined);
}
