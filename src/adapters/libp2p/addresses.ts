/**
 * Keeps this node in its network: dials bootstrap peers and remembered ones until a full peer answers, for ever;
 * dials lost ones now and then, so that two halves of a network find each other again; writes down whom it met.
 */
import type { PeerContact } from '../../core/peer/events.ts';
import type { Log } from '../../ports/log.ts';
import { type ContactBook, createContactBook } from './contact-book.ts';
import type { Dialer } from './dialer.ts';
import type { ContactStore, HostListeners, HostTiming } from './host-types.ts';
import type { DialTarget } from './multiaddrs.ts';
import type { PeerDirectory } from './peer-directory.ts';

/** Of each list, in one round while isolated. */
const dialsPerRound = 4;

export interface AddressesOptions {
  readonly self: string;
  readonly bootstrap: readonly DialTarget[];
  readonly store: ContactStore | undefined;
  readonly directory: PeerDirectory;
  readonly dialer: Dialer;
  readonly listeners: HostListeners;
  readonly timing: HostTiming;
  readonly log: Log;
}

export interface Addresses {
  /** True when there was neither a bootstrap address nor a known peer at the start. */
  readonly isNew: boolean;
  /** Ids of the peers that are remembered. */
  contacts(): readonly string[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createAddresses(options: AddressesOptions): Addresses {
  const { bootstrap, store, directory, dialer, listeners, timing, log } = options;
  const book: ContactBook = createContactBook(options.self, timing.reconnectMs);
  let isNew = false;
  let isRunning = false;
  let isJoined = false;
  let bootstrapNext = 0;
  let roundMs = timing.rejoinFirstMs;
  let roundTimer: ReturnType<typeof setTimeout> | undefined;
  let saveTimer: ReturnType<typeof setTimeout> | undefined;
  let savedAtMs = Number.NEGATIVE_INFINITY;
  let saving: Promise<void> = Promise.resolve();

  directory.listen({
    peerAdded: (contact) => {
      book.noteSeen(contact, Date.now());
      saveSoon();
      noteMembership();
    },
    peerRemoved: (peer) => {
      book.noteFailed(peer, Date.now());
      noteMembership();
    },
    peerConnected: noteMembership,
    peerDisconnected: noteMembership,
  });

  function noteMembership(): void {
    const fullPeers = directory.fullPeers();
    if (!isRunning || isJoined === fullPeers > 0) return;
    isJoined = fullPeers > 0;
    if (isJoined) {
      roundMs = timing.rejoinFirstMs;
      log.info({ fullPeers }, 'joined the network');
      listeners.joined?.(fullPeers);
    } else {
      log.warn({}, 'no full peer is connected any more; dialling on');
      listeners.isolated?.();
      planRound(0);
    }
  }

  function planRound(delayMs: number): void {
    clearTimeout(roundTimer);
    if (!isRunning) return;
    roundTimer = setTimeout(() => {
      round().then(
        () => planRound(isJoined ? jittered(timing.reconnectMs) : jittered(roundMs)),
        (error: unknown) => {
          log.error({ error }, 'a round of dialling failed');
          planRound(jittered(timing.rejoinLongestMs));
        },
      );
    }, delayMs);
  }

  async function round(): Promise<void> {
    if (isJoined) {
      await reconnectOne();
      return;
    }
    const targets = mergeByPeer([...nextBootstrap(), ...book.best().slice(0, dialsPerRound)]);
    const outcomes = await Promise.all(targets.map(tryDial));
    if (!outcomes.includes(true)) roundMs = Math.min(timing.rejoinLongestMs, roundMs * 2);
  }

  /** Turns through the list, a few at a time. */
  function nextBootstrap(): PeerContact[] {
    const count = Math.min(dialsPerRound, bootstrap.length);
    return Array.from({ length: count }, () => {
      const { peer, address } = bootstrap[bootstrapNext++ % bootstrap.length]!;
      return { peer, addresses: [address] };
    });
  }

  /** A remembered peer that is due, or else a bootstrap peer: whoever stands on the other side of a healed cut. */
  async function reconnectOne(): Promise<void> {
    const isWanted = (peer: string): boolean => !dialer.isConnected(peer);
    const lost = book.nextDue(Date.now(), isWanted);
    const target = lost ?? nextBootstrap().find(({ peer }) => isWanted(peer));
    if (target !== undefined) await tryDial(target);
  }

  async function tryDial(contact: PeerContact): Promise<boolean> {
    if (contact.peer === options.self) return false;
    try {
      await dialer.connect(contact);
      return true;
    } catch (error) {
      log.debug({ peer: contact.peer, error }, 'a known peer does not answer');
      book.noteFailed(contact.peer, Date.now());
      return false;
    }
  }

  function saveSoon(): void {
    if (store === undefined || saveTimer !== undefined || !isRunning) return;
    const delayMs = Math.max(timing.saveMs / 10, savedAtMs + timing.saveMs - performance.now());
    saveTimer = setTimeout(() => {
      saveTimer = undefined;
      save();
    }, delayMs);
  }

  function save(): void {
    for (const known of directory.all()) {
      if (known.isFull && known.isConnected) book.noteSeen(known, Date.now());
    }
    if (store === undefined || book.size === 0) return;
    savedAtMs = performance.now();
    saving = saving
      .then(() => store.save(book.best()))
      .catch((error: unknown) => log.warn({ error }, 'the known peers could not be saved'));
  }

  async function start(): Promise<void> {
    const remembered = await load();
    book.restore(remembered);
    isNew = bootstrap.length === 0 && book.size === 0;
    isRunning = true;
    if (isNew) {
      log.info({}, 'no bootstrap address and no known peer: this is a new network');
      listeners.networkCreated?.();
    }
    planRound(0);
    noteMembership();
  }

  async function load(): Promise<readonly PeerContact[]> {
    try {
      return (await store?.load()) ?? [];
    } catch (error) {
      log.warn({ error }, 'the known peers could not be loaded; joining through the bootstrap peers alone');
      return [];
    }
  }

  async function stop(): Promise<void> {
    if (!isRunning) return;
    isRunning = false;
    clearTimeout(roundTimer);
    clearTimeout(saveTimer);
    save();
    await saving;
  }

  return {
    get isNew() {
      return isNew;
    },
    contacts: () => book.best().map(({ peer }) => peer),
    start,
    stop,
  };
}

function mergeByPeer(contacts: readonly PeerContact[]): PeerContact[] {
  const addressesByPeer = new Map<string, Set<string>>();
  for (const { peer, addresses } of contacts) {
    const known = addressesByPeer.get(peer) ?? new Set();
    for (const address of addresses) known.add(address);
    addressesByPeer.set(peer, known);
  }
  return [...addressesByPeer].map(([peer, addresses]) => ({ peer, addresses: [...addresses] }));
}

/** Nodes that lost the same peer do not come back in step. */
function jittered(delayMs: number): number {
  return delayMs * (0.75 + Math.random() / 2);
}
