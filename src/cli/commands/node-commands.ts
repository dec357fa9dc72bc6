/** `weft status` and `weft peers`: the running node. */
import type { Command } from 'commander';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { columns } from '../terminal.ts';
import { counted, durationWords, sizeWords } from '../words.ts';

interface StatusJson {
  readonly version: string;
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly network: { readonly protocolPrefix: string; readonly profile: string; readonly isNew: boolean };
  readonly state: string;
  readonly startedAt: string;
  readonly connectedPeers: number;
  readonly knownPeers: number;
  readonly agents: { readonly stored: number; readonly known: number; readonly custodial: number };
  readonly store: {
    readonly entries: number;
    readonly sizeBytes: number;
    readonly freeBytes: number;
    readonly full: boolean;
    readonly quarantined: number;
  };
}

interface PeerJson {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly connected: boolean;
  readonly direction: string | null;
  readonly latencyMs: number | null;
  readonly agentVersion: string | null;
  readonly inMesh: boolean;
}

/** Adds them. */
export function addNodeCommands(program: Command, run: Runner): void {
  const status = program
    .command('status')
    .description('show the running node: addresses, network, agents, store');
  addExamples(status, [
    ['weft status', 'the node on the default data folder'],
    ['weft status --data ./second --json', 'another node, as one JSON object'],
  ]).action(run((context) => showStatus(context)));

  const peers = program
    .command('peers')
    .description('list the peers that the node knows')
    .option('--all', 'also those that are not connected');
  addExamples(peers, [
    ['weft peers', 'who is connected now'],
    ['weft peers --all', 'everybody that is known'],
  ]).action(
    run<[], { all?: boolean }>((context, _given, options) => showPeers(context, options.all === true)),
  );
}

async function showStatus({ terminal, client, nowMs }: Context): Promise<undefined> {
  const answer = await client().call('GET', '/v1/status');
  terminal.give(answer);
  const status = answer as unknown as StatusJson;
  const { agents, network, store } = status;
  const upSeconds = (nowMs() - Date.parse(status.startedAt)) / 1000;
  const state = terminal.paint(status.state === 'ready' ? 'good' : 'warning', status.state);
  const connected = counted(status.connectedPeers, 'peer');
  const alone = status.connectedPeers === 0 && network.isNew ? ' (a new network: no other node yet)' : '';
  const full = store.full ? `  ${terminal.paint('bad', 'full: puts are refused until space is freed')}` : '';
  const damaged =
    store.quarantined > 0
      ? `  ${terminal.paint('warning', `${store.quarantined} damaged, fetched again`)}`
      : '';
  terminal.say(`weft ${status.version}  ${state} for ${durationWords(upSeconds)}`);
  const rows = [
    ['peer', status.peer],
    ...status.addresses.map((address, index) => [index === 0 ? 'addresses' : '', address]),
    [
      'network',
      `${network.protocolPrefix}, ${network.profile}: ${connected} connected, ${status.knownPeers} known${alone}`,
    ],
    ['agents', `${agents.stored} stored, ${agents.known} known, ${agents.custodial} in custody`],
    [
      'store',
      `${counted(store.entries, 'entry')}, ${sizeWords(store.sizeBytes)}, ${sizeWords(store.freeBytes)} free${full}${damaged}`,
    ],
  ];
  for (const line of columns(rows, '  ')) terminal.say(line);
}

async function showPeers({ terminal, client }: Context, all: boolean): Promise<undefined> {
  const answer = (await client().call('GET', '/v1/peers')) as unknown as {
    readonly peers: readonly PeerJson[];
  };
  const peers = answer.peers.filter((peer) => all || peer.connected);
  terminal.give({ peers });
  if (peers.length === 0) {
    terminal.say(all ? 'no peer is known' : 'no peer is connected; `weft peers --all` lists those known');
    return;
  }
  const rows = peers.map((peer) => [
    peer.connected ? terminal.paint('good', '●') : terminal.paint('quiet', '○'),
    peer.peer,
    peer.direction ?? '',
    peer.latencyMs === null ? '' : `${peer.latencyMs.toFixed(1)} ms`,
    peer.inMesh ? 'gossip' : '',
    peer.addresses[0] ?? '',
  ]);
  for (const line of columns(rows)) terminal.say(line);
  const connected = answer.peers.filter((peer) => peer.connected).length;
  terminal.say(terminal.paint('quiet', `${connected} connected, ${answer.peers.length} known`));
}
