/** What a dial to one address came to, in words. */
import type { NodeConfig } from '../../config/config-types.ts';
import type { ProbeResult } from '../../node/probe-peer.ts';
import { type Finding, ok, problem } from './finding.ts';

/** Dials as a node of the same network would. */
export async function probeFinding(name: string, address: string, config: NodeConfig): Promise<Finding> {
  // Loaded here: most of what weft does needs no network stack.
  const { probePeer } = await import('../../node/probe-peer.ts');
  return findingOf(name, await probePeer(address, config), config);
}

function findingOf(name: string, result: ProbeResult, config: NodeConfig): Finding {
  switch (result.stage) {
    case 'done':
      return ok(name, `answers as ${result.peer} in ${result.milliseconds.toFixed(0)} ms`);
    case 'parse':
      return problem(name, result.reason, 'correct the address: /ip4/192.0.2.7/tcp/4801/p2p/12D3…');
    case 'key':
      return problem(
        name,
        `not dialled: ${result.reason}`,
        'correct preSharedKeyFile: a swarm key of libp2p',
      );
    case 'resolve':
      return problem(
        name,
        `its name is not known: ${result.reason}`,
        'check the name and the DNS of this machine',
      );
    case 'connect':
      return problem(
        name,
        `no connection: ${result.reason}`,
        'is that node running? check its address, port and firewall',
      );
    case 'other-peer':
      return problem(
        name,
        `another peer answers there: ${result.peer}`,
        'that node has new keys, or the address is of another one: use the id that it prints at its start',
      );
    case 'protocol':
      return problem(
        name,
        `it does not speak ${result.protocol}: ${result.reason}`,
        config.preSharedKeyFile === null
          ? 'check protocolPrefix on both sides; a client does not serve'
          : 'check protocolPrefix and the pre-shared key on both sides',
      );
  }
}
