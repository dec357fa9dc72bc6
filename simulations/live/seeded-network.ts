/**
 * Real nodes in virtual time: libp2p, noise, yamux and gossipsub on a network with the delays of the scenario, on disks that
 * take 2 ms for a write, as the model's. Nothing depends on how fast this machine is, and the same seed gives the same run.
 */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { NetworkSettings } from '../lib/network.ts';
import { createTrace } from '../virtual/trace.ts';
import { createVirtualNetwork, type VirtualNetwork } from '../virtual/virtual-network.ts';
import { createVirtualNode, type VirtualNode } from '../virtual/virtual-node.ts';
import type { VirtualTime } from '../virtual/virtual-time.ts';
import {
  createLiveNode,
  type EndListener,
  type LiveNetwork,
  type LiveNode,
  type NodeRun,
  type Wire,
} from './live-network.ts';
import { bootstraps, type NetworkParts, startAll } from './start-all.ts';

/** Of the model's disks too (lib/node-shell). */
const syncMs = 2;
/** That start at a time. */
const startsAtOnce = 8;

/** What a node logs at level error goes to stderr. @param time installed before this module was loaded */
export async function startSeededNetwork(
  parts: NetworkParts,
  settings: NetworkSettings,
  time: VirtualTime,
): Promise<LiveNetwork> {
  const { chance } = parts;
  const nowMs = (): number => time.nowMs;
  const trace = createTrace(time.nowMs, nowMs);
  const network = createVirtualNetwork(parts.nodes, {
    ...{ random: chance.stream('network'), trace, nowMs },
    settings,
  });
  const listeners: EndListener[] = [];
  const machines = Array.from({ length: parts.nodes }, (_, index) =>
    createVirtualNode(
      index,
      network,
      chance,
      {
        changed(node, { agentId, change, acceptedAtMs }) {
          trace.note(`${node.name} ${change}`);
          if (change !== 'tombstoned') return;
          for (const listener of listeners) listener(index, agentKey(agentId), acceptedAtMs);
        },
        failed: (node, message) => void process.stderr.write(`${node.name}: ${message}\n`),
      },
      { settings: parts.settings, syncMs },
    ),
  );
  const nodes = machines.map((machine) => createLiveNode(machine.index, () => begin(machine, machines)));
  const live: LiveNetwork = {
    mode: 'virtual',
    nodes,
    store: 'disks and a network made from the seed',
    onEnded: (listener) => void listeners.push(listener),
    sentBytes: async () => network.sentBytes(),
    cpuSeconds: async () => null,
    wire: wireOf(network),
    traceHash: trace.hash,
    close: () => closeAll(nodes),
  };
  try {
    await startAll(nodes, parts, startsAtOnce);
    return live;
  } catch (error) {
    await live.close();
    throw error;
  }
}

async function begin(machine: VirtualNode, machines: readonly VirtualNode[]): Promise<NodeRun> {
  await machine.start(machines.slice(0, bootstraps).filter((other) => other.isUp && other !== machine));
  const { node } = machine;
  return {
    resolve: async (agentId) => (await node.resolve(agentId, { fresh: true })).status,
    publish: async (bundle) => (await node.publish(bundle)).status,
    metrics: node.metrics,
    end: () => machine.crash('process'),
  };
}

function wireOf(network: VirtualNetwork): Wire {
  let heal: (() => void) | null = null;
  return {
    async cut(sideOf, isOneWay) {
      heal?.();
      heal = null;
      if (sideOf === null) return;
      const isCut = (from: number, to: number): boolean =>
        isOneWay ? sideOf(from) < sideOf(to) : sideOf(from) !== sideOf(to);
      heal = network.cut(isCut, false);
    },
    async setLoss(loss) {
      network.setLoss(loss);
    },
  };
}

/** Nobody is asked for its metrics any more. */
async function closeAll(nodes: readonly LiveNode[]): Promise<void> {
  for (const node of nodes) if (node.isUp) await node.run.end();
}
