/** What a point of the key space is to one peer (docs/protocol.md §4, §7): its own to store or not, and who is closer. */
import { kadId } from '../overlay/distance.ts';
import type { RoutingTable } from '../overlay/routing-table.ts';
import type { PeerContact } from '../peer/events.ts';
import type { PeerConfig } from '../peer/peer-config.ts';

export interface StoringPeer {
  /** Whether this peer is a storing peer of that point, as far as it knows. */
  isMine(point: Uint8Array): boolean;
  /** The k closest that it knows, nearest first, for whoever asks. */
  closerTo(point: Uint8Array, asker: string): PeerContact[];
}

export function createStoringPeer(
  routing: RoutingTable,
  { role, replication, slack }: Pick<PeerConfig, 'role' | 'replication' | 'slack'>,
  nowMs: () => number,
): StoringPeer {
  return {
    isMine: (point) => role === 'full' && routing.isAmongClosest(kadId(point), replication + slack),
    closerTo: (point, asker) =>
      routing
        .closest(kadId(point), replication, nowMs())
        .map(({ contact }) => contact)
        .filter(({ peer }) => peer !== asker),
  };
}
