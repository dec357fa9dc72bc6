/**
 * How the threads of one run keep step. What happens at a node of one lane reaches a node of another no sooner than the
 * shortest way between them takes: their lead. Time is cut into steps, `lagSteps` to a lead. Before a step, a lane is
 * handed what the others posted `lagSteps` steps ago, and waits for those that have not come so far; so lanes are up to a
 * lead apart, and what a lane is handed, and when, depends on virtual time alone (conservative simulation with a bounded
 * lag: Lubachevsky 1989).
 *
 * A note in shared memory:
 *
 * | offset | bytes | what                                       |
 * |--------|-------|--------------------------------------------|
 * | 0      | 8     | when it is due, milliseconds (float64)     |
 * | 8      | 20    | kind, from, to, id, length (int32 each)    |
 * | 32     | …     | its bytes, up to the next multiple of 8    |
 */

/** What goes from a node of one lane to one of another; what `id` is depends on the kind. */
export interface Note {
  /** Who posted it. */
  readonly lane: number;
  readonly timeMs: number;
  readonly kind: number;
  readonly from: number;
  readonly to: number;
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface Exchange {
  /**
   * @param timeMs when it is due: a lead from now, or later.
   * @throws RangeError when one step has more to say than there is room for.
   */
  post(
    lane: number,
    kind: number,
    timeMs: number,
    from: number,
    to: number,
    id: number,
    bytes: Uint8Array,
  ): void;
  /**
   * Between two steps of this lane: waits for those that are too far behind, and hands over what is due from now on.
   * @throws Error when another lane has failed.
   */
  step(receive: (note: Note) => void): void;
}

/** Steps to a lead. */
export const lagSteps = 4;
/** A step's notes are read `lagSteps` later, by lanes that may be as much behind. */
const slots = 2 * lagSteps;
const notesBytes = 64 * 1024 * 1024;
const headerBytes = 32;
/** Int32 numbers between two that different threads write, so that they are in different cache lines. */
const apart = 16;
/** Looks at another lane before this thread sleeps until it is woken: some ten microseconds. */
const spinsMax = 2_000;
const sleepMs = 1000;

/** Memory that all threads of a run share. */
export interface SharedMemory {
  /** By lane: steps that it has ended; behind them: whether one has failed. */
  readonly control: SharedArrayBuffer;
  readonly notes: SharedArrayBuffer;
}

export function createSharedMemory(lanes: number): SharedMemory {
  return {
    control: new SharedArrayBuffer(4 * apart * (lanes + 1)),
    notes: new SharedArrayBuffer(notesBytes),
  };
}

/** Tells every lane that waits for another that there is nothing to wait for. */
export function abandon({ control }: SharedMemory): void {
  const view = new Int32Array(control);
  const lanes = view.length / apart - 1;
  Atomics.store(view, lanes * apart, 1);
  for (let lane = 0; lane < lanes; lane++) Atomics.notify(view, lane * apart);
}

export function createExchange(lane: number, lanes: number, memory: SharedMemory): Exchange {
  const control = new Int32Array(memory.control);
  const floats = new Float64Array(memory.notes);
  const ints = new Int32Array(memory.notes);
  const bytes = new Uint8Array(memory.notes);
  const slotBytes = Math.floor(notesBytes / (lanes * lanes * slots) / 8) * 8;
  const used = new Int32Array(lanes);
  const none = new Uint8Array(0);
  /** That this lane has ended. */
  let steps = 0;

  const startOf = (from: number, to: number, step: number): number =>
    ((from * lanes + to) * slots + (step % slots)) * slotBytes;

  function waitFor(other: number, stepsWanted: number): void {
    const place = other * apart;
    for (let spins = 0; ; spins++) {
      const ended = Atomics.load(control, place);
      if (ended >= stepsWanted) return;
      if (Atomics.load(control, lanes * apart) === 1) throw new Error('another thread of the run has failed');
      if (spins > spinsMax) Atomics.wait(control, place, ended, sleepMs);
    }
  }

  function receiveFrom(other: number, step: number, receive: (note: Note) => void): void {
    for (let start = startOf(other, lane, step); floats[start / 8]! > 0; ) {
      const at = start / 4 + 2;
      const length = ints[at + 4]!;
      const end = start + headerBytes + length;
      receive({
        lane: other,
        timeMs: floats[start / 8]!,
        kind: ints[at]!,
        from: ints[at + 1]!,
        to: ints[at + 2]!,
        id: ints[at + 3]!,
        bytes: length === 0 ? none : bytes.slice(start + headerBytes, end),
      });
      start = 8 * Math.ceil(end / 8);
    }
  }

  return {
    post(other, kind, timeMs, from, to, id, content) {
      const { length } = content;
      const start = startOf(lane, other, steps) + used[other]!;
      used[other]! += headerBytes + 8 * Math.ceil(length / 8);
      // Behind the last note there is one without a time.
      if (used[other]! + headerBytes > slotBytes)
        throw new RangeError('more passes between two threads at once than there is room for');
      floats[start / 8] = timeMs;
      const at = start / 4 + 2;
      ints[at] = kind;
      ints[at + 1] = from;
      ints[at + 2] = to;
      ints[at + 3] = id;
      ints[at + 4] = length;
      if (length > 0) bytes.set(content, start + headerBytes);
    },
    step(receive) {
      for (let other = 0; other < lanes; other++)
        floats[(startOf(lane, other, steps) + used[other]!) / 8] = 0;
      used.fill(0);
      steps++;
      Atomics.store(control, lane * apart, steps);
      Atomics.notify(control, lane * apart);
      const due = steps - lagSteps;
      if (due < 0) return;
      // What is handed over may be answered at once, to any lane: all must have read what stood in its place.
      for (let other = 0; other < lanes; other++) if (other !== lane) waitFor(other, due + 1);
      for (let other = 0; other < lanes; other++) if (other !== lane) receiveFrom(other, due, receive);
    },
  };
}
