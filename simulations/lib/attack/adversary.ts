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
import { nearestOf } from '../nearest.ts';
import type { SimulatedNode } from '../node-shell.ts';
import { peerName } from '../peer-name.ts';
import type { Attack, Scenario } from '../scenario.ts';
import { startMs, type World } from '../world.ts';
import { type Conspiracy, type Deceit, deceive } from './deceit.ts';
import { createEclipse, type Eclipse, type EclipseParts } from './eclipse.ts';
import { type Ground, grindBelow, grindStock } from './grinding.ts';
import { createScoredMesh, type ScoredMesh } from './scored-mesh.ts';
import { createTruth } from './truth.ts';

export interface Adversary {
  /** Peer ids of nodes that join only when the attack begins. */
  readonly lateNames: readonly string[];
  /** The agent that it is about, which is registered beside the others. */
  readonly victim: SimulatedAgent | null;
  isSybil(node: number): boolean;
  honest(world: World): readonly SimulatedNode[];
  /** Before anything else happens. */
  enter(world: World): void;
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
  let mesh: ScoredMesh | null = null;
  let isSilent = false;
  let meshShare: number | null = null;

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

  /** Whoever is about gossip is connected to everybody, from the start. */
  function enter(world: World): void {
    if (attack?.type !== 'cold-boot' && attack?.type !== 'covert-flash') return;
    for (const sybil of sybils) meetAll(world, sybil);
    isSilent = attack.type === 'cold-boot';
    mesh = createScoredMesh({
      world,
      random: chance.stream('meshes'),
      isSybil: (node) => sybils.has(node),
      areGreedy: isSilent,
      isMute: (node) => isSilent && sybils.has(node),
    });
    world.gossip.keepMeshes(mesh);
    for (const sybil of sybils) dropMessages(world.nodes[sybil]!);
  }

  /** What reaches it goes no further, while the attack goes on. */
  function dropMessages(node: SimulatedNode): void {
    const validateTruly = node.validate;
    node.validate = (from, topic, data, onVerdict) => {
      if (!isSilent) {
        validateTruly(from, topic, data, onVerdict);
        return;
      }
      count('dropped');
      onVerdict('ignore');
    };
  }

  function begin(world: World): void {
    if (attack === undefined) return;
    world.queue.at(world.queue.nowMs + attack.atSeconds * 1000, () => {
      strike(world, attack);
      eclipse?.begin();
    });
  }

  function strike(world: World, of: Attack): void {
    isSilent = true;
    meshShare = mesh?.sybilShare() ?? null;
    if (of.type === 'eclipse') strikeBy(world, of, [of.deceit]);
    else if (of.type === 'sybils') strikeBy(world, of, of.deceits);
  }

  function strikeBy(world: World, of: Attack, deceits: readonly Deceit[]): void {
    const conspiracy = conspire(world, of);
    for (const [order, index] of [...sybils].entries()) {
      deceive(world.nodes[index]!, deceits[order % deceits.length]!, conspiracy);
      if (of.type === 'eclipse') meetAll(world, index);
    }
  }

  function meetAll(world: World, sybil: number): void {
    for (const { index } of world.nodes) if (index !== sybil) world.connect(sybil, index);
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
    enter,
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
    isWrong(resolution, askedAtMs) {
      const isWrong = attack !== undefined && truth.isWrong(resolution, askedAtMs);
      if (isWrong) count('wrong');
      return isWrong;
    },
    values: () => {
      if (attack === undefined) return {};
      const of = (deed: string): number => counts.get(deed) ?? 0;
      return {
        'lookups.wrong': of('wrong'),
        'attack.sybils': sybils.size,
        'attack.hashes': ground?.tries ?? null,
        'attack.asked': of('asked'),
        'attack.silences': of('silent'),
        'attack.lies': of('lies'),
        'attack.staleShown': of('stale'),
        'attack.misled': of('misled'),
        'attack.putsSwallowed': of('swallowed'),
        'attack.messagesDropped': of('dropped'),
        'attack.meshShare': meshShare,
        'attack.meshShareAtEnd': mesh?.sybilShare() ?? null,
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
