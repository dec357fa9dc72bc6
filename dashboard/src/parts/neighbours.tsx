/** The peers closest to this node in the key space: what it stores, they store too. */
import { keyspace, pointedPeer } from '../node-state.ts';
import { counted } from '../words.ts';
import { Copyable } from './copyable.tsx';

const shownMax = 6;

export function Neighbours() {
  const near = keyspace.value?.peers.slice(0, shownMax) ?? [];
  if (near.length === 0) return null;
  return (
    <div>
      <dt>Closest in the key space</dt>
      <dd>
        <ol class="neighbours">
          {near.map(({ peer, sharedBits }) => (
            <li
              key={peer}
              class={pointedPeer.value === peer ? 'pointed' : ''}
              onPointerEnter={() => point(peer)}
              onPointerLeave={() => point(null)}
              onFocusIn={() => point(peer)}
              onFocusOut={() => point(null)}
            >
              <Copyable text={peer} what="the peer id" />
              <span class="quiet">{counted(sharedBits, 'bit')}</span>
            </li>
          ))}
        </ol>
      </dd>
    </div>
  );
}

function point(peer: string | null): void {
  pointedPeer.value = peer;
}
