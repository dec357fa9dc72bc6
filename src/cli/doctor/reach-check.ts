/** Whether the running daemon has peers, and whether others can reach it by the addresses that it tells. */
import { isPrivate } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import { probeFinding } from './probe-finding.ts';
import type { Scene } from './scene.ts';

/** Addresses that are dialled. */
const dialsMax = 4;
/** Joining takes a moment, on a busy machine a few. */
const joiningSeconds = 15;

export function checkPeers({ daemon, config, nowMs }: Scene): readonly Finding[] {
  const name = 'peers';
  if (daemon.state === 'none')
    return [skipped(name, `no daemon runs on ${config.dataDirectory}`, '`weft start` starts one')];
  if (daemon.state === 'silent') {
    const { processId, reason } = daemon;
    return [
      processId === null
        ? warning(
            name,
            'the last daemon ended without cleaning up, and none runs now',
            '`weft start` starts one',
          )
        : problem(
            name,
            `process ${processId} holds the data folder and its API does not answer: ${reason}`,
            'look at its log; stop it and start it again',
          ),
    ];
  }
  const { connectedPeers, knownPeers, network, state, startedAt } = daemon.status;
  if (state !== 'ready') return [warning(name, `the daemon is ${state}`, 'ask again in a moment')];
  if (connectedPeers > 0) return [ok(name, `${connectedPeers} connected, ${knownPeers} known`)];
  if (network.isNew)
    return [
      warning(
        name,
        'this daemon began a network, and nobody has joined it yet',
        'start others with --bootstrap',
      ),
    ];
  const upSeconds = (nowMs() - Date.parse(startedAt)) / 1000;
  if (upSeconds < joiningSeconds)
    return [warning(name, 'the daemon has just started, and none is connected yet', 'ask again in a moment')];
  return [
    problem(
      name,
      `none is connected, ${knownPeers} are known`,
      'look at the bootstrap checks below, at protocolPrefix, and at the firewall for outgoing connections',
    ),
  ];
}

export async function checkAddresses({ daemon, config }: Scene): Promise<readonly Finding[]> {
  const name = 'addresses';
  if (daemon.state !== 'running') return [skipped(name, 'only a running daemon tells any')];
  const { addresses, network } = daemon.status;
  const own = addresses.filter((text) => !text.includes('/p2p-circuit'));
  const isRelayed = own.length < addresses.length;
  if (addresses.length === 0)
    return config.mode === 'client'
      ? [ok(name, 'none: a client is not dialled')]
      : [warning(name, 'it tells none: nobody can dial it', 'set `listen`, or `announce`')];
  const findings: Finding[] = [];
  if (network.profile === 'public') {
    const outside = own.filter((text) => !isPrivate(multiaddr(text)));
    if (outside.length === 0 && !isRelayed)
      findings.push(
        problem(
          name,
          'no address is one of the Internet, and the others are told to nobody in a public network',
          'set `announce` to the outside address, forward its port, or use a relay (docs/operating.md)',
        ),
      );
  }
  if (daemon.processId === null)
    return [...findings, skipped(name, 'the daemon runs elsewhere: dial it from there')];
  const dialled = await Promise.all(
    own.slice(0, dialsMax).map((address) => probeFinding(`address ${shortened(address)}`, address, config)),
  );
  // From here the way may be another one than from outside: many routers do not lead back in.
  const softened = dialled.map((finding) =>
    finding.status === 'problem'
      ? warning(
          finding.name,
          `from this machine: ${finding.detail}`,
          'dial it from another machine; check the firewall and the forwarded port',
        )
      : finding,
  );
  return [...findings, ...softened];
}

function shortened(address: string): string {
  return address.split('/p2p/')[0]!;
}
