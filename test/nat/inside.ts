/** Behind the NAT: a light node that watches an agent, and a full node that is met through a relay. */
import { createLightNode } from '../../src/light/index.ts';
import { eventually } from '../adapters/libp2p/network.ts';
import { createLiveNetwork } from '../helpers/live-nodes.ts';
import { callerLines, say } from './line-process.ts';

const { bootstrap, agent } = JSON.parse(process.argv[2]!) as { bootstrap: string[]; agent: string };

const light = await createLightNode({ bootstrap });
await light.start();
const { status } = await light.resolve(agent);
const watching = light.watch(agent)[Symbol.asyncIterator]();
void watching.next().then(({ value }) => say({ changed: { change: value.change, atMs: Date.now() } }));
say({ resolved: status });

const network = createLiveNetwork();
const hidden = await network.start('hidden', {
  bootstrap,
  settings: { listen: ['/ip4/10.77.0.2/tcp/4801', '/p2p-circuit'] },
});
const relayed = (): string | undefined =>
  hidden.host.addresses().find((address) => address.includes('/p2p-circuit'));
await eventually(() => relayed() !== undefined, { what: 'a relayed address' });
say({ hidden: { direct: hidden.address, relayed: relayed() } });

for await (const _line of callerLines()) {
  // until the caller closes it
}
await light.stop();
await network.stop();
