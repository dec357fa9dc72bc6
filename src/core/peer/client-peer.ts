/**
 * A participant that only asks: without the sides of a storing peer, which it never is, and whose code a page need not load.
 * The contract stands in compose-peer.
 */
import { encodeFailure } from '../overlay/message.ts';
import type { TakeItem } from '../place/intake.ts';
import { composePeer, type Peer, type PeerOptions } from './compose-peer.ts';

const nothing = { size: () => 0, get: () => undefined };
const refuse: TakeItem = (_bytes, _from, onAnswer) => onAnswer({ status: 'refused', code: 'not-closest' });
const ignore = (): void => {};

/** @param options.config whatever its role says, this one is a client */
export function createClientPeer({ config, ...rest }: PeerOptions): Peer {
  return composePeer(
    { ...rest, config: { ...config, role: 'client' } },
    {
      capabilities: () => ({
        ...{ store: nothing, take: refuse, changed: ignore },
        show: () => ({ announcements: [], closer: [] }),
      }),
      names: (context) => ({
        ...{ store: nothing, take: refuse, changed: ignore, restore: ignore, start: ignore },
        isMine: () => false,
        handle: (inboundId) =>
          context.emit({ type: 'send-response', inboundId, body: encodeFailure('not-closest') }),
      }),
    },
  );
}
