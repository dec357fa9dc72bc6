/** The peers worth dialling at the next start, best first. Decides whom to keep and whom to dial; never dials. */
import type { PeerContact } from '../../core/peer/events.ts';

/** Contacts kept: enough that some still answer after a week away. */
export const contactsMax = 256;
/** Pauses between dials of one lost contact double up to this. */
const longestRetryMs = 120_000;

interface Entry {
  contact: PeerContact;
  seenAtMs: number;
  failures: number;
  nextDialAtMs: number;
}

export interface ContactBook {
  /** What an earlier run remembered; does not replace what is known already. */
  restore(contacts: readonly PeerContact[]): void;
  /** A full peer is connected at these addresses. */
  noteSeen(contact: PeerContact, nowMs: number): void;
  noteFailed(peer: string, nowMs: number): void;
  /** Best first: the fewest failures, then the latest seen; at most 256. */
  best(): readonly PeerContact[];
  /** The contact to dial next of those that `isWanted`, or null when none is due. */
  nextDue(nowMs: number, isWanted: (peer: string) => boolean): PeerContact | null;
  readonly size: number;
}

/** `firstRetryMs`: the pause after the first dial of a contact that failed. */
export function createContactBook(self: string, firstRetryMs: number): ContactBook {
  const entries = new Map<string, Entry>();

  function compare(left: Entry, right: Entry): number {
    return left.failures - right.failures || right.seenAtMs - left.seenAtMs;
  }

  function sorted(): Entry[] {
    return [...entries.values()].sort(compare);
  }

  function put(contact: PeerContact, seenAtMs: number): void {
    entries.set(contact.peer, { contact, seenAtMs, failures: 0, nextDialAtMs: 0 });
    if (entries.size <= contactsMax) return;
    const worst = sorted().at(-1);
    if (worst !== undefined) entries.delete(worst.contact.peer);
  }

  return {
    restore(contacts) {
      for (const [index, contact] of contacts.slice(0, contactsMax).entries()) {
        if (contact.peer !== self && contact.addresses.length > 0 && !entries.has(contact.peer))
          put(contact, -index);
      }
    },
    noteSeen(contact, nowMs) {
      if (contact.peer === self || contact.addresses.length === 0) return;
      put({ peer: contact.peer, addresses: contact.addresses }, nowMs);
    },
    noteFailed(peer, nowMs) {
      const entry = entries.get(peer);
      if (entry === undefined) return;
      entry.nextDialAtMs = nowMs + Math.min(longestRetryMs, firstRetryMs * 2 ** entry.failures);
      entry.failures++;
    },
    best: () => sorted().map(({ contact }) => contact),
    nextDue(nowMs, isWanted) {
      const due = sorted().find(
        ({ contact, nextDialAtMs }) => nextDialAtMs <= nowMs && isWanted(contact.peer),
      );
      return due?.contact ?? null;
    },
    get size() {
      return entries.size;
    },
  };
}
