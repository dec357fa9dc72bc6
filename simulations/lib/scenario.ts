/** A scenario as its file says it; docs/simulation.md explains each field. Times in seconds of virtual time. */
import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const share = Type.Number({ minimum: 0, maximum: 1 });
const seconds = Type.Number({ minimum: 0 });
const strict = { additionalProperties: false } as const;
const during = { atSeconds: seconds, forSeconds: seconds };

const fault = Type.Union([
  Type.Object({ type: Type.Literal('crash'), ...during, share }, strict),
  Type.Object(
    { type: Type.Literal('partition'), ...during, share, oneWay: Type.Optional(Type.Boolean()) },
    strict,
  ),
  Type.Object({ type: Type.Literal('loss'), ...during, loss: share }, strict),
  Type.Object({ type: Type.Literal('slow'), ...during, share, addedMs: seconds }, strict),
  Type.Object({ type: Type.Literal('full-disks'), ...during, share }, strict),
  Type.Object(
    {
      type: Type.Literal('churn'),
      ...during,
      share,
      /** Where their lengths were measured: simulations/lib/churn.ts. */
      sessions: Type.Literal('kad'),
      /** Than they were measured. */
      timesFaster: Type.Number({ minimum: 1, maximum: 10_000 }),
    },
    strict,
  ),
]);

const atSeconds = seconds;
const deceit = Type.Union([
  Type.Literal('silent'),
  Type.Literal('lying'),
  Type.Literal('stale'),
  Type.Literal('misleading'),
  Type.Literal('idle'),
  Type.Literal('denying'),
]);

/** What each means: simulations/lib/attack. */
const attack = Type.Union([
  Type.Object(
    { type: Type.Literal('sybils'), atSeconds, share, deceits: Type.Array(deceit, { minItems: 1 }) },
    strict,
  ),
  Type.Object(
    {
      type: Type.Union([Type.Literal('cold-boot'), Type.Literal('covert-flash')]),
      atSeconds,
      share,
    },
    strict,
  ),
  Type.Object(
    { type: Type.Literal('eclipse'), atSeconds, nodes: Type.Integer({ minimum: 1, maximum: 200 }), deceit },
    strict,
  ),
]);

const threshold = Type.Object(
  {
    measure: Type.String(),
    atMost: Type.Optional(Type.Number()),
    atLeast: Type.Optional(Type.Number()),
  },
  strict,
);

/** Agents of one kind: how long they live, and what of them stands in the index. */
const lifetime = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z]+$' }),
    /** Of the agents that live at any time. */
    share,
    /** The shortest and the longest life; as many at each order of magnitude between. */
    fromSeconds: Type.Number({ exclusiveMinimum: 0 }),
    toSeconds: Type.Number({ exclusiveMinimum: 0 }),
    /** Of its record; signed anew before half of it is over. */
    validityHours: Type.Number({ minimum: 1, maximum: 168 }),
    /** How often its endpoint changes. */
    endpointEverySeconds: Type.Number({ exclusiveMinimum: 0 }),
    /** Of those that end: revoked; the others say nothing. */
    revokedShare: share,
    /** Of all: have a record of their own; the others are known by their controllers' facts. 1 when left out. */
    recordShare: Type.Optional(share),
  },
  strict,
);

