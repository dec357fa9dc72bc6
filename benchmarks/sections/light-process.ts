/** Light nodes in a process of their own, for the sections of the light suite. */
import diagnostics from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../src/config/load-config.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { createAgentKeys, createLightNode, type LightNode } from '../../src/light/index.ts';
import { createNode } from '../../src/node/create-node.ts';
import { runInLanes } from '../lib/lanes.ts';
import { median } from '../lib/statistics.ts';
import { serveCalls } from '../lib/worker-calls.ts';
import { benchmarkOverrides } from '../subjects/weft-network.ts';
import {
  type ColdOutcome,
  type HearingOutcome,
  type IdleOutcome,
  type NodeKind,
  nodeKinds,
} from './light-client.ts';

const draft = { primaryFactsUrl: 'https://agents.example/light/facts.json' };
/** A light node that has not heard of a revocation after this has missed it. */
const hearMsMax = 10_000;
const startsAtOnce = 8;
const warmCallsPerSample = 1_000;

const sockets: Socket[] = [];
diagnostics.subscribe('net.client.socket', (message) => {
  sockets.push((message as { socket: Socket }).socket);
});
const wireBytes = (): number =>
  sockets.reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0);

serveCalls({ firstResolves, warmResolve, fleet, coldResolves, hearing, idle, stop: async () => {} });

async function joined(bootstrap: readonly string[]): Promise<LightNode> {
  const node = await createLightNode({ bootstrap });
  await node.start();
  return node;
}

async function using<Value>(
  bootstrap: readonly string[],
  task: (node: LightNode) => Promise<Value>,
): Promise<Value> {
  const node = await joined(bootstrap);
  try {
    return await task(node);
  } finally {
    await node.stop();
  }
}

/** From before createLightNode to the first record, each with a node of its own. */
async function firstResolves({
  bootstrap,
  count,
}: {
  bootstrap: readonly string[];
  count: number;
}): Promise<number[]> {
  const { agentId } = await using(bootstrap, (node) => node.register(draft, createAgentKeys()));
  const timesMs: number[] = [];
  for (let index = 0; index < count; index++) {
    const beganMs = performance.now();
    await using(bootstrap, async (node) => {
      const { status } = await node.resolve(agentId);
      if (status !== 'ok') throw new Error(`a first resolve was ${status}`);
      timesMs.push(performance.now() - beganMs);
    });
  }
  return timesMs;
}

/** Microseconds of one awaited resolve of what is held, the median of samples of 1,000 calls. */
function warmResolve({ bootstrap }: { bootstrap: readonly string[] }): Promise<number> {
  return using(bootstrap, async (node) => {
    const { agentId } = await node.register(draft, createAgentKeys());
    await node.resolve(agentId, { fresh: true });
    const samples: number[] = [];
    for (let sample = 0; sample < 20; sample++) {
      const beganMs = performance.now();
      for (let call = 0; call < warmCallsPerSample; call++) await node.resolve(agentId);
      samples.push(((performance.now() - beganMs) / warmCallsPerSample) * 1000);
    }
    if (!(await node.resolve(agentId)).cached) throw new Error('what was resolved was not held');
    return median(samples);
  });
}

/** Milliseconds until so many agents are registered at once, each stored by those that must have it. */
function fleet({ bootstrap, count }: { bootstrap: readonly string[]; count: number }): Promise<number> {
  return using(bootstrap, async (node) => {
    const beganMs = performance.now();
    const results = await Promise.all(
      Array.from({ length: count }, () => node.register(draft, createAgentKeys())),
    );
    const timeMs = performance.now() - beganMs;
    const stored = results.filter(({ publish }) => publish.status === 'stored').length;
    if (stored !== count) throw new Error(`only ${stored} of ${count} agents were stored`);
    return timeMs;
  });
}

/**
 * Resolves of agents that neither node has ever heard of, one after the other, by both in turns: whatever the machine
 * does meanwhile, it does to both. Those that a node stores for others are left out.
 */
