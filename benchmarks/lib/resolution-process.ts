/** A network of weft nodes with names, facts and an adaptive resolver, in one process, and a reader that knows none of them. */
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { EndpointPath } from '../../src/resolution/resolution-types.ts';
import { startWeftNetwork, type WeftNetwork } from '../subjects/weft-network.ts';
import { waitForCalm } from './calm.ts';
import { runInLanes } from './lanes.ts';
import { serveCalls } from './worker-calls.ts';

export interface ResolutionOutcome {
  /** From a name that the reader has never heard of to verified endpoints. */
  readonly coldMs: { readonly direct: readonly number[]; readonly adaptive: readonly number[] };
  /** Of those, by step of the trace; whole milliseconds. */
  readonly stepMs: Readonly<Record<string, readonly number[]>>;
  /** The same again, out of what is kept. */
  readonly keptMs: readonly number[];
  /** Answers with another endpoint than that of the agent. */
  readonly wrong: number;
}

const publishersAtOnce = 4;
const label = 'shop';

let network: WeftNetwork;
let apis: readonly ApiServer[] = [];
const names: string[] = [];

const calls = {
  /** So many agents, each with facts, a resolver, and a name in a namespace of its own. */
  publish,
  /** Each name once. */
  ask,
};
export type ResolutionCalls = typeof calls;

serveCalls({
  start,
  ...calls,
  async stop() {
    await Promise.all(apis.map((api) => api.stop()));
    await network.stop();
  },
});

async function start(nodes: number): Promise<void> {
  network = await startWeftNetwork(nodes, {
    'resolution.allowPrivate': true,
    'adaptive.enabled': true,
    'api.requestsPerSecond': 0,
  });
  apis = await Promise.all(
    network.members.map((node) =>
      startApi(node, {
        ...{ host: '127.0.0.1', port: 0, remote: false, token: 'bench', connectionsMax: 64, openReads: true },
        onDefect: (error) => {
          throw error;
        },
      }),
    ),
  );
  await waitForCalm();
}

/** Each agent has a namespace of its own, so that nothing of a name is known from another. */
async function publish(count: number): Promise<void> {
  await runInLanes(count, publishersAtOnce, async (index) => {
    const member = index % network.members.length;
    const node = network.members[member]!;
    const { url } = apis[member]!;
    const { agentId } = await node.agents.register({});
    const id = formatAgentId(agentId);
    await node.facts.publishOwn(agentId, factsOf(agentId, index));
    await node.agents.update(agentId, {
      primaryFactsUrl: `${url}/facts/${id}`,
      adaptiveResolverUrl: `${url}/adaptive/${id}`,
    });
    await node.adaptive!.setRouting(agentId, {
      endpoints: [{ url: `https://a${index}.example/a2a` }, { url: `https://b${index}.example/a2a` }],
    });
    const { agentId: namespace } = await node.agents.register({});
    await node.names.publish(namespace, label, { agentId });
    names[index] = `urn:agent:${formatAgentId(namespace).slice('nanda:'.length)}:${label}`;
  });
  await waitForCalm();
}

function factsOf(agentId: Uint8Array, index: number): object {
  return {
    id: formatAgentDid(agentId),
    agent_name: `urn:agent:bench:agent-${index}`,
    label: `Agent ${index}`,
    description: 'Translates contracts between English and Spanish. '.repeat(8),
    version: '1.0.0',
    provider: { name: 'Bench', url: 'https://bench.example' },
    endpoints: { static: [`https://s${index}.example/a2a`] },
    capabilities: { modalities: ['text'], authentication: { methods: ['none'] } },
    skills: [
      { id: 'translate', description: 'Translates', inputModes: ['text/plain'], outputModes: ['text/plain'] },
    ],
  };
}

/** Each name once: the direct path and the adaptive one in turns, then again what is kept by now. */
async function ask(warmUps: number): Promise<ResolutionOutcome> {
  const coldMs: Record<'direct' | 'adaptive', number[]> = { direct: [], adaptive: [] };
  const stepMs: Record<string, number[]> = {};
  const keptMs: number[] = [];
  let wrong = 0;
  for (const [index, name] of names.entries()) {
    const path: EndpointPath = index % 2 === 0 ? 'direct' : 'adaptive';
    const own = path === 'direct' ? 's' : '[ab]';
    const beganMs = performance.now();
    const { endpoints, trace } = await network.reader.endpoints.resolve(name, { path });
    const tookMs = performance.now() - beganMs;
    if (!new RegExp(`^https://${own}${index}\\.example/`).test(endpoints[0]!.url)) wrong++;
    if (index < warmUps) continue;
    coldMs[path].push(tookMs);
    for (const step of trace) {
      if (step.step === 'endpoint') continue;
      stepMs[step.step] = [...(stepMs[step.step] ?? []), step.tookMs];
    }
    const keptBeganMs = performance.now();
    await network.reader.endpoints.resolve(name, { path });
    keptMs.push(performance.now() - keptBeganMs);
  }
  return { coldMs, stepMs, keptMs, wrong };
}
