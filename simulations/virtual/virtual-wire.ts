/**
 * One connection of the simulated network, as TCP is one: two ends, bytes in order, nothing lost between two machines that
 * reach each other in time. A cut holds bytes back until it heals; a reset or the end of a machine is news that travels.
 */

/** Unsent bytes beyond which an end asks its writer to wait: a socket's send buffer. */
const sendBufferBytes = 256 * 1024;

export interface WireEnd {
  /** False: wait for `drained`. Takes over the bytes. */
  send(bytes: Uint8Array): boolean;
  /** All that was sent arrives, then the other side sees the end. */
  close(): void;
  /** What is under way is lost; the other side sees a reset. */
  reset(): void;
  /** No bytes are handed over until it is false again. */
  setPaused(isPaused: boolean): void;
  /** Attach before the turn ends in which the end was handed out. */
  handlers: WireHandlers | null;
}

export interface WireHandlers {
  received(bytes: Uint8Array): void;
  drained(): void;
  /** The other side has closed, and everything from it was received. */
  ended(): void;
  /** The connection is gone without an end. */
  broken(): void;
}

/** What one direction of a wire asks of the network. */
export interface WirePath {
  /** Milliseconds until something of that size arrives; null: the path is cut. */
  delayMs(sizeBytes: number): number | null;
  /** The machine that is sent to runs, and is the one that was connected. */
  isAlive(): boolean;
  /** It has been switched off without a word: nobody there answers, not even with a reset. */
  isSilent(): boolean;
  arrived(kind: 'data' | 'end' | 'reset', sizeBytes: number): void;
}

interface Parcel {
  readonly kind: 'data' | 'end';
  chunks: Uint8Array[];
  sizeBytes: number;
}

export interface Wire {
  readonly ends: readonly [WireEnd, WireEnd];
  /** Both ends are closed or gone. */
  readonly isOver: boolean;
  /** Both see a reset at once, as from a middlebox. */
  breakNow(): void;
  /** The machine of that end is gone: it sees nothing any more. */
  orphan(end: 0 | 1): void;
  /** What a cut has held back goes on, each direction after its own wait. */
  resume(waitMs: () => number): void;
}

/** @param paths from end 0 to end 1, and back. */
export function createWire(paths: readonly [WirePath, WirePath], nowMs: () => number): Wire {
  const ends = [createEnd(), createEnd()] as const;
  const lanes = [createLane(0), createLane(1)] as const;

  function createEnd() {
    return {
      handlers: null as WireHandlers | null,
      isOpen: true,
      isPaused: false,
      unread: [] as Parcel[],
    };
  }

  /** From end `from` to the other. */
  function createLane(from: 0 | 1) {
    const path = paths[from];
    const sender = ends[from];
    const receiver = ends[from === 0 ? 1 : 0];
    const held: Parcel[] = [];
    let lastAtMs = 0;
    let newest: { readonly parcel: Parcel; readonly sentAtMs: number } | null = null;
    let unsentBytes = 0;
    let isFull = false;

    function send(parcel: Parcel): void {
      if (held.length > 0) held.push(parcel);
      else dispatch(parcel);
    }

    function dispatch(parcel: Parcel): void {
      const delayMs = path.delayMs(parcel.sizeBytes);
      if (delayMs === null) {
        held.push(parcel);
        return;
      }
      schedule(delayMs, () => arrive(parcel));
    }

    /** In order: nothing overtakes. */
    function schedule(delayMs: number, task: () => void): void {
      lastAtMs = Math.max(lastAtMs, nowMs() + Math.ceil(delayMs));
      setTimeout(task, lastAtMs - nowMs());
    }

    function arrive(parcel: Parcel): void {
      if (newest?.parcel === parcel) newest = null;
      drain(parcel.sizeBytes);
      if (receiver.isOpen && path.isAlive()) {
        path.arrived(parcel.kind, parcel.sizeBytes);
        if (receiver.isPaused || receiver.unread.length > 0) receiver.unread.push(parcel);
        else handOver(receiver, parcel);
      } else if (sender.isOpen && !path.isSilent() && parcel.kind === 'data') {
        // Nobody is there for this connection: the machine answers with a reset.
        const back = paths[from === 0 ? 1 : 0];
        const backMs = back.delayMs(0);
        if (backMs === null) return;
        setTimeout(() => {
          if (!sender.isOpen) return;
          back.arrived('reset', 0);
          breakEnd(sender);
        }, Math.ceil(backMs));
      }
    }

    function drain(sizeBytes: number): void {
      unsentBytes -= sizeBytes;
      if (!isFull || unsentBytes >= sendBufferBytes) return;
      isFull = false;
      if (sender.isOpen) sender.handlers?.drained();
    }

    return {
      /** What one turn writes leaves as one parcel. */
      write(bytes: Uint8Array): boolean {
        unsentBytes += bytes.length;
        if (newest !== null && newest.sentAtMs === nowMs()) {
          newest.parcel.chunks.push(bytes);
          newest.parcel.sizeBytes += bytes.length;
        } else {
          const parcel: Parcel = { kind: 'data', chunks: [bytes], sizeBytes: bytes.length };
          newest = { parcel, sentAtMs: nowMs() };
          send(parcel);
        }
        isFull = unsentBytes >= sendBufferBytes;
        return !isFull;
      },
      end() {
        newest = null;
        send({ kind: 'end', chunks: [], sizeBytes: 0 });
      },
      reset() {
        held.length = 0;
        const delayMs = path.delayMs(0);
        if (delayMs === null) return;
        schedule(delayMs, () => {
          if (!receiver.isOpen || !path.isAlive()) return;
          path.arrived('reset', 0);
          breakEnd(receiver);
        });
      },
      resume(waitMs: number) {
        if (held.length === 0) return;
        setTimeout(() => {
          for (const parcel of held.splice(0)) send(parcel);
        }, waitMs);
      },
    };
  }

  function handOver(end: (typeof ends)[0], parcel: Parcel): void {
    if (!end.isOpen) return;
    if (parcel.kind === 'end') {
      end.isOpen = false;
      end.handlers?.ended();
      return;
    }
    const [only] = parcel.chunks;
    end.handlers?.received(parcel.chunks.length === 1 ? only! : Buffer.concat(parcel.chunks));
  }

  function breakEnd(end: (typeof ends)[0]): void {
    if (!end.isOpen) return;
    end.isOpen = false;
    end.unread.length = 0;
    end.handlers?.broken();
  }

  function surface(index: 0 | 1): WireEnd {
    const end = ends[index];
    const lane = lanes[index];
    return {
      get handlers() {
        return end.handlers;
      },
      set handlers(handlers) {
        end.handlers = handlers;
      },
      send: (bytes) => (end.isOpen ? lane.write(bytes) : true),
      close() {
        if (!end.isOpen) return;
        end.isOpen = false;
        lane.end();
      },
      reset() {
        if (!end.isOpen) return;
        end.isOpen = false;
        lane.reset();
      },
      setPaused(isPaused) {
        end.isPaused = isPaused;
        while (!end.isPaused && end.unread.length > 0) handOver(end, end.unread.shift()!);
      },
    };
  }

  return {
    ends: [surface(0), surface(1)],
    get isOver() {
      return !ends[0].isOpen && !ends[1].isOpen;
    },
    breakNow() {
      for (const end of ends) breakEnd(end);
    },
    orphan(index) {
      ends[index].isOpen = false;
      ends[index].handlers = null;
    },
    resume(waitMs) {
      for (const lane of lanes) lane.resume(waitMs());
    },
  };
}