export const scenarioSchema = Type.Object(
  {
    title: Type.String(),
    nodes: Type.Integer({ minimum: 2, maximum: 200_000 }),
    agents: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    /** Beside those: agents that were registered long ago, each at its k closest nodes. */
    placedAgents: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
    start: Type.Union([Type.Literal('settled'), Type.Literal('empty')]),
    /** That many run the nodes, side by side; the trace depends on how many they are, not on who runs them. */
    threads: Type.Optional(Type.Integer({ minimum: 2, maximum: 8 })),
    network: Type.Object(
      {
        latency: Type.Union([Type.Literal('regions'), Type.Number({ minimum: 0 })]),
        jitter: Type.Number({ minimum: 0 }),
        loss: share,
        /** Of the messages: held back, so that later ones overtake them; that come twice. 0 when left out. */
        reorder: Type.Optional(share),
        duplicate: Type.Optional(share),
        uplinkBitsPerSecond: Type.Number({ exclusiveMinimum: 0 }),
        /** A share of the nodes is behind NATs; of pairs of them, so many punch a hole (0 when left out). */
        nat: Type.Optional(Type.Object({ share, punchedShare: Type.Optional(share) }, strict)),
      },
      strict,
    ),
    /** In place of the defaults of a node. */
    peer: Type.Optional(
      Type.Object(
        {
          /** k. */
          replication: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
          /** α. */
          parallelism: Type.Optional(Type.Integer({ minimum: 1, maximum: 32 })),
          /** w. */
          acknowledgements: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
          respondersMin: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
          hedgeAfterMs: Type.Optional(Type.Number({ minimum: 1 })),
          syncIntervalSeconds: Type.Optional(Type.Number({ minimum: 1 })),
          /** The republish interval: how often records are handed on to who is closer. */
          handOverSeconds: Type.Optional(Type.Number({ minimum: 1 })),
        },
        strict,
      ),
    ),
    gossip: Type.Optional(
      Type.Object(
        {
          /** D. */
          degree: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
          floodPublish: Type.Optional(Type.Boolean()),
          lazy: Type.Optional(Type.Boolean()),
        },
        strict,
      ),
    ),
    /** With an empty start: all but three dial one of those three within so long, before anything else. */
    joinSeconds: Type.Optional(seconds),
    /** Standard deviation of the nodes' clocks. */
    clockSkewSeconds: Type.Optional(seconds),
    load: Type.Object(
      {
        seconds,
        lookupsPerSecond: Type.Number({ minimum: 0 }),
        updatesPerSecond: Type.Number({ minimum: 0 }),
        rotationsPerSecond: Type.Number({ minimum: 0 }),
        revocations: Type.Integer({ minimum: 0 }),
        /** Of one and the same agent. */
        hotLookupsPerSecond: Type.Optional(Type.Number({ minimum: 0 })),
        /** Old states of agents that have rotated or ended, sent straight to nodes that know them. */
        replaysPerSecond: Type.Optional(Type.Number({ minimum: 0 })),
        /** Agents of which two different rotations are signed, in all. */
        forks: Type.Optional(Type.Integer({ minimum: 0 })),
        /** The agents in place of others: as many live at any time, and `lookupsPerSecond` look them up. */
        lifetimes: Type.Optional(Type.Array(lifetime, { minItems: 1, maxItems: 8 })),
        /** New agents that two hands write at once. */
        twoHandsPerSecond: Type.Optional(Type.Number({ minimum: 0 })),
      },
      strict,
    ),
    faults: Type.Array(fault, { maxItems: 32 }),
    attack: Type.Optional(attack),
    /** What a large one may take on two cores: told among the targets, and no threshold, for it depends on the machine. */
    budget: Type.Optional(
      Type.Object(
        {
          wallSeconds: Type.Number({ exclusiveMinimum: 0 }),
          peakGigabytes: Type.Number({ exclusiveMinimum: 0 }),
        },
        strict,
      ),
    ),
    /** After the load and the last fault, before the end is judged. */
    settleSeconds: seconds,
    thresholds: Type.Array(threshold, { minItems: 1, maxItems: 32 }),
  },
  strict,
);

export type Scenario = Static<typeof scenarioSchema>;
export type Fault = Scenario['faults'][number];
export type Attack = NonNullable<Scenario['attack']>;

/** A file that is no scenario; the message says where. */
export class ScenarioError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScenarioError';
  }
}

/** @throws ScenarioError */
export function loadScenario(path: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ScenarioError(`${path}: ${(error as Error).message}`);
  }
  return parseScenario(path, value);
}

/** @throws ScenarioError that begins with what it was read from. */
export function parseScenario(source: string, value: unknown): Scenario {
  const [wrong] = Value.Errors(scenarioSchema, value);
  if (wrong !== undefined)
    throw new ScenarioError(`${source}: ${wrong.instancePath || '/'} ${wrong.message}`);
  const scenario = value as Scenario;
  const hindrance = scenario.threads === undefined ? undefined : hindranceOf(scenario);
  if (hindrance !== undefined)
    throw new ScenarioError(`${source}: /threads nodes that several threads run ${hindrance}`);
  return scenario;
}

/** Why its nodes cannot be divided among threads; undefined: they can. */
function hindranceOf(scenario: Scenario): string | undefined {
  const { network, faults, load } = scenario;
  if (scenario.start !== 'settled' || scenario.joinSeconds !== undefined)
    return 'have met before the run: start "settled"';
  if (faults.length > 0 || scenario.attack !== undefined || network.nat !== undefined)
    return 'stay up and reach one another: no faults, attack or network.nat';
  if (network.latency === 0) return 'are some way apart: a latency above 0';
  if (scenario.clockSkewSeconds !== undefined || scenario.placedAgents !== undefined || load.replaysPerSecond)
    return 'are not reached into: no clockSkewSeconds, placedAgents or load.replaysPerSecond';
  return undefined;
}
