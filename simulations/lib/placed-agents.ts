/**
 * Agents that were registered long before the run: each lies at the k nodes closest to it. One is made of the seed, signed
 * and put on those disks when somebody asks for it or changes it, which is the first moment at which anybody could tell;
 * from then on all is the product's own work. So an index of a million needs the memory of what is asked of it.
 */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { kadIdOfAgent, kadIdOfPeer } from '../../src/core/overlay/distance.ts';
import { encodeEntry } from '../../src/core/peer/entry.ts';
import { stateExpiresAt } from '../../src/core/resolve/verdict.ts';
import type { AgentAuthor, SimulatedAgent } from './agents.ts';
import type { Chance } from './chance.ts';
import { nearestOf } from './nearest.ts';
import type { World } from './world.ts';

export interface PlacedAgents {
  readonly count: number;
  /** @param place 0 up to `count`, asked once each. */
  make(place: number): SimulatedAgent;
}

/** These agents have numbers of their own. */
export const firstPlacedNumber = 1_000_000_000;
/** A publisher signs anew after so long, so that none is older. */
const oldestSeconds = 22 * 3600;

export function createPlacedAgents(parts: {
  readonly count: number;
  readonly world: World;
  readonly author: AgentAuthor;
  readonly chance: Chance;
  /** It has been there all the time. */
  onMade(agent: SimulatedAgent): void;
}): PlacedAgents {
  const { count, world, author, chance } = parts;
  const { nodes, queue, config } = world;
  const places = nodes.map((node) => ({ node, kadId: kadIdOfPeer(node.name) }));
  const beganSeconds = Math.floor(queue.nowMs / 1000);

  return {
    count,
    make(place) {
      const number = firstPlacedNumber + place;
      const [high, low] = chance.bytes(`age ${number}`);
      const ageSeconds = Math.floor(((high! * 256 + low!) / 65_536) * oldestSeconds);
      const agent = author.born(number, beganSeconds - ageSeconds);
      const { agentId, state, bundle } = agent;
      const target = kadIdOfAgent(agentId);
      const entry = encodeEntry({
        isHeld: true,
        learnedAt: beganSeconds - ageSeconds,
        expiresAt: stateExpiresAt(state),
        mark: { establishment: state.keyState.establishment, issuedAt: state.addr!.issuedAt },
        bundle,
      });
      for (const { node } of nearestOf(places, target, config.replication))
        node.keep(agentKey(agentId), entry);
      parts.onMade(agent);
      return agent;
    },
  };
}
