/** On the open side: two full nodes, the first a relay, and an agent that is revoked when the caller says so. */
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createTestNetwork } from '../adapters/libp2p/network.ts';
import { createLiveNetwork } from '../helpers/live-nodes.ts';
import { callerLines, say } from './line-process.ts';

const settings = { listen: ['/ip4/198.18.77.2/tcp/0'], 'reach.relay': 'on' };
const network = createLiveNetwork();
const strangers = createTestNetwork();
const [relay, other] = await network.startMany(2, { settings });
const { agentId } = await other!.node.agents.register(
  { primaryFactsUrl: 'https://outside.example/facts' },
  { acknowledgements: 1 },
);
say({ ready: { bootstrap: [relay!.address, other!.address], agent: formatAgentId(agentId) } });

/** What a node that knows nobody gets when it dials: the address that it is connected by, or why not. */
async function dial(address: string): Promise<string> {
  const { host } = await strangers.start({ listen: [], reach: { relay: null, probe: false, upnp: false } });
  try {
    await host.dial(address);
  } catch (error) {
    return (error as { code: string }).code;
  }
  const peer = address.split('/p2p/').at(-1);
  const connections = host.libp2p.getConnections();
  return String(connections.find(({ remotePeer }) => remotePeer.toString() === peer)?.remoteAddr);
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
    await other!.node.agents.revoke(agentId, 'keyCompromise');
  }
  if (wish.dialDirectly !== undefined) say({ direct: await dial(wish.dialDirectly) });
  if (wish.dialRelayed !== undefined) say({ relayed: await dial(wish.dialRelayed) });
  if (wish.seen) {
    const addresses = relay!.host.libp2p.getConnections().map(({ remoteAddr }) => remoteAddr.toString());
    say({ seen: addresses });
  }
}
await strangers.stop();
await network.stop();