async function coldResolves({
  bootstrap,
  agentIds,
  warmUps,
}: {
  bootstrap: readonly string[];
  agentIds: readonly Uint8Array[];
  warmUps: number;
}): Promise<Readonly<Record<NodeKind, ColdOutcome>>> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-light-'));
  const flags = { ...benchmarkOverrides, dataDirectory: directory, bootstrap: [...bootstrap] };
  const nodes = {
    light: await createLightNode({ bootstrap }),
    full: await createNode(loadConfig({ flags })),
  };
  const outcomes = {
    light: { timesMs: [] as number[], heldHere: 0 },
    full: { timesMs: [] as number[], heldHere: 0 },
  };
  try {
    await Promise.all([nodes.light.start(), nodes.full.start()]);
    // Both have met their neighbours.
    await delay(5_000);
    for (const [index, agentId] of agentIds.entries()) {
      for (const kind of index % 2 === 0 ? nodeKinds : nodeKinds.toReversed()) {
        const beganMs = performance.now();
        const { status, responders } = await nodes[kind].resolve(agentId);
        const timeMs = performance.now() - beganMs;
        if (status !== 'ok') throw new Error(`a cold resolve was ${status}`);
        if (responders.includes(nodes[kind].peer)) outcomes[kind].heldHere++;
        else if (index >= warmUps) outcomes[kind].timesMs.push(timeMs);
      }
    }
    return outcomes;
  } finally {
    await Promise.all([nodes.light.stop(), nodes.full.stop()]);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Ends agents one after the other; each light node's time from the publisher's call until its event. */
async function hearing({
  bootstrap,
  nodes,
  agents,
}: {
  bootstrap: readonly string[];
  nodes: number;
  agents: number;
}): Promise<HearingOutcome> {
  const listeners: LightNode[] = [];
  const publisher = await joined(bootstrap);
  try {
    await runInLanes(nodes, startsAtOnce, async () => {
      listeners.push(await joined(bootstrap));
    });
    const registered = await Promise.all(
      Array.from({ length: agents }, () => publisher.register(draft, createAgentKeys())),
    );
    const agentIds = registered.map(({ agentId }) => agentId);
    await runInLanes(nodes, startsAtOnce, async (index) => {
      await Promise.all(agentIds.map((agentId) => listeners[index]!.resolve(agentId)));
    });
    await delay(3_000);
    const latenciesMs: number[] = [];
    for (const agentId of agentIds) {
      const beganMs = performance.now();
      const heard = Promise.all(listeners.map((node) => heardMs(node, agentId, beganMs)));
      await publisher.revoke(agentId, { reason: 'keyCompromise' });
      latenciesMs.push(...(await heard).filter((timeMs) => timeMs !== null));
      await delay(50);
    }
    return { latenciesMs, lost: nodes * agents - latenciesMs.length };
  } finally {
    await Promise.all([publisher, ...listeners].map((node) => node.stop()));
  }
}

function heardMs(node: LightNode, agentId: Uint8Array, beganMs: number): Promise<number | null> {
  return new Promise((resolve) => {
    const end = (timeMs: number | null): void => {
      off();
      clearTimeout(timer);
      resolve(timeMs);
    };
    const off = node.events.on('revoked', (event) => {
      if (agentKey(event.agentId) === agentKey(agentId)) end(performance.now() - beganMs);
    });
    const timer = setTimeout(() => end(null), hearMsMax);
  });
}

/** Bytes on all sockets of this process, both directions, while a node does nothing. */
function idle({
  bootstrap,
  settleSeconds,
  seconds,
  agents,
}: {
  bootstrap: readonly string[];
  settleSeconds: number;
  seconds: number;
  agents: number;
}): Promise<IdleOutcome> {
  return using(bootstrap, async (node) => {
    for (let agent = 0; agent < agents; agent++) await node.register(draft, createAgentKeys());
    await delay(settleSeconds * 1000);
    const joinBytes = wireBytes();
    await delay(seconds * 1000);
    return {
      joinBytes,
      bytesPerSecond: (wireBytes() - joinBytes) / seconds,
      connections: sockets.filter(({ destroyed }) => !destroyed).length,
    };
  });
}
