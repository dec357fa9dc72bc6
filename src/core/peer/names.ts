/** Everything about names in one peer: its side as a storing peer, what it publishes, what it looks up (docs/protocol.md §7). */
import { isNameRequest } from '../overlay/name-message.ts';
import type { FindPlaces } from '../place/place-finder.ts';
import type { PlaceSearcher } from '../place/place-searcher.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import { createNamePublisher, type NamePublisher } from './name-publisher.ts';
import { createNameSearcher, type NameSearcher } from './name-searcher.ts';
import type { NameServer } from './name-server.ts';
import type { Outbox } from './outbox.ts';

export interface Names {
  /** Names that are kept here. */
  size(): number;
  /** Answers the request when it is one about names; false when it is not. */
  handle(inboundId: number, peer: string, body: Uint8Array): boolean;
  /** From the disk at start. */
  load(entries: readonly Uint8Array[]): void;
  /** Everything is loaded. */
  start(): void;
  changed(state: AgentState): void;
  publish: NamePublisher['publish'];
  find: NameSearcher['find'];
}

export function createNames(
  context: PeerContext,
  server: NameServer,
  parts: {
    readonly table: AgentTable;
    readonly outbox: Outbox;
    readonly findPlaces: FindPlaces;
    readonly places: PlaceSearcher;
  },
): Names {
  // Of the first call: thousands of peers in one process never call.
  let publisher: NamePublisher | null = null;
  let searcher: NameSearcher | null = null;
  return {
    size: server.store.size,
    handle(inboundId, peer, body) {
      if (!isNameRequest(body)) return false;
      server.handle(inboundId, peer, body);
      return true;
    },
    load(entries) {
      for (const entry of entries) server.restore(entry);
    },
    start: server.start,
    changed: server.changed,
    publish(call) {
      publisher ??= createNamePublisher(context, { ...parts, server });
      return publisher.publish(call);
    },
    find(call) {
      searcher ??= createNameSearcher(context, { ...parts, server });
      return searcher.find(call);
    },
  };
}
