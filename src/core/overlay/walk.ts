/**
 * Asks peer after peer on the way to a point of the key space: a few at a time, another one beside whoever is silent, until
 * its user says that it is done. Decides whom to ask when; what is asked, and what an answer means, is its user's.
 * Source: docs/protocol.md §4 (α in parallel, hedged). Bounds: those of the lookup.
 */
import type { PeerContact } from '../peer/events.ts';
import type { Lookup } from './lookup.ts';

export interface WalkOptions {
  readonly lookup: Lookup;
  /** Calls back after so many milliseconds. Returns the cancellation. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** The silence after which another one is asked beside; left out: everybody is waited for. */
  readonly hedgeMs?: () => number;
  /** How many to wait for at once, as far as is known by now. */
  readonly parallelism: () => number;
  /** Calls back once, with the peers that the answer names; null when there was none of use. */
  readonly ask: (contact: PeerContact, onAnswer: (closer: readonly PeerContact[] | null) => void) => void;
  /** Somebody has answered, failed or kept silent. */
  readonly onProgress?: () => void;
  /** It is enough, or nobody is left to ask. */
  readonly isDone: () => boolean;
  /** Not called after a cancellation. */
  readonly onEnd: () => void;
}

export interface Walk {
  /** Begins; later, looks again at whether it is done and whom to ask. */
  advance(): void;
  /** Ends it with what there is. */
  end(): void;
  /** Nobody is asked or called back any more. */
  cancel(): void;
  isOver(): boolean;
  /** Requests so far. */
  asked(): number;
}

export function createWalk(options: WalkOptions): Walk {
  const { lookup, after, hedgeMs } = options;
  // One for each request that is under way.
  const hedges = new Set<() => void>();
  let asked = 0;
  let isOver = false;

  function advance(): void {
    if (isOver) return;
    options.onProgress?.();
    if (options.isDone()) {
      end();
      return;
    }
    for (const contact of lookup.take(lookup.missing(options.parallelism()))) ask(contact);
  }

  function ask(contact: PeerContact): void {
    asked++;
    const cancelHedge = hedge(contact);
    options.ask(contact, (closer) => {
      cancelHedge();
      if (isOver) return;
      if (closer === null) lookup.failed(contact.peer);
      else lookup.answered(contact.peer, closer);
      advance();
    });
  }

  /** A silent peer must not hold up the others. */
  function hedge({ peer }: PeerContact): () => void {
    if (hedgeMs === undefined) return () => {};
    const cancelTimer = after(hedgeMs(), () => {
      lookup.late(peer);
      advance();
    });
    const cancelHedge = (): void => {
      hedges.delete(cancelHedge);
      cancelTimer();
    };
    hedges.add(cancelHedge);
    return cancelHedge;
  }

  function cancel(): void {
    isOver = true;
    for (const cancelHedge of hedges) cancelHedge();
  }

  function end(): void {
    if (isOver) return;
    cancel();
    options.onEnd();
  }

  return {
    ...{ advance, end, cancel },
    isOver: () => isOver,
    asked: () => asked,
  };
}
