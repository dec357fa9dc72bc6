/**
 * The key space as a ring: 0 at the top, clockwise. Outside it how many of the records held stand where, on it the peers,
 * within it a thread from this node to each of its neighbours: the closer (by XOR), the stronger.
 */
import { useEffect, useState } from 'preact/hooks';
import type { Change, Keyspace } from '../api/answers.ts';
import { connectedPeers, feed, peers, pointedPeer, status } from '../node-state.ts';
import { placeOfAgent, pointAt, threadPath, turnOf } from '../place.ts';
import { count, latency, short } from '../words.ts';

const radius = 196;
const knotRadius = radius - 26;
const fringe = radius + 16;
const fringeLength = 56;
/** Neighbours with a thread: as many as store one record. */
const threadsMax = 20;
/** Changes that flash on the ring at once. */
const flashesMax = 24;

export function KeyspaceRing({ space }: { readonly space: Keyspace }) {
  const pointed = space.peers.find((peer) => peer.peer === pointedPeer.value) ?? null;
  const connected = new Set(connectedPeers.value.map((peer) => peer.peer));
  const held = space.held.reduce((sum, value) => sum + value, 0);
  return (
    <figure class="ring">
      <svg viewBox="-300 -300 600 600" role="img" aria-label={summary(space, held, connected.size)}>
        <Dial />
        <path class="density" d={densityPath(space.held)} />
        <Threads space={space} pointed={pointed?.peer ?? null} />
        <Flashes />
        <SelfKnot place={space.place} />
        {space.peers.map(({ peer, place }) => (
          <PeerDot key={peer} peer={peer} place={place} isConnected={connected.has(peer)} />
        ))}
        {pointed === null ? <Held held={held} /> : <Pointed peer={pointed.peer} bits={pointed.sharedBits} />}
      </svg>
      <figcaption>
        <span class="key knot">this node</span>
        <span class="key">peer, connected</span>
        <span class="key hollow">peer, known</span>
        <span class="key bars">records held</span>
        <span class="key flash">a change</span>
      </figcaption>
    </figure>
  );
}

function summary({ peers: known }: Keyspace, held: number, connected: number): string {
  return `The key space as a ring: this node, ${count(known.length)} peers of which ${count(connected)} are connected, and ${count(held)} records held. The table of peers below says the same in words.`;
}

/** The circle, and the first digit of the places that begin at each quarter. */
export function Dial() {
  const quarters = ['0', '4', '8', 'c'];
  return (
    <g class="dial">
      <circle r={radius} />
      <circle class="base" r={fringe} />
      {Array.from({ length: 16 }, (_, index) => {
        const [from, to] = [pointAt(index / 16, radius - 5), pointAt(index / 16, radius + 5)];
        return <path key={index} d={`M${from.x} ${from.y}L${to.x} ${to.y}`} />;
      })}
      {quarters.map((digit, index) => {
        const { x, y } = pointAt(index / 4, radius - 20);
        return (
          <text key={digit} x={x} y={y} dy="0.35em">
            {digit}
          </text>
        );
      })}
    </g>
  );
}

/** One line for each part of the key space that holds something, as long as it holds much. */
function densityPath(held: readonly number[]): string {
  const most = Math.max(1, ...held);
  return held
    .flatMap((value, index) => {
      if (value === 0) return [];
      const turn = (index + 0.5) / held.length;
      const from = pointAt(turn, fringe + 2);
      const to = pointAt(turn, fringe + 4 + (value / most) * fringeLength);
      return [`M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`];
    })
    .join('');
}

function Threads({ space, pointed }: { readonly space: Keyspace; readonly pointed: string | null }) {
  const self = pointAt(turnOf(space.place), knotRadius);
  const near = space.peers.slice(0, threadsMax);
  const others = space.peers.slice(threadsMax).filter(({ peer }) => peer === pointed);
  return (
    <g class="threads">
      {[...near, ...others].map(({ peer, place }, rank) => {
        const to = pointAt(turnOf(place), radius);
        return (
          <path
            key={peer}
            class={peer === pointed ? 'pointed' : ''}
            opacity={peer === pointed ? 1 : Math.max(0.22, 0.85 - rank * 0.06)}
            d={threadPath(self, to, radius)}
          />
        );
      })}
    </g>
  );
}

interface PeerDotProps {
  readonly peer: string;
  readonly place: string;
  readonly isConnected: boolean;
}

function PeerDot({ peer, place, isConnected }: PeerDotProps) {
  const { x, y } = pointAt(turnOf(place), radius);
  const isPointed = pointedPeer.value === peer;
  const leave = (): void => {
    pointedPeer.value = null;
  };
  return (
    <g
      class={`peer ${isConnected ? 'connected' : 'known'} ${isPointed ? 'pointed' : ''}`}
      transform={`translate(${x} ${y})`}
      onPointerEnter={() => {
        pointedPeer.value = peer;
      }}
      onPointerLeave={leave}
    >
      <circle class="reach" r="13" />
      <circle r={isPointed ? 8 : 5.5} />
    </g>
  );
}

/** Within the ring, on a stem: a close neighbour would stand on the same point. */
function SelfKnot({ place }: { readonly place: string }) {
  const turn = turnOf(place);
  const [{ x, y }, foot] = [pointAt(turn, knotRadius), pointAt(turn, radius)];
  return (
    <g class="self">
      <path d={`M${x} ${y}L${foot.x} ${foot.y}`} />
      <circle class="outer" r="12" cx={x} cy={y} />
      <circle r="5.5" cx={x} cy={y} />
    </g>
  );
}

function Held({ held }: { readonly held: number }) {
  const known = status.value?.agents.known ?? 0;
  return (
    <g class="centre">
      <text class="number" y="2">
        {count(held)}
      </text>
      <text class="words" y="28">
        {held === 1 ? 'record held' : 'records held'}, of {count(known)} known
      </text>
    </g>
  );
}

function Pointed({ peer, bits }: { readonly peer: string; readonly bits: number }) {
  const found = peers.value?.find((one) => one.peer === peer);
  const away = found?.latencyMs == null ? '' : `, ${latency(found.latencyMs)} away`;
  return (
    <g class="centre">
      <text class="id" y="-4">
        {short(peer)}
      </text>
      <text class="words" y="22">
        {bits === 1 ? 'shares 1 bit' : `shares ${bits} bits`}
        {away}
      </text>
    </g>
  );
}

interface Flash {
  readonly key: number;
  readonly turn: number;
  readonly change: Change['change'];
}

/** Each change of the feed shows for a moment where its agent stands. */
function Flashes() {
  const [flashes, setFlashes] = useState<readonly Flash[]>([]);
  const newest = feed.value[0];
  useEffect(() => {
    if (newest === undefined || newest.change === null) return;
    const { key, change } = newest;
    let isOver = false;
    void placeOfAgent(change.agentId).then((place) => {
      if (place === null || isOver) return;
      const flash = { key, turn: turnOf(place), change: change.change };
      setFlashes((shown) => [flash, ...shown.slice(0, flashesMax - 1)]);
    });
    return () => {
      isOver = true;
    };
  }, [newest?.key]);
  return (
    <g class="flashes">
      {flashes.map(({ key, turn, change }) => {
        const from = pointAt(turn, radius + 8);
        const to = pointAt(turn, fringe + fringeLength + 10);
        return <path key={key} class={change} d={`M${from.x} ${from.y}L${to.x} ${to.y}`} />;
      })}
    </g>
  );
}
