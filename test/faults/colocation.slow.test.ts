/** F3: stock gossipsub scores peers by address, and goes deaf where many of them share one. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  createLiveNetwork,
  eventually,
  everyoneHears,
  type LiveNetwork,
  type LiveNode,
  nowSeconds,
  watchUncaught,
} from '../helpers/live-nodes.ts';
import { bornAgent, bundleOf, ended } from '../helpers/test-agent.ts';

let network: LiveNetwork;
let uncaught: ReturnType<typeof watchUncaught>;

beforeEach(() => {
  uncaught = watchUncaught();
  network = createLiveNetwork();
});

afterEach(async () => {
  await network.stop();
  uncaught.stop();
  expect(uncaught.errors).toEqual([]);
});

it('lets every one of 25 nodes on one address hear a revocation, none with an empty mesh (F3; stock: 9 of 25 empty)', async () => {
  const first = await network.start('node 0');
  const nodes: LiveNode[] = [first];
  for (let index = 1; index < 25; index++) {
    nodes.push(await network.start(`node ${index}`, { bootstrap: [first.address] }));
  }
  const emptyMeshes = (): number =>
    nodes.filter(({ host }) => [...host.gossip.meshSizes().values()].some((size) => size === 0)).length;
  await eventually(() => emptyMeshes() === 0, {
    withinMs: 30_000,
    what: () => `a mesh in every topic at every node: ${emptyMeshes()} of 25 lack one`,
  });
  const agent = bornAgent('heard by all', nowSeconds());
  expect(await nodes[7]!.node.publish(bundleOf(agent))).toMatchObject({ status: 'stored' });
  const publishing = nodes[19]!.node.publish(bundleOf(ended(agent, nowSeconds())));
  const heardMs = await everyoneHears(nodes, agent.agentId, 'tombstoned');
  expect(await publishing).toMatchObject({ status: 'stored' });
  console.info(
    `F3: ${emptyMeshes()} of 25 nodes with an empty mesh, a revocation heard by all in ${Math.round(heardMs)} ms; stock gossipsub: 9 of 25 with an empty mesh`,
  );
  expect(emptyMeshes()).toBe(0);
});
