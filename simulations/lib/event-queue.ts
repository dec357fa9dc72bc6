/**
 * What is to happen, in the order of (time, sequence): two events of one time run in the order in which they were planned.
 * A calendar queue (Brown 1988): one bucket for each of the next milliseconds, a heap of those of the present one, and a
 * heap of what is far away. An event is a row of columns, so that a million of them are no work for the collector.
 */

/** What an event does; the three values are those that it was planned with. */
export type EventTask<Subject> = (subject: Subject, from: number, to: number) => void;

export interface EventQueue {
  /** Virtual time, milliseconds since 1970. */
  readonly nowMs: number;
  readonly size: number;
  /** A time that has passed counts as now. */
  at(timeMs: number, run: () => void): void;
  /** The same without a closure for each event. */
  plan<Subject>(timeMs: number, run: EventTask<Subject>, subject: Subject, from: number, to: number): void;
  /** Does what happened at that time, which may have passed. */
  as(timeMs: number, run: () => void): void;
  /** Runs everything up to that time, and is there afterwards. `onTimeChange` runs before each step of the time. */
  runUntil(timeMs: number, onTimeChange: () => void): void;
}

/** Milliseconds that have a bucket each: most messages arrive within them. A power of two. */
const bucketCount = 4096;
const none = -1;

export function createEventQueue(startMs: number): EventQueue {
  const rows = createRows();
  const near = createRowHeap(rows);
  const far = createRowHeap(rows);
  /** The last row of each bucket, of a chain through all of them. */
  const buckets = new Int32Array(bucketCount).fill(none);
  let inBuckets = 0;
  /** The millisecond whose rows are in `near`, since the start. */
  let present = 0;
  let nowMs = startMs;

  function insert(row: number): void {
    const bucket = Math.floor(rows.timeOf(row) - startMs);
    if (bucket <= present) near.push(row);
    else if (bucket - present >= bucketCount) far.push(row);
    else {
      const slot = bucket & (bucketCount - 1);
      rows.link(row, buckets[slot]!);
      buckets[slot] = row;
      inBuckets++;
    }
  }

  /** Until `near` has the next event, if there is any. */
  function advance(): void {
    while (near.size === 0 && inBuckets + far.size > 0) {
      present = inBuckets > 0 ? present + 1 : Math.floor(rows.timeOf(far.first) - startMs);
      while (far.size > 0 && rows.timeOf(far.first) - startMs < present + bucketCount) insert(far.pop());
      const slot = present & (bucketCount - 1);
      for (let row = buckets[slot]!; row !== none; row = rows.next(row)) {
        near.push(row);
        inBuckets--;
      }
      buckets[slot] = none;
    }
  }

  function plan<Subject>(
    timeMs: number,
    run: EventTask<Subject>,
    subject: Subject,
    from: number,
    to: number,
  ): void {
    insert(rows.add(Math.max(timeMs, nowMs), run as EventTask<unknown>, subject, from, to));
  }

  return {
    get nowMs() {
      return nowMs;
    },
    get size() {
      return near.size + inBuckets + far.size;
    },
    at: (timeMs, run) => plan(timeMs, runIt, run, 0, 0),
    as(timeMs, run) {
      const laterMs = nowMs;
      nowMs = timeMs;
      run();
      nowMs = laterMs;
    },
    plan,
    runUntil(timeMs, onTimeChange) {
      for (;;) {
        advance();
        // What the end of a turn plans for now still belongs to now.
        if (near.size === 0 || rows.timeOf(near.first) > nowMs) {
          onTimeChange();
          advance();
        }
        if (near.size === 0 || rows.timeOf(near.first) > timeMs) break;
        nowMs = rows.timeOf(near.first);
        rows.run(near.pop());
      }
      nowMs = Math.max(nowMs, timeMs);
    },
  };
}

function runIt(run: () => void): void {
  run();
}

interface Rows {
  add(timeMs: number, run: EventTask<unknown>, subject: unknown, from: number, to: number): number;
  /** Frees the row. */
  run(row: number): void;
  timeOf(row: number): number;
  isBefore(row: number, other: number): boolean;
  link(row: number, next: number): void;
  next(row: number): number;
}

/** Columns; rows that have run are used again. */
function createRows(): Rows {
  let times = new Float64Array(1024);
  let orders = new Float64Array(1024);
  let ends = new Int32Array(3 * 1024);
  const tasks: EventTask<unknown>[] = [];
  const subjects: unknown[] = [];
  let used = 0;
  let order = 0;
  let free = none;

  function grow(): void {
    times = longer(times, new Float64Array(2 * used));
    orders = longer(orders, new Float64Array(2 * used));
    ends = longer(ends, new Int32Array(3 * 2 * used));
  }

  function take(): number {
    if (free !== none) {
      const row = free;
      free = ends[3 * row]!;
      return row;
    }
    if (used === times.length) grow();
    return used++;
  }

  return {
    add(timeMs, run, subject, from, to) {
      const row = take();
      times[row] = timeMs;
      orders[row] = order++;
      ends[3 * row + 1] = from;
      ends[3 * row + 2] = to;
      tasks[row] = run;
      subjects[row] = subject;
      return row;
    },
    run(row) {
      const task = tasks[row]!;
      const subject = subjects[row];
      subjects[row] = undefined;
      ends[3 * row] = free;
      free = row;
      task(subject, ends[3 * row + 1]!, ends[3 * row + 2]!);
    },
    timeOf: (row) => times[row]!,
    isBefore: (row, other) =>
      times[row]! < times[other]! || (times[row] === times[other] && orders[row]! < orders[other]!),
    link(row, next) {
      ends[3 * row] = next;
    },
    next: (row) => ends[3 * row]!,
  };
}

function longer<Column extends Float64Array | Int32Array>(column: Column, twice: Column): Column {
  twice.set(column);
  return twice;
}

interface RowHeap {
  readonly size: number;
  /** The earliest; there must be one. */
  readonly first: number;
  push(row: number): void;
  pop(): number;
}

function createRowHeap(rows: Rows): RowHeap {
  const heap: number[] = [];
  return {
    get size() {
      return heap.length;
    },
    get first() {
      return heap[0]!;
    },
    push(row) {
      let index = heap.length;
      heap.push(row);
      for (let parent = (index - 1) >> 1; index > 0; parent = (index - 1) >> 1) {
        const above = heap[parent]!;
        if (rows.isBefore(above, row)) break;
        heap[index] = above;
        index = parent;
      }
      heap[index] = row;
    },
    pop() {
      const first = heap[0]!;
      const row = heap.pop()!;
      const size = heap.length;
      if (size === 0) return first;
      let index = 0;
      for (let child = 1; child < size; child = 2 * index + 1) {
        if (child + 1 < size && rows.isBefore(heap[child + 1]!, heap[child]!)) child++;
        const below = heap[child]!;
        if (!rows.isBefore(below, row)) break;
        heap[index] = below;
        index = child;
      }
      heap[index] = row;
      return first;
    },
  };
}
