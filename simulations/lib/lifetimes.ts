/**
 * Agents that live for milliseconds to months, as a scenario mixes them: where one ends, the next of its class begins, so
 * that as many live at any time. Most end without a word, and their records run out; some are revoked.
 */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import { decodeEntry, isHeldEntry } from '../../src/core/peer/entry.ts';
import { decodeState } from '../../src/core/record/stored-state.ts';
import type { Random } from '../../src/core/rng.ts';
import type { AgentAuthor, SimulatedAgent } from './agents.ts';
import type { Scenario } from './scenario.ts';
import { share } from './share.ts';
import type { World } from './world.ts';

export interface Lifetimes {
  /** Begins with as many agents as live at a time, within so many seconds. */
  register(seconds: number): void;
  /** Lookups begin, and what is counted. */
  begin(): void;
  /** Under the names that thresholds use; nothing where the scenario has no lifetimes. */
  values(): Record<string, number | null>;
}

export interface LifetimesParts {
  readonly world: World;
  readonly scenario: Scenario;
  readonly random: Random;
  readonly author: AgentAuthor;
  resolve(agent: SimulatedAgent, onResolved: (resolution: Resolution) => void): void;
  publish(agent: SimulatedAgent, kind: 'registration' | 'updated' | 'ended'): void;
  spread(count: number, seconds: number, task: () => void): void;
}

type LifetimeClass = NonNullable<Scenario['load']['lifetimes']>[number];

/** One agent after another. */
interface Place {
  readonly of: LifetimeClass;
  readonly counted: ClassCounts;
  agent: SimulatedAgent | null;
}

interface ClassCounts {
  places: number;
  born: number;
  writes: number;
  lookups: number;
  found: number;
  /** One lookup in each life, at any moment of it. */
  lives: number;
  livesFound: number;
}

/** These agents have numbers of their own. */
const firstNumber = 3_000_000;
/** Of its validity: a publisher signs anew after 22 of 48 hours (docs/protocol.md §4). */
const refencedAfter = 22 / 48;
/** Of all lookups: of agents that have ended. */
const lateShare = 0.1;
/** Of those that ended last. */
const endedKept = 1_000;

