/**
 * The overlay port with a door beside the core's: requests about content and the private path go to their own part, all
 * others to the core. Hears on the way who there is. Nothing behind the door is loaded before somebody knocks.
 */
import { contentMessages, messageType } from '../core/overlay/message-type.ts';
import { createRoutingTable } from '../core/overlay/routing-table.ts';
import type { PeerContact } from '../core/peer/events.ts';
import type { Overlay, OverlayHandlers } from '../ports/overlay.ts';
import type { KnownPeers } from './path-types.ts';

/** Answers one request of these kinds; the core's own handler is there for questions that were sealed. Never rejects. */
export type PathServer = (
  peer: string,
  body: Uint8Array,
  core: OverlayHandlers['requestReceived'],
) => Promise<Uint8Array>;

const ownTypes: ReadonlySet<number> = new Set(Object.values(contentMessages));

/** @param serve null: this peer takes no requests. */
export function createPrivateOverlay(
  overlay: Overlay,
  serve: PathServer | null,
): { readonly overlay: Overlay; readonly peers: KnownPeers } {
  const routing = createRoutingTable(overlay.self.peer);
  /** Bounded by open connections. */
  const open = new Set<string>();

  function attach(handlers: OverlayHandlers): OverlayHandlers {
    return {
      ...handlers,
      peerAdded(contact) {
        routing.add(contact);
        handlers.peerAdded(contact);
      },
      peerRemoved(peer) {
        routing.remove(peer);
        handlers.peerRemoved(peer);
      },
      peerConnected(peer) {
        open.add(peer);
        handlers.peerConnected(peer);
      },
      peerDisconnected(peer) {
        open.delete(peer);
        handlers.peerDisconnected(peer);
      },
      requestReceived: (peer, body) =>
        serve !== null && ownTypes.has(messageType(body))
          ? serve(peer, body, handlers.requestReceived)
          : handlers.requestReceived(peer, body),
    };
  }

  function connected(): readonly PeerContact[] {
    const contacts: PeerContact[] = [];
    for (const peer of open) {
      const known = routing.get(peer);
      if (known !== undefined) contacts.push(known.contact);
    }
    return contacts;
  }

  return {
    overlay: {
      get self() {
        return overlay.self;
      },
      start: (handlers) => overlay.start(attach(handlers)),
      request: (to, body, options) => overlay.request(to, body, options),
      meet: (to) => overlay.meet(to),
      push: (to, body) => overlay.push(to, body),
      stop: () => overlay.stop(),
    },
    peers: { routing, connected, isConnected: (peer) => open.has(peer) },
  };
}
