/** How the nodes of a live run start, in every mode. */
import { runInLanes } from '../../benchmarks/lib/lanes.ts';
import type { ConfigValue } from '../../src/config/key-schema.ts';
import type { Chance } from '../lib/chance.ts';
import type { LiveNode } from './live-network.ts';

export interface NetworkParts {
  readonly nodes: number;
  readonly chance: Chance;
  /** Settings of the nodes, by key, as the scenario asks. */
  readonly settings: Readonly<Record<string, ConfigValue>>;
  onStarted?(nodes: number): void;
  readonly signal: AbortSignal;
}

/** Everybody else joins through these. */
export const bootstraps = 3;

/** The first ones one by one, so that all others find them. @throws the reason of the signal */
export async function startAll(
  nodes: readonly LiveNode[],
  { onStarted, signal }: Pick<NetworkParts, 'onStarted' | 'signal'>,
  atOnce: number,
): Promise<void> {
  let started = 0;
  const start = async (node: LiveNode): Promise<void> => {
    signal.throwIfAborted();
    await node.start();
    onStarted?.(++started);
  };
  for (const node of nodes.slice(0, bootstraps)) await start(node);
  const others = nodes.slice(bootstraps);
  await runInLanes(others.length, atOnce, (index) => start(others[index]!));
}

/** The addresses of those through which that node joins. */
export function bootstrapsOf(index: number, addresses: readonly string[]): string[] {
  return addresses.slice(0, bootstraps).filter((address, other) => address !== undefined && other !== index);
}