export function createLifetimes(parts: LifetimesParts): Lifetimes {
  const { world, scenario, random, author } = parts;
  const { queue } = world;
  const { lifetimes = [], seconds: loadSeconds, lookupsPerSecond } = scenario.load;
  const classes = lifetimes.map((of) => ({
    of,
    counted: { places: 0, born: 0, writes: 0, lookups: 0, found: 0, lives: 0, livesFound: 0 },
  }));
  const places: Place[] = [];
  const ended: SimulatedAgent[] = [];
  const endedKeys = new Set<string>();
  const late = { lookups: 0, shown: 0 };
  let lastNumber = firstNumber;
  let beganMs = Number.POSITIVE_INFINITY;

  const nowSeconds = (): number => Math.floor(queue.nowMs / 1000);
  const isCounted = (): boolean => queue.nowMs >= beganMs;

  /** As many of short as of long lives at each order of magnitude. */
  const lifeSeconds = ({ fromSeconds, toSeconds }: LifetimeClass): number =>
    fromSeconds * (toSeconds / fromSeconds) ** random.next();

  function write(place: Place, agent: SimulatedAgent, kind: 'registration' | 'updated' | 'ended'): void {
    place.agent = agent;
    if (isCounted()) place.counted.writes++;
    parts.publish(agent, kind);
  }

  function begin(place: Place, forSeconds: number, refencedAfterShare: number): void {
    if (isCounted()) place.counted.born++;
    const hasRecord = random.next() < (place.of.recordShare ?? 1);
    place.agent = null;
    if (hasRecord) {
      write(place, author.born(++lastNumber, nowSeconds(), place.of.validityHours), 'registration');
      planRefence(place, place.agent!, refencedAfterShare);
      if (isCounted()) planLookup(place, place.agent!, forSeconds * random.next());
    }
    queue.at(queue.nowMs + forSeconds * 1000, () => end(place));
  }

  function planRefence(place: Place, { number }: SimulatedAgent, share: number): void {
    queue.at(queue.nowMs + place.of.validityHours * 3_600_000 * refencedAfter * share, () => {
      if (place.agent?.number !== number) return;
      write(place, author.updated(place.agent, nowSeconds()), 'updated');
      planRefence(place, place.agent, 1);
    });
  }

  function planLookup({ counted }: Place, agent: SimulatedAgent, afterSeconds: number): void {
    queue.at(queue.nowMs + afterSeconds * 1000, () => {
      counted.lives++;
      parts.resolve(agent, ({ status }) => {
        if (status === 'ok') counted.livesFound++;
      });
    });
  }

  function end(place: Place): void {
    const { agent } = place;
    if (agent !== null) {
      endedKeys.add(agentKey(agent.agentId));
      ended[ended.length < endedKept ? ended.length : random.below(endedKept)] = agent;
      if (random.next() < place.of.revokedShare) write(place, author.ended(agent, nowSeconds()), 'ended');
    }
    begin(place, lifeSeconds(place.of), 1);
  }

  function lookUp(): void {
    if (random.next() < lateShare) {
      const agent = ended[random.below(Math.max(1, ended.length))];
      if (agent === undefined) return;
      late.lookups++;
      parts.resolve(agent, ({ status }) => {
        if (status === 'ok') late.shown++;
      });
      return;
    }
    const { agent, counted } = places[random.below(places.length)]!;
    if (agent === null) return;
    counted.lookups++;
    parts.resolve(agent, ({ status }) => {
      if (status === 'ok') counted.found++;
    });
  }

  /** What the disks hold: tombstones of each node, and records of agents that are no more. */
  function stored(): { tombstones: number; held: number; dead: number } {
    const isTombstone = new Map<Uint8Array, boolean>();
    const held = new Set<string>();
    let tombstones = 0;
    for (const { store } of world.nodes) {
      for (const [key, bytes] of store) {
        if (isHeldEntry(bytes)) held.add(key);
        let is = isTombstone.get(bytes);
        if (is === undefined) {
          is = decodeState(decodeEntry(bytes).bundle).keyState.status === 'tombstoned';
          isTombstone.set(bytes, is);
        }
        if (is) tombstones++;
      }
    }
    return { tombstones, held: held.size, dead: [...held].filter((key) => endedKeys.has(key)).length };
  }

  const sum = (of: (one: (typeof classes)[number]) => number): number =>
    classes.reduce((total, one) => total + of(one), 0);

  return {
    register(seconds) {
      for (const { of, counted } of classes) {
        counted.places = Math.round(scenario.agents * of.share);
        for (let index = 0; index < counted.places; index++) {
          const place: Place = { of, counted, agent: null };
          places.push(place);
          // Somewhere in its life, and between two fences.
          const restSeconds = lifeSeconds(of) * random.next();
          queue.at(queue.nowMs + random.next() * seconds * 1000, () =>
            begin(place, restSeconds, random.next()),
          );
        }
      }
    },
    begin() {
      beganMs = queue.nowMs;
      if (places.length > 0) parts.spread(Math.round(lookupsPerSecond * loadSeconds), loadSeconds, lookUp);
    },
    values() {
      if (classes.length === 0) return {};
      const seconds = (queue.nowMs - beganMs) / 1000;
      const { tombstones, held, dead } = stored();
      const changesOf = ({ of, counted }: (typeof classes)[number]): number =>
        (counted.places * seconds) / of.endpointEverySeconds;
      const writes = sum(({ counted }) => counted.writes);
      return {
        'index.writes': writes,
        'index.writesPerAgentSecond': share(writes, sum(({ counted }) => counted.places) * seconds),
        'index.changesPerWrite': share(sum(changesOf), writes),
        'lifetimes.born': sum(({ counted }) => counted.born),
        'lifetimes.lateShownShare': share(late.shown, late.lookups),
        'storage.tombstonesPerNode': tombstones / world.nodes.length,
        'storage.deadShare': share(dead, held),
        ...Object.fromEntries(
          classes.flatMap((one) => [
            [`lifetimes.${one.of.name}.foundShare`, share(one.counted.found, one.counted.lookups)],
            [`lifetimes.${one.of.name}.lifeFoundShare`, share(one.counted.livesFound, one.counted.lives)],
            [`lifetimes.${one.of.name}.changesPerWrite`, share(changesOf(one), one.counted.writes)],
          ]),
        ),
      };
    },
  };
}
