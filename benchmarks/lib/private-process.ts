/** A network of weft nodes with facts in the overlay, in one process, and a reader that stores nothing. */
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import { fetchPrivateFacts } from '../../src/facts/fetch/private-facts.ts';
import { startWeftNetwork, type WeftNetwork } from '../subjects/weft-network.ts';
import { waitForCalm } from './calm.ts';
import { runInLanes } from './lanes.ts';
import { secondsNow } from './weft-records.ts';
import { serveCalls } from './worker-calls.ts';

export interface PathTimes {
  readonly directMs: readonly number[];
  readonly privateMs: readonly number[];
}

export interface PrivateOutcome {
  /** Of the record alone, from a node that has never heard of the agent. */
  readonly resolve: PathTimes;
  /** From the id to verified facts out of the overlay. */
  readonly facts: PathTimes;
  /** Questions that went through a relay, over all private calls, and those calls. */
  readonly relayed: number;
  readonly privateCalls: number;
  /** Calls that did not find what is there. */
  readonly wrong: number;
}

const publishersAtOnce = 4;

let network: WeftNetwork;
const agents: Uint8Array[] = [];
const { verify: check } = createNodeCryptoVerifier();

const calls = {
  /** Registers so many agents, with facts in the overlay that their records lead to. */
  publish,
  /** Each agent once, by one path: the first half alternately for the record, the second for the facts. */
  ask,
};
export type PrivateCalls = typeof calls;

serveCalls({ start, ...calls, stop: () => network.stop() });

async function start(nodes: number): Promise<void> {
  network = await startWeftNetwork(nodes);
  await waitForCalm();
}

async function publish(count: number): Promise<void> {
  await runInLanes(count, publishersAtOnce, async (index) => {
    const node = network.members[index % network.members.length]!;
    const { agentId } = await node.agents.register({ primaryFactsUrl: 'https://agents.example/facts' });
    await node.facts.publishOwn(agentId, factsOf(agentId, index));
    const { isPointed, holders } = await node.overlayFacts.publish(agentId, 'plain');
    if (!isPointed) throw new Error(`facts ${index} are held by ${holders} peers, and no record leads there`);
    agents.push(agentId);
  });
  await waitForCalm();
}

/** What an agent of the benchmark says about itself: about 1.5 kB once it is signed. */
function factsOf(agentId: Uint8Array, index: number): object {
  return {
    id: formatAgentDid(agentId),
    agent_name: `urn:agent:bench:agent-${index}`,
    label: `Agent ${index}`,
    description: 'Translates contracts between English and Spanish. '.repeat(8),
    version: '1.0.0',
    provider: { name: 'Bench', url: 'https://bench.example' },
    endpoints: { static: ['https://agents.example/a2a'] },
    capabilities: { modalities: ['text'], authentication: { methods: ['none'] } },
    skills: [
      {
        id: 'translate/en-es',
        description: 'English to Spanish',
        inputModes: ['text/plain'],
        outputModes: ['text/plain'],
      },
    ],
  };
}

async function ask(warmUps: number): Promise<PrivateOutcome> {
  const { reader } = network;
  const resolve = { directMs: [] as number[], privateMs: [] as number[] };
  const facts = { directMs: [] as number[], privateMs: [] as number[] };
  const relayedBefore = await relayedSoFar();
  let wrong = 0;
  let privateCalls = 0;
  for (const [index, agentId] of agents.entries()) {
    const isPrivate = index % 2 === 1;
    const isFacts = index >= agents.length / 2;
    const beganMs = performance.now();
    if (isFacts) await readFacts(agentId, isPrivate);
    else {
      const { status } = await (isPrivate ? reader.resolvePrivately(agentId) : reader.resolve(agentId));
      if (status !== 'ok') wrong++;
    }
    const tookMs = performance.now() - beganMs;
    if (isPrivate) privateCalls++;
    const isWarmUp = index % (agents.length / 2) < warmUps;
    if (isWarmUp) continue;
    (isFacts ? facts : resolve)[isPrivate ? 'privateMs' : 'directMs'].push(tookMs);
  }
  return { resolve, facts, wrong, privateCalls, relayed: (await relayedSoFar()) - relayedBefore };
}

async function readFacts(agentId: Uint8Array, isPrivate: boolean): Promise<void> {
  const { reader } = network;
  await fetchPrivateFacts(agentId, {
    resolve: (one) => (isPrivate ? reader.resolvePrivately(one) : reader.resolve(one)),
    fetchContent: (digest) => (isPrivate ? reader.fetchFactsPrivately(digest) : reader.fetchFacts(digest)),
    check,
    nowSeconds: secondsNow(),
    userAgent: 'weft/bench',
  });
}

async function relayedSoFar(): Promise<number> {
  const texts = await Promise.all(network.members.map((node) => node.metrics()));
  const line = /^weft_private_requests_total\{kind="relayed"\} (\d+)$/m;
  return texts.reduce((sum, text) => sum + Number(line.exec(text)?.[1] ?? 0), 0);
}
