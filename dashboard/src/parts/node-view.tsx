/** One node at a glance: figures, who it is, the ring, what happens, how it fared, its peers. */
import { keyspace, peers, status } from '../node-state.ts';
import { count, counted, size } from '../words.ts';
import { Charts } from './charts.tsx';
import { Copyable } from './copyable.tsx';
import { Feed } from './feed.tsx';
import { Neighbours } from './neighbours.tsx';
import { PeersTable } from './peers-table.tsx';
import { KeyspaceRing } from './ring.tsx';

export function NodeView() {
  const known = status.value;
  return (
    <>
      <h1 class="unseen">This node</h1>
      <Figures />
      <div class="loom">
        <section class="identity" aria-labelledby="identity-title">
          <h2 id="identity-title">Identity</h2>
          {known === null ? <p class="quiet">Asking the node…</p> : <Identity />}
        </section>
        <section class="space" aria-labelledby="space-title">
          <h2 id="space-title">Key space</h2>
          {keyspace.value === null ? <div class="ring-place" /> : <KeyspaceRing space={keyspace.value} />}
        </section>
        <Feed />
      </div>
      <Charts />
      {peers.value !== null && <PeersTable peers={peers.value} />}
    </>
  );
}

function Figures() {
  const known = status.value;
  const figure = (label: string, value: string, rest: string) => (
    <div class="figure">
      <dt>{label}</dt>
      <dd>
        <b>{value}</b>
        <span>{rest}</span>
      </dd>
    </div>
  );
  if (known === null) return <dl class="figures waiting" />;
  const { agents, store, memory } = known;
  return (
    <dl class="figures">
      {figure('Peers', count(known.connectedPeers), `connected, ${count(known.knownPeers)} known`)}
      {figure('Records', count(agents.stored), `held, ${counted(agents.known, 'agent')} known`)}
      {figure(
        'Custody',
        count(agents.custodial),
        agents.custodial === 1 ? 'agent signed for here' : 'agents signed for here',
      )}
      {figure('Store', size(store.sizeBytes), `${size(store.freeBytes)} free`)}
      {figure('Memory', size(memory.residentBytes), `${size(memory.heapUsedBytes)} of it heap in use`)}
    </dl>
  );
}

function Identity() {
  const { peer, version, network, addresses, store, startedAt } = status.value!;
  return (
    <dl class="facts">
      <div>
        <dt>Peer</dt>
        <dd class="peer-id">
          <Copyable text={peer} what="the peer id" whole />
        </dd>
      </div>
      <div>
        <dt>Addresses</dt>
        <dd>
          {addresses.length === 0 && 'none: it only dials'}
          <ul class="addresses">
            {addresses.map((address) => (
              <li key={address}>
                <Copyable
                  text={address}
                  what="the address with the peer id"
                  shown={address.replace(/\/p2p\/[^/]+$/, '')}
                />
              </li>
            ))}
          </ul>
        </dd>
      </div>
      <div>
        <dt>Network</dt>
        <dd>
          <code>{network.protocolPrefix}</code>, {network.profile}
        </dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>weft {version}</dd>
      </div>
      <div>
        <dt>Since</dt>
        <dd>
          <time dateTime={startedAt}>
            {new Date(startedAt).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })}
          </time>
        </dd>
      </div>
      <div>
        <dt>Entries</dt>
        <dd>{count(store.entries)} in the store</dd>
      </div>
      <Neighbours />
      {network.isNew && status.value!.connectedPeers === 0 && <JoinHint address={addresses[0] ?? null} />}
    </dl>
  );
}

function JoinHint({ address }: { readonly address: string | null }) {
  return (
    <div class="hint">
      <dt>A new network</dt>
      <dd>
        Nobody else is here yet. Others join with
        {address !== null && <Copyable text={`weft start --bootstrap ${address}`} what="the command" whole />}
      </dd>
    </div>
  );
}
