/**
 * The attack of a scenario: which nodes are sybils, when they begin, and what came of it. Everybody else is honest, and
 * only the honest are asked, counted and judged.
 */
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { kadIdOfAgent, kadIdOfPeer } from '../../../src/core/overlay/distance.ts';
import type { Resolution } from '../../../src/core/peer/effects.ts';
import { decodeEntry } from '../../../src/core/peer/entry.ts';
import { type AgentAuthor, createAgentAuthor, type SimulatedAgent } from '../agents.ts';
import { type Chance, createChance } from '../chance.ts';
import { addresses } from '../connections.ts';
import type { SimulatedNode } from '../node-shell.ts';
import { peerName } from '../peer-name.ts';
import type { Attack, Scenario } from '../scenario.ts';
import { startMs, type World } from '../world.ts';
import { type Conspiracy, type Deceit, deceive } from './deceit.ts';
import { createEclipse, type Eclipse, type EclipseParts } from './eclipse.ts';
import { type Ground, grindBelow, grindStock, nearestOf } from './grinding.ts';
import { createTruth } from './truth.ts';

export interface Adversary {
  /** Peer ids of nodes that join only when the attack begins. */
  readonly lateNames: readonly string[];
  /** The agent that it is about, which is registered beside the others. */
  readonly victim: SimulatedAgent | null;
  isSybil(node: number): boolean;
  honest(world: World): readonly SimulatedNode[];
  /** What it takes to have the victim change and be read. */
  join(parts: Pick<EclipseParts, 'world' | 'publish' | 'resolved'> & { readonly author: AgentAuthor }): void;
  /** Plans it, from now on. */
  begin(world: World): void;
  acknowledged(agent: SimulatedAgent, nowMs: number): void;
  /** True when that is what had been replaced before it was asked for. */
  isWrong(resolution: Resolution, askedAtMs: number): boolean;
  values(): Record<string, number | null>;
}

/** Ids that somebody made for names of peers that are not there. */
const stockTries = 4_096;
const victimNumber = 3_000_000;

export function createAdversary(scenario: Scenario, seed: number): Adversary {
  const { attack } = scenario;
  const chance = createChance(seed);
  const random = chance.stream('attack');
  const truth = createTruth();
  const counts = new Map<string, number>();
  const count = (deed: string): void => void counts.set(deed, (counts.get(deed) ?? 0) + 1);
  const victim = attack?.type === 'eclipse' ? victimOf(createAgentAuthor(chance)) : null;
  const ground = attack?.type === 'eclipse' ? groundFor(victim!, scenario.nodes, attack.nodes, chance) : null;
  const sybils = sybilsOf(scenario, attack);
  let honestNodes: readonly SimulatedNode[] | null = null;
  let eclipse: Eclipse | null = null;

  function sybilsOf({ nodes }: Scenario, of: Attack | undefined): ReadonlySet<number> {
    const all = Array.from({ length: nodes }, (_, node) => node);
    if (of === undefined) return new Set();
    if (of.type === 'eclipse') return new Set(Array.from({ length: of.nodes }, (_, index) => nodes + index));
    return new Set(random.pick(all, Math.round(nodes * of.share)));
  }

  function honest(world: World): readonly SimulatedNode[] {
    honestNodes ??= world.nodes.filter(({ index }) => !sybils.has(index));
    return honestNodes;
  }

  function begin(world: World): void {
    if (attack === undefined) return;
    world.queue.at(world.queue.nowMs + attack.atSeconds * 1000, () => {
      strike(world, attack);
      eclipse?.begin();
    });
  }

  function strike(world: World, of: Attack): void {
    const deceits: readonly Deceit[] = of.type === 'eclipse' ? [of.deceit] : of.deceits;
    const conspiracy = conspire(world, of);
    for (const [order, index] of [...sybils].entries()) {
      deceive(world.nodes[index]!, deceits[order % deceits.length]!, conspiracy);
      if (of.type === 'eclipse') for (const { index: other } of world.nodes) meet(world, index, other);
    }
  }

  function meet(world: World, sybil: number, other: number): void {
    if (other !== sybil) world.connect(sybil, other);
  }

  function conspire(world: World, of: Attack): Conspiracy {
    const archive = new Map<string, Uint8Array>();
    for (const { store } of world.nodes)
      for (const [key, bytes] of store) if (!archive.has(key)) archive.set(key, decodeEntry(bytes).bundle);
    const places = [...sybils].map((index) => {
      const { name } = world.nodes[index]!;
      return { name, kadId: kadIdOfPeer(name) };
    });
    const contact = (peer: string) => ({ peer, addresses });
    const stock = of.type === 'sybils' ? grindStock(stockTries, chance.bytes('stock')) : null;
    return {
      random,
      archive,
      victimKey: victim === null ? null : agentKey(victim.agentId),
      sybilsNear: (point, number) => nearestOf(places, point, number).map(({ name }) => contact(name)),
      nobodyNear: (point, number) => stock?.nearest(point, number).map(contact) ?? [],
      count,
    };
  }

  return {
    lateNames: ground?.names ?? [],
    victim,
    isSybil: (node) => sybils.has(node),
    honest,
    join({ author, ...parts }) {
      if (victim === null) return;
      eclipse = createEclipse({
        ...{ ...parts, victim, honest: honest(parts.world), isWrong: truth.isWrong },
        replaced: (nowSeconds) => author.updated(victim, nowSeconds),
        ended: author.ended,
      });
    },
    begin,
    acknowledged: truth.acknowledged,
    isWrong: truth.isWrong,
    values: () => {
      if (attack === undefined) return {};
      const of = (deed: string): number => counts.get(deed) ?? 0;
      return {
        'attack.sybils': sybils.size,
        'attack.hashes': ground?.tries ?? null,
        'attack.asked': of('asked'),
        'attack.silences': of('silent'),
        'attack.lies': of('lies'),
        'attack.staleShown': of('stale'),
        'attack.misled': of('misled'),
        'attack.putsSwallowed': of('swallowed'),
        'attack.messagesDropped': of('dropped'),
        ...eclipse?.values(),
      };
    },
  };
}

/** Known before the network is: whoever sees it can stand near it. */
function victimOf(author: AgentAuthor): SimulatedAgent {
  return author.born(victimNumber, Math.floor(startMs / 1000));
}

/** Ids nearer to the victim than those of all honest nodes. */
function groundFor({ agentId }: SimulatedAgent, nodes: number, count: number, chance: Chance): Ground {
  const target = kadIdOfAgent(agentId);
  const places = Array.from({ length: nodes }, (_, index) => ({
    kadId: kadIdOfPeer(peerName(chance.bytes(`peer ${index}`))),
  }));
  return grindBelow(target, nearestOf(places, target, 1)[0]!.kadId, count, chance.bytes('grinding'));
}
