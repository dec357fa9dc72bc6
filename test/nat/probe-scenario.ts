/** Public addresses in a network of their own: which of them a node tells once peers have dialled them back. */
import { createTestNetwork, eventually } from '../adapters/libp2p/network.ts';

const reach = { relay: null, probe: true, upnp: false };
const network = createTestNetwork();

/** Four networks, as AutoNAT counts them. */
const helpers = [];
for (const first of [45, 46, 47, 50]) {
  helpers.push(await network.start({ profile: 'public', reach, listen: [`/ip4/${first}.1.0.2/tcp/4801`] }));
}
const asked = helpers.map(({ host }, index) => {
  const first = [45, 46, 47, 50][index];
  return `/ip4/${first}.1.0.2/tcp/4801/p2p/${host.peer}`;
});
const node = await network.start({
  profile: 'public',
  reach,
  bootstrap: asked,
  listen: ['/ip4/51.1.0.2/tcp/4801'],
});
const before = node.host.addresses();
await eventually(() => node.host.addresses().length > 0, { what: 'an address that peers have dialled' });
const helper = helpers[0]!.host;
await eventually(() =>
  helper.peers().some(({ peer, addresses }) => peer === node.host.peer && addresses.length > 0),
);
const told = helper.peers().find(({ peer }) => peer === node.host.peer)!.addresses;
console.log(JSON.stringify({ before, after: node.host.addresses(), told }));
await network.stop();
