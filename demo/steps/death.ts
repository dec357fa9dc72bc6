/** Nodes die and come back, the agent ends, and nothing that was acknowledged is lost. */

import {
  act,
  apiOf,
  type DemoNode,
  ensure,
  heardByAll,
  heardTimeoutMs,
  killNode,
  nodeAt,
  resolveAt,
  runningNodes,
  startNode,
  type World,
} from '../lib/world.ts';
import { joined } from './birth.ts';
import { patch, sameEverywhere } from './writers.ts';

const readsAtOnce = 8;

/** The bootstrap node and two more. */
export function victims(world: World): DemoNode[] {
  return [nodeAt(world, 0), nodeAt(world, 4), nodeAt(world, 5)];
}

/** kill -9 of three nodes; the others resolve the agent and the record goes on. */
export async function crash(world: World): Promise<void> {
  await Promise.all(victims(world).map((node) => killNode(world, node)));
  world.story.say(
    `kill -9: ${victims(world)
      .map(({ name }) => name)
      .join(', ')} (${nodeAt(world, 0).name} is the bootstrap node)`,
  );
  const survivors = runningNodes(world);
  const answers = await Promise.all(survivors.map((node) => resolveAt(node, world.agentId, true)));
  ensure(
    answers.every(({ status }) => status === 'ok'),
    'the agent does not resolve without them',
  );
  const startedAtMs = Date.now();
  await patch(world, nodeAt(world, 1), { primaryFactsUrl: updatedUrl });
  await heardByAll(
    world,
    'the update',
    ({ state }) => state.record?.fields.primary.url === updatedUrl,
    startedAtMs,
  );
  world.story.say(
    `${survivors.length} survivors resolve the agent, and take an update that the dead do not see`,
  );
}

const updatedUrl = 'https://agents.example/while-three-were-dead';

/** The same three, on the same folders: they rejoin and hold what they missed. */
export async function rejoin(world: World): Promise<void> {
  await Promise.all(victims(world).map((node) => startNode(world, node)));
  await joined(world, victims(world));
  const record = await sameEverywhere(world);
  ensure(record.fields.primary.url === updatedUrl, 'the update was lost');
  for (const node of victims(world)) {
    const { status } = await resolveAt(node, world.agentId, true);
    ensure(status === 'ok', `${node.name} says ${status}`);
  }
  world.story.say('they found the others again by themselves, and have the update that they missed');
}

/** One node is down while the agent ends; all others know at once. */
export async function revoke(world: World): Promise<void> {
  const absent = nodeAt(world, 7);
  await killNode(world, absent);
  const startedAtMs = Date.now();
  await act(world, nodeAt(world, 1), 'revoke', { reason: 'cessationOfOperation' });
  world.revocationMs.push(
    ...(await heardByAll(world, 'the end', ({ change }) => change === 'tombstoned', startedAtMs)),
  );
  const answers = await Promise.all(runningNodes(world).map((node) => resolveAt(node, world.agentId, true)));
  ensure(
    answers.every(({ status }) => status === 'tombstoned'),
    'a node still resolves the ended agent',
  );
  world.story.say(
    `revoked on ${nodeAt(world, 1).name} while ${absent.name} was down: the ${answers.length} others know`,
  );
}

/** The node that was down comes back and knows, also against a replay. */
export async function knows(world: World, oldBundle: Uint8Array): Promise<void> {
  const absent = nodeAt(world, 7);
  await startNode(world, absent);
  const deadlineMs = Date.now() + heardTimeoutMs;
  for (;;) {
    const { status } = await resolveAt(absent, world.agentId, false);
    if (status === 'tombstoned') break;
    ensure(Date.now() < deadlineMs, `${absent.name} says ${status} after it rejoined`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const node of runningNodes(world)) await apiOf(node).sendBytes('/v1/bundles', oldBundle);
  const answers = await Promise.all(runningNodes(world).map((node) => resolveAt(node, world.agentId, true)));
  ensure(
    answers.every(({ status }) => status === 'tombstoned'),
    'a replay brought the agent back',
  );
  world.story.say(`${absent.name} is back and knows; an old record sent to every node changes nothing`);
}

/** Every agent that was acknowledged, read from nodes that were dead in between and from one that was not. */
export async function readAll(world: World): Promise<void> {
  const readers = [...victims(world), nodeAt(world, 2)];
  const lost = new Set<string>();
  const waiting = readers.flatMap((node) => world.others.map((agentId) => ({ node, agentId })));
  const total = waiting.length;
  const readNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { status } = await resolveAt(next.node, next.agentId, true);
      if (status !== 'ok') lost.add(next.agentId);
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, readNext));
  world.lost = lost.size;
  world.story.say(
    `${total} reads of ${world.others.length} agents from ${readers.map(({ name }) => name).join(', ')}: ${lost.size} lost`,
  );
  ensure(lost.size === 0, `${lost.size} acknowledged records cannot be read`);
}
