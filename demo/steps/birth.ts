/** The network comes up, an agent is born, and everybody can find it. */
import { table3 } from '../../test/helpers/table3.ts';
import {
  apiOf,
  type DemoNode,
  ensure,
  heardTimeoutMs,
  nodeAt,
  type ResolutionView,
  resolveAt,
  startNode,
  type World,
} from '../lib/world.ts';

const lookEveryMs = 50;
/** A put asks for 5 acknowledgements: this node's own and four more. */
const connectionsMin = 4;

/** Eight processes, one address; each ends up connected to all others. */
export async function join(world: World): Promise<void> {
  const [first, ...rest] = world.nodes as [DemoNode, ...DemoNode[]];
  await startNode(world, first);
  world.story.say(`${first.name} is a new network at ${first.daemon.address}`);
  // Two at a time: a start costs most of a second of one core.
  const waiting = [...rest];
  const startNext = async (): Promise<void> => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await startNode(world, node);
  };
  await Promise.all([startNext(), startNext()]);
  const connections = await joined(world, world.nodes);
  world.story.say(
    `${world.nodes.length} daemons know one another, each with ${Math.min(...connections)} to ${Math.max(...connections)} connections`,
  );
}

/** Waits until each of the nodes knows all others and is well connected; the connections of each. */
export async function joined(world: World, nodes: readonly DemoNode[]): Promise<number[]> {
  const deadlineMs = Date.now() + 2 * heardTimeoutMs;
  const wait = async (node: DemoNode): Promise<number> => {
    for (;;) {
      const status = await apiOf(node).call('GET', '/v1/status');
      const { connectedPeers, knownPeers } = status as { connectedPeers: number; knownPeers: number };
      if (connectedPeers >= connectionsMin && knownPeers >= world.nodes.length - 1) return connectedPeers;
      ensure(
        Date.now() < deadlineMs,
        `${node.name} knows ${knownPeers} peers, and is connected to ${connectedPeers}`,
      );
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  };
  return Promise.all(nodes.map(wait));
}

/** The agent of the paper's Table 3, on the second node. */
export async function register(world: World): Promise<void> {
  const answer = (await apiOf(nodeAt(world, 1)).call('POST', '/v1/agents', {
    primaryFactsUrl: table3.primary_facts_url,
    privateFactsUrl: table3.private_facts_url,
    adaptiveResolverUrl: table3.adaptive_resolver_url,
    ttlSeconds: table3.ttl,
  })) as { agentId: string; recordBytes: number; publish: { status: string; acknowledgements: number } };
  world.agentId = answer.agentId;
  world.recordBytes = answer.recordBytes;
  world.story.say(`${table3.agent_name} is ${answer.agentId}`);
  world.story.say(`its AgentAddr has ${answer.recordBytes} bytes, signature included (as JSON: 448)`);
  world.story.say(`${answer.publish.acknowledgements} storing peers acknowledged it`);
  ensure(answer.publish.status === 'stored', `the record is ${answer.publish.status}, not stored`);
  ensure(answer.recordBytes <= 120, `the record has ${answer.recordBytes} bytes`);
}

/** Every node gives the same answer, from at least three peers. */
export async function resolveEverywhere(world: World): Promise<void> {
  const answers = await Promise.all(world.nodes.map((node) => resolveAt(node, world.agentId, true)));
  for (const [index, answer] of answers.entries()) {
    const { name } = nodeAt(world, index);
    ensure(answer.status === 'ok', `${name} says ${answer.status}`);
    ensure(isTable3(answer), `${name} shows other URLs than were registered`);
    ensure(answer.responders.length >= 3, `${name} heard ${answer.responders.length} peers only`);
  }
  const [first] = answers;
  world.story.say(`primary   ${first!.record!.fields.primary.url}`);
  world.story.say(`private   ${first!.record!.fields.private.url}`);
  world.story.say(`adaptive  ${first!.record!.fields.adaptive.url}`);
}

/** More agents, all over the network: at the end each must still be there. */
export async function registerOthers(world: World, count: number): Promise<void> {
  const registrations = world.nodes.map(async (node, index) => {
    for (let number = index; number < count; number += world.nodes.length) {
      const answer = (await apiOf(node).call('POST', '/v1/agents', {
        primaryFactsUrl: `https://agents.example/${number}/agent-facts.json`,
      })) as { agentId: string; publish: { status: string } };
      ensure(
        answer.publish.status === 'stored',
        `agent ${number} is ${answer.publish.status} on ${node.name}`,
      );
      world.others.push(answer.agentId);
      // Until it has been read back.
      world.lost = world.others.length;
    }
  });
  await Promise.all(registrations);
  world.story.say(
    `${world.others.length} agents were acknowledged, ${Math.ceil(count / world.nodes.length)} or fewer on each node`,
  );
}

function isTable3({ record }: ResolutionView): boolean {
  if (record === null) return false;
  const { fields } = record;
  return (
    fields.primary.url === table3.primary_facts_url &&
    fields.private.url === table3.private_facts_url &&
    fields.adaptive.url === table3.adaptive_resolver_url &&
    fields.ttl.seconds === table3.ttl
  );
}
