/** The network of a scenario as delay.c takes it: the same regions and access delays as the model gives its nodes. */
import type { Chance } from '../../lib/chance.ts';
import { oneWayMs, regions } from '../../lib/latency.ts';
import { placesOf } from '../../lib/network.ts';
import type { Scenario } from '../../lib/scenario.ts';

export interface LabPlan {
  readonly hosts: readonly { readonly region: number; readonly accessMs: number }[];
  /** One way, by region. */
  readonly pathMs: readonly (readonly number[])[];
  readonly jitter: number;
  readonly loss: number;
  readonly uplinkBitsPerSecond: number;
}

export function planLab({ nodes, network }: Scenario, chance: Chance): LabPlan {
  const { latency, jitter, loss, uplinkBitsPerSecond } = network;
  const { regionOf, accessMs } = placesOf(nodes, chance.stream('network'));
  const numbers = Array.from({ length: nodes }, (_, host) => host);
  const common = { jitter, loss, uplinkBitsPerSecond };
  if (latency !== 'regions')
    return { ...common, hosts: numbers.map(() => ({ region: 0, accessMs: 0 })), pathMs: [[latency]] };
  return {
    ...common,
    hosts: numbers.map((host) => ({ region: regionOf[host]!, accessMs: accessMs[host]! })),
    pathMs: regions.map((_from, from) => regions.map((_to, to) => oneWayMs(from, to))),
  };
}
