import { describe, expect, it } from 'vitest';
import { type AgentKind, agentMix } from '../../../simulations/scaling/agent-mix.ts';
import {
  assumptions,
  boundsOf,
  causes,
  costsAt,
  loadOf,
  rosterGrowth,
} from '../../../simulations/scaling/node-model.ts';

const costs = (): number => 2;
const nodes = 10_000;
const agentsAt = (name: string): number =>
  boundsOf(costs, nodes).find((one) => one.name.startsWith(name))!.agents;

describe('the load of one node', () => {
  it('is 20 copies of each agent, shared by the nodes', () => {
    expect(loadOf(costs, nodes, 1e6).copies).toBe(2_000);
    expect(loadOf(costs, 10, 1e6).copies).toBe(1e6);
  });

  it('hears of the whole network what is announced, however many nodes there are', () => {
    const [few, many] = [100, 10_000].map((some) => loadOf(costs, some, 1e6));
    expect(many!.announcements).toBe(few!.announcements);
    expect(many!.roster).toBe(few!.roster);
    expect(many!.lookups).toBeCloseTo(few!.lookups / 100, 9);
  });

  it('sends in all what its causes come to', () => {
    const { bytes, bytesByCause } = loadOf(costs, nodes, 1e7);
    expect(bytes).toBeCloseTo(
      causes.reduce((sum, cause) => sum + bytesByCause[cause], 0),
      6,
    );
  });

  it('has in its roster who rotated or left a tombstone, and nobody else', () => {
    const plain: AgentKind = {
      ...agentMix[0]!,
      aliveShare: 1,
      lifeSeconds: 100,
      keySeconds: Number.POSITIVE_INFINITY,
      tombstoneShare: 0,
    };
    expect(rosterGrowth([plain])).toBe(0);
    expect(rosterGrowth([{ ...plain, tombstoneShare: 0.25 }])).toBeCloseTo(0.25 / 100, 9);
    expect(rosterGrowth([{ ...plain, keySeconds: 1 }])).toBeCloseTo(1 / 100, 9);
  });
});

describe('a bound', () => {
  it('is where the load reaches it', () => {
    const { uplinkBytesPerSecond } = assumptions;
    const announced = loadOf(costs, nodes, agentsAt('the uplink, by announcements'));
    expect(announced.bytesByCause.announcements).toBeCloseTo(uplinkBytesPerSecond, 3);
    const asked = loadOf(costs, nodes, agentsAt('the uplink, by lookups')).bytesByCause;
    expect(asked.lookups + asked.writes).toBeCloseTo(uplinkBytesPerSecond, 3);
    expect(loadOf(costs, nodes, agentsAt('the quota')).announcements).toBeCloseTo(320, 6);
    const full = loadOf(costs, nodes, agentsAt('the agents that a node keeps anything of, after'));
    expect(full.roster + full.copies).toBeCloseTo(5_000_000, 3);
  });

  it('is farther with more nodes where it says so, and there alone', () => {
    const [few, many] = [1_000, 1_000_000].map((some) => boundsOf(costs, some));
    for (const { name, agents, growsWithNodes } of few!) {
      const later = many!.find((one) => one.name === name)!.agents;
      // Records are a small part of what is kept of everybody.
      if (growsWithNodes) expect(later / agents).toBeCloseTo(1_000, 6);
      else expect(later / agents).toBeLessThan(1.02);
    }
    expect(few!.map(({ agents }) => agents)).toEqual(few!.map(({ agents }) => agents).sort((a, b) => a - b));
  });

  it('needs lines for all costs', () => {
    expect(() => costsAt([], nodes)('idle.bytes')).toThrow('idle.bytes needs runs');
  });
});
