/**
 * Load that some scenarios ask for: everybody wants one agent, old records are sent again straight to those who store,
 * two hands write one agent in the same second. And nodes that join a network of three all at once.
 */
import { bytesToHex } from '../../src/core/bytes.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { decodePutAnswers, encodeRequest } from '../../src/core/overlay/message.ts';
import type { Random } from '../../src/core/rng.ts';
import type { AgentAuthor, SimulatedAgent } from './agents.ts';
import type { SimulatedNode } from './node-shell.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

export interface SpecialLoad {
  /** Plans it all from now on. */
  begin(): void;
  born(agent: SimulatedAgent): void;
  /** Its keys have been replaced, or it has ended: what it was at first is outdated. */
  replaced(number: number): void;
  /** What was measured, under the names that thresholds use; null where nothing was asked for. */
  values(): Record<string, number | null>;
}

export interface SpecialLoadParts {
  readonly world: World;
  readonly scenario: Scenario;
  readonly random: Random;
  readonly author: AgentAuthor;
  someNode(): SimulatedNode;
  /** The first agent that was acknowledged. */
  hotAgent(): SimulatedAgent | undefined;
  resolve(agent: SimulatedAgent): void;
  publish(agent: SimulatedAgent): void;
  spread(count: number, seconds: number, task: () => void): void;
}

/** Storing peers that one replay is sent to. */
const replayedTo = 5;
/** Nodes that read each agent that two hands have written. */
const readersOfWritten = 5;
/** After a change of keys everybody has heard of it. */
const heardMs = 5_000;
const bootstraps = 3;

export function createSpecialLoad(parts: SpecialLoadParts): SpecialLoad {
  const { world, scenario, random, author, someNode, spread } = parts;
  const { queue } = world;
  const { seconds } = scenario.load;
  const firstStates = new Map<number, SimulatedAgent>();
  const outdated: SimulatedAgent[] = [];
  const written: SimulatedAgent[] = [];
  const recordsRead = new Map<string, Set<string>>();
  const replays = { sent: 0, taken: 0 };
  const requestsBefore: number[] = [];
  const nowSeconds = (): number => Math.floor(queue.nowMs / 1000);

  /** Straight to nodes, as somebody would who speaks the protocol and keeps none of its manners. */
  function replay(): void {
    const old = outdated[random.below(outdated.length)];
    if (old === undefined) return;
    const body = encodeRequest({ type: 'put', bundles: [old.bundle] });
    for (const target of random.pick(world.nodes, replayedTo)) {
      const isKnown = target.store.has(agentKey(old.agentId));
      if (!target.isUp || !isKnown) continue;
      replays.sent++;
      target.answer(someNode().name, body, (answered) => {
        const [answer] = decodePutAnswers(answered, 1);
        if (answer?.status === 'stored') replays.taken++;
      });
    }
  }

  /** Two devices of one controller: both begin with the same state and know nothing of each other. */
  function writeTwice(): void {
    const number = firstWritten + written.length;
    const born = author.born(number, nowSeconds());
    written.push(born);
    parts.publish(born);
    queue.at(queue.nowMs + 3_000, () => {
      parts.publish(author.updated(born, nowSeconds()));
      parts.publish(author.updated(born, nowSeconds() + 1));
    });
  }

  function readWritten(): void {
    for (const { agentId } of written) {
      const records = new Set<string>();
      recordsRead.set(bytesToHex(agentId), records);
      for (let reader = 0; reader < readersOfWritten; reader++) {
        someNode().resolve(agentId, ({ state }) =>
          records.add(bytesToHex(state?.addr?.bytes ?? new Uint8Array())),
        );
      }
    }
  }

  function hottestOverMean(): number | null {
    if (requestsBefore.length === 0) return null;
    const asked = [...world.requests].map((count, node) => count - requestsBefore[node]!);
    return Math.max(...asked) / (asked.reduce((total, one) => total + one, 0) / asked.length);
  }

  return {
    begin() {
      const { hotLookupsPerSecond = 0, replaysPerSecond = 0, twoHandsPerSecond = 0 } = scenario.load;
      requestsBefore.push(...world.requests);
      spread(Math.round(hotLookupsPerSecond * seconds), seconds, () => {
        const hot = parts.hotAgent();
        if (hot !== undefined) parts.resolve(hot);
      });
      spread(Math.round(replaysPerSecond * seconds), seconds, replay);
      spread(Math.round(twoHandsPerSecond * seconds), Math.max(0, seconds - 5), writeTwice);
      if (twoHandsPerSecond > 0)
        queue.at(queue.nowMs + (seconds + scenario.settleSeconds / 2) * 1000, readWritten);
    },
    born: (agent) => void firstStates.set(agent.number, agent),
    replaced(number) {
      const first = firstStates.get(number);
      if (first !== undefined) queue.at(queue.nowMs + heardMs, () => void outdated.push(first));
    },
    values: () => ({
      'load.hottestOverMean': hottestOverMean(),
      'replays.count': scenario.load.replaysPerSecond === undefined ? null : replays.sent,
      'replays.taken': scenario.load.replaysPerSecond === undefined ? null : replays.taken,
      'writers.agreeShare': shareOf([...recordsRead.values()], (records) => records.size === 1),
    }),
  };
}

/** Agents that two hands write have numbers of their own. */
const firstWritten = 2_000_000;

function shareOf<Item>(items: readonly Item[], isCounted: (item: Item) => boolean): number | null {
  return items.length === 0 ? null : items.filter(isCounted).length / items.length;
}

/** All but three dial one of those three, spread over these seconds. */
export function planJoinStorm(world: World, seconds: number, random: Random): void {
  const { nodes, queue, connect } = world;
  const first = nodes.slice(0, bootstraps);
  for (const [index, node] of first.entries())
    for (const other of first.slice(index + 1)) connect(node.index, other.index);
  for (const { index } of nodes.slice(bootstraps)) {
    queue.at(queue.nowMs + random.next() * seconds * 1000, () => connect(index, random.below(bootstraps)));
  }
}
