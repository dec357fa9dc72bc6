/** Who this node knows, those that are connected first. Pointing at a line points at the peer on the ring, too. */
import type { Peer } from '../api/answers.ts';
import { nowMs, pointedPeer, status } from '../node-state.ts';
import { count, duration, latency } from '../words.ts';
import { Copyable } from './copyable.tsx';

/** More than that nobody reads. */
const rowsMax = 200;
/** Below this a neighbour is told less: gossipThreshold of the node. */
const scoreDoubted = -40;

export function PeersTable({ peers }: { readonly peers: readonly Peer[] }) {
  const connected = peers.filter((peer) => peer.connected).toSorted(byLatency);
  const others = peers.filter((peer) => !peer.connected);
  return (
    <section class="peers" aria-labelledby="peers-title">
      <div class="section-head">
        <h2 id="peers-title">Peers</h2>
        <span class="quiet">{count(connected.length)} connected</span>
      </div>
      {connected.length === 0 ? (
        <p class="empty">
          No peer is connected. The node goes on dialling those it knows; <code>weft doctor</code> says what
          may be wrong.
        </p>
      ) : (
        <Rows peers={connected.slice(0, rowsMax)} />
      )}
      {connected.length > rowsMax && <p class="quiet">and {count(connected.length - rowsMax)} more</p>}
      {others.length > 0 && (
        <details>
          <summary>{count(others.length)} known, not connected</summary>
          <Rows peers={others.slice(0, rowsMax)} />
        </details>
      )}
    </section>
  );
}

function byLatency(left: Peer, right: Peer): number {
  return (left.latencyMs ?? Number.MAX_VALUE) - (right.latencyMs ?? Number.MAX_VALUE);
}

function Rows({ peers }: { readonly peers: readonly Peer[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Peer</th>
          <th scope="col">Address</th>
          <th scope="col" class="number">
            Round trip
          </th>
          <th scope="col" class="number">
            Gossip score
          </th>
          <th scope="col">Speaks</th>
          <th scope="col">Connected</th>
        </tr>
      </thead>
      <tbody>
        {peers.map((peer) => (
          <Row key={peer.peer} peer={peer} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ peer }: { readonly peer: Peer }) {
  const point = (): void => {
    pointedPeer.value = peer.peer;
  };
  const leave = (): void => {
    pointedPeer.value = null;
  };
  return (
    <tr
      class={pointedPeer.value === peer.peer ? 'pointed' : ''}
      onPointerEnter={point}
      onPointerLeave={leave}
      onFocusIn={point}
      onFocusOut={leave}
    >
      <th scope="row">
        <span class={`dot ${peer.connected ? '' : 'hollow'}`} aria-hidden="true" />
        <Copyable text={peer.peer} what="the peer id" />
      </th>
      <td data-label="Address">
        <code>{peer.addresses[0]?.replace(/\/p2p\/[^/]+$/, '') ?? 'not told'}</code>
        {peer.addresses.length > 1 && <span class="quiet"> +{peer.addresses.length - 1}</span>}
      </td>
      <td class="number" data-label="Round trip">
        {peer.latencyMs === null ? <span class="quiet">not asked yet</span> : latency(peer.latencyMs)}
      </td>
      <td class="number" data-label="Gossip score">
        <Score peer={peer} />
      </td>
      <td data-label="Speaks">
        <Speech peer={peer} />
      </td>
      <td data-label="Connected">
        <Since peer={peer} />
      </td>
    </tr>
  );
}

function Score({ peer: { gossipScore, inMesh } }: { readonly peer: Peer }) {
  if (gossipScore === null) return <span class="quiet">none</span>;
  const mood = gossipScore < scoreDoubted ? 'bad' : '';
  return (
    <span class={mood} title={inMesh ? 'in the mesh of a topic' : 'in no mesh'}>
      {gossipScore.toFixed(1)}
      {inMesh && <span class="mesh"> mesh</span>}
    </span>
  );
}

function Speech({ peer: { agentVersion, protocols, isFull } }: { readonly peer: Peer }) {
  const prefix = status.value?.network.protocolPrefix ?? '';
  const spoken = newestOf(protocols.map((name) => name.replace(`${prefix}/`, '').replace(/^\//, '')));
  return (
    <span>
      {agentVersion ?? 'unknown'} <span class="quiet">{isFull ? 'full node' : 'client'}</span>
      <span class="spoken">{spoken.join(', ')}</span>
    </span>
  );
}

/** `record/1.0.0` as `record 1.0.0`: of each protocol the newest version. */
function newestOf(names: readonly string[]): readonly string[] {
  const versionByName = new Map<string, string>();
  for (const name of names) {
    const [protocol = '', version = ''] = name.split('/');
    if (version >= (versionByName.get(protocol) ?? '')) versionByName.set(protocol, version);
  }
  return [...versionByName].map(([protocol, version]) => `${protocol} ${version}`).toSorted();
}

function Since({ peer: { connectedAt, direction } }: { readonly peer: Peer }) {
  if (connectedAt === null) return <span class="quiet">no</span>;
  return (
    <span>
      {duration((nowMs.value - Date.parse(connectedAt)) / 1000)}{' '}
      <span class="quiet">{direction === 'inbound' ? 'it dialled' : 'we dialled'}</span>
    </span>
  );
}
