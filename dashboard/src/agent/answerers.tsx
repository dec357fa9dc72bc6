/** Which peers answered, and where in the key space the agent and they stand. */
import { useEffect, useState } from 'preact/hooks';
import type { Keyspace, Resolution } from '../api/answers.ts';
import { keyspace, peers, pointedPeer, status } from '../node-state.ts';
import { Copyable } from '../parts/copyable.tsx';
import { Dial } from '../parts/ring.tsx';
import { placeOfAgent, pointAt, threadPath, turnOf } from '../place.ts';
import { counted, latency } from '../words.ts';

const radius = 196;

export function Answerers({ resolution }: { readonly resolution: Resolution }) {
  const { responders, holders, cached, agentId } = resolution;
  const [place, setPlace] = useState<string | null>(null);
  useEffect(() => {
    void placeOfAgent(agentId).then(setPlace);
  }, [agentId]);
  const space = keyspace.value;
  return (
    <div class="answerers">
      {space !== null && place !== null && <Place space={space} place={place} responders={responders} />}
      <div>
        <p>
          {cached
            ? 'Nobody was asked this time: this node verified the record before, and its ttl is not over.'
            : `${counted(responders.length, 'peer')} answered, ${holders} of them hold it.`}
        </p>
        {responders.length > 0 && <ResponderList responders={responders} />}
      </div>
    </div>
  );
}

function ResponderList({ responders }: { readonly responders: readonly string[] }) {
  const self = status.value?.peer;
  return (
    <ul class="responders">
      {responders.map((peer) => {
        const known = peers.value?.find((one) => one.peer === peer);
        return (
          <li key={peer} class={pointedPeer.value === peer ? 'pointed' : ''}>
            <span class="dot" aria-hidden="true" />
            <Copyable text={peer} what="the peer id" />
            <span class="quiet">
              {peer === self ? 'this node' : known?.latencyMs == null ? '' : latency(known.latencyMs)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

interface PlaceProps {
  readonly space: Keyspace;
  readonly place: string;
  readonly responders: readonly string[];
}

/** The agent where its records belong, with a thread to each who answered. */
function Place({ space, place, responders }: PlaceProps) {
  const agent = pointAt(turnOf(place), radius);
  const placeByPeer = new Map(space.peers.map((peer) => [peer.peer, peer.place]));
  if (status.value !== null) placeByPeer.set(status.value.peer, space.place);
  const answered = responders.flatMap((peer) => {
    const at = placeByPeer.get(peer);
    return at === undefined ? [] : [{ peer, ...pointAt(turnOf(at), radius) }];
  });
  return (
    <svg
      class="small-ring"
      viewBox="-240 -240 480 480"
      role="img"
      aria-label={`The agent stands at ${place.slice(0, 4)} in the key space`}
    >
      <Dial />
      <g class="threads">
        {answered.map((to) => (
          <path key={to.peer} d={threadPath(agent, to, radius)} />
        ))}
      </g>
      {space.peers.map((peer) => {
        const { x, y } = pointAt(turnOf(peer.place), radius);
        const isAnswering = responders.includes(peer.peer);
        return (
          <g
            key={peer.peer}
            class={`peer ${isAnswering ? 'connected' : 'known'}`}
            transform={`translate(${x} ${y})`}
          >
            <circle r={isAnswering ? 9 : 6} />
          </g>
        );
      })}
      <SelfDot place={space.place} />
      <g class="self" transform={`translate(${agent.x} ${agent.y})`}>
        <rect x="-10" y="-10" width="20" height="20" transform="rotate(45)" />
      </g>
      <text class="place-word" y="6">
        {place.slice(0, 4)}
      </text>
    </svg>
  );
}

function SelfDot({ place }: { readonly place: string }) {
  const { x, y } = pointAt(turnOf(place), radius);
  return (
    <g class="self" transform={`translate(${x} ${y})`}>
      <circle class="outer" r="13" />
      <circle r="6" />
    </g>
  );
}
