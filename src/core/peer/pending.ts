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
  return new Ring();
}

/** A class, since functions of its own in each ring lie far apart in memory: a peer asks one several times a message. */
class Ring<Waiting> implements Pending<Waiting> {
  /** At each place a number and what waits; half of the places stay free. */
  private ring: (number | Waiting | undefined)[] = emptyRing(placesMin);
  private lastId = 0;
  private waiting = 0;

  add(waiting: Waiting): number {
    if (4 * this.waiting >= this.ring.length) this.grow();
    const { ring } = this;
    // Numbers whose place is taken by one that waits long are left out.
    do this.lastId++;
    while (ring[this.at(this.lastId)] !== undefined);
    const index = this.at(this.lastId);
    ring[index] = this.lastId;
    ring[index + 1] = waiting;
    this.waiting++;
    return this.lastId;
  }

  take(id: number): Waiting | undefined {
    const { ring } = this;
    const index = this.at(id);
    if (ring[index] !== id) return undefined;
    const waiting = ring[index + 1] as Waiting;
    ring[index] = undefined;
    ring[index + 1] = undefined;
    this.waiting--;
    return waiting;
  }

  drain(): Waiting[] {
    const { ring } = this;
    const waiting = ring.filter((_, index) => index % 2 === 1 && ring[index - 1] !== undefined) as Waiting[];
    this.ring = emptyRing(placesMin);
    this.waiting = 0;
    return waiting;
  }

  size(): number {
    return this.waiting;
  }

  private at(id: number): number {
    return 2 * (id & (this.ring.length / 2 - 1));
  }

  private grow(): void {
    const before = this.ring;
    this.ring = emptyRing(before.length);
    for (let index = 0; index < before.length; index += 2) {
      const id = before[index] as number | undefined;
      if (id === undefined) continue;
      this.ring[this.at(id)] = id;
      this.ring[this.at(id) + 1] = before[index + 1];
    }
  }
}

function emptyRing(places: number): undefined[] {
  return new Array<undefined>(2 * places).fill(undefined);
}
