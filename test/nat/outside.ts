/** On the open side: two full nodes, the first a relay, and an agent that is revoked when the caller says so. */
import type { Connection } from '@libp2p/interface';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createTestNetwork, eventually } from '../adapters/libp2p/network.ts';
import { connected, createLiveNetwork } from '../helpers/live-nodes.ts';
import { callerLines, say } from './line-process.ts';

const address = (port: number): string => `/ip4/45.45.77.2/tcp/${port}`;
/** Public addresses are told when they are announced. */
const settings = (port: number) => ({
  settings: { listen: [address(port)], announce: [address(port)], 'reach.relay': 'on' },
});
const network = createLiveNetwork();
const strangers = createTestNetwork();
const relay = await network.start('relay', settings(4801));
const other = await network.start('other', { ...settings(4802), bootstrap: [relay.address] });
await connected([relay, other]);
const { agentId } = await other.node.agents.register(
  { primaryFactsUrl: 'https://outside.example/facts' },
  { acknowledgements: 1 },
);
say({ ready: { bootstrap: [relay.address, other.address], agent: formatAgentId(agentId) } });

/** What a node that knows nobody gets when it dials: the address that it is connected by, or why not. */
async function dial(target: string, port: number): Promise<{ by: string; later: () => Promise<string> }> {
  const { host } = await strangers.start({
    listen: [address(port)],
    announce: [address(port)],
    reach: { relay: null, probe: false, upnp: false },
  });
  const peer = target.split('/p2p/').at(-1);
  const connections = (): Connection[] =>
    host.libp2p.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer);
  // In the order in which they open: the first may be gone before the dial returns.
  const opened: string[] = [];
  host.libp2p.addEventListener('connection:open', ({ detail: { remotePeer, remoteAddr } }) => {
    if (remotePeer.toString() === peer) opened.push(remoteAddr.toString());
  });
  try {
    await host.dial(target);
  } catch (error) {
    return { by: (error as { code: string }).code, later: async () => '' };
  }
  return {
    by: String(opened[0]),
    async later() {
      const areDirect = (): boolean => connections().every(({ limits }) => limits === undefined);
      await eventually(() => connections().length > 0 && areDirect(), {
        what: () =>
          `direct connections alone; there are ${connections().map(({ remoteAddr }) => remoteAddr)}`,
      });
      return String(connections()[0]!.remoteAddr);
    },
  };
}

for await (const line of callerLines()) {
  const wish = JSON.parse(line) as {
    revoke?: true;
    dialDirectly?: string;
    dialRelayed?: string;
    seen?: true;
  };
  if (wish.revoke) {
    say({ revokedAtMs: Date.now() });
    await other.node.agents.revoke(agentId, 'keyCompromise');
  }
  if (wish.dialDirectly !== undefined) say({ direct: (await dial(wish.dialDirectly, 4803)).by });
  if (wish.dialRelayed !== undefined) {
    const { by, later } = await dial(wish.dialRelayed, 4804);
    say({ relayed: by, upgraded: await later() });
  }
  if (wish.seen) {
    const addresses = relay.host.libp2p.getConnections().map(({ remoteAddr }) => remoteAddr.toString());
    say({ seen: addresses });
  }
}
await strangers.stop();
await network.stop();
