/**
 * Which endpoints a client is given, and in which order: pure choices over what a routing names. `capability` leaves out
 * what cannot do it, `threat-shield` shows each client its own few, `geo` brings the nearest first, `load` puts the less
 * loaded of two random ones before the other (power of two choices), which spreads better than always the least loaded
 * of reports that are seconds old. Source: Mitzenmacher, "The power of two choices in randomized load balancing" (2001).
 */
import { compareBytes, utf8ToBytes } from '../../core/bytes.ts';
import { digest } from '../../core/hash.ts';
import { hasSkill } from '../choose-endpoints.ts';
import { nearness } from '../region.ts';
import type { PolicyName, RoutedPlace, Routing } from './routing-schema.ts';

/** What is known of who asks, and of the endpoints. */
export interface RoutingSituation {
  readonly skill: string | null;
  readonly region: string | null;
  /** Who asks, as the network shows it and not as it calls itself. */
  readonly address: string;
  /** Nobody outside can compute a client's endpoints without it. 32 bytes. */
  readonly secret: Uint8Array;
  /** The load that was reported of an endpoint; null where none counts now. */
  readonly loadOf: (url: string) => number | null;
  /** A whole number of 0 to `below` − 1. */
  readonly random: (below: number) => number;
}

/** The best first, at most as many as the routing wants; empty where none can do it. */
export function chooseRoute(routing: Routing, situation: RoutingSituation): readonly RoutedPlace[] {
  const { policies, answers, shield } = routing;
  const follows = (name: PolicyName): boolean => policies.includes(name);
  const capable = follows('capability') ? capableOf(routing.endpoints, situation.skill) : routing.endpoints;
  const shown = follows('threat-shield') ? shardOf(capable, situation, shield.endpoints) : capable;
  const rings = follows('geo') ? ringsOf(shown, situation.region) : [shown];
  const ordered = rings.flatMap((ring) =>
    follows('load') ? byTwoChoices(ring, situation) : shuffled(ring, situation.random),
  );
  return ordered.slice(0, answers);
}

/** Those that name the skill, or none at all. */
function capableOf(places: readonly RoutedPlace[], skill: string | null): readonly RoutedPlace[] {
  if (skill === null) return places;
  return places.filter(({ skills }) => skills === undefined || skills.some((one) => hasSkill(one, skill)));
}

/**
 * Shuffle sharding: each client has its own few endpoints, always the same while the routing stands, so that one that
 * attacks hurts only those that share all of them. Rendezvous hashing: a change of one endpoint moves few clients.
 */
function shardOf(
  places: readonly RoutedPlace[],
  { address, secret }: RoutingSituation,
  count: number,
): readonly RoutedPlace[] {
  const weighed = places.map((place) => ({
    place,
    weight: digest(secret, utf8ToBytes(`${address}\n${place.url}`)),
  }));
  weighed.sort((left, right) => compareBytes(left.weight, right.weight));
  return weighed.slice(0, count).map(({ place }) => place);
}

/** The nearest first; those of one nearness together. */
function ringsOf(places: readonly RoutedPlace[], region: string | null): readonly (readonly RoutedPlace[])[] {
  if (region === null) return [places];
  const ringByNearness = new Map<number, RoutedPlace[]>();
  for (const place of places) {
    const near = nearness(place.region ?? null, region);
    ringByNearness.set(near, [...(ringByNearness.get(near) ?? []), place]);
  }
  return [...ringByNearness].sort(([left], [right]) => right - left).map(([, ring]) => ring);
}

/** Each place of the order goes to the less loaded of two random ones that are left. Who should report and does not is last. */
function byTwoChoices(
  places: readonly RoutedPlace[],
  { loadOf, random }: RoutingSituation,
): readonly RoutedPlace[] {
  const load = ({ url, key }: RoutedPlace): number =>
    loadOf(url) ?? (key === undefined ? unreported : Number.POSITIVE_INFINITY);
  const left = [...places];
  const ordered: RoutedPlace[] = [];
  while (left.length > 1) {
    const one = random(left.length);
    const other = (one + 1 + random(left.length - 1)) % left.length;
    const chosen = load(left[one]!) <= load(left[other]!) ? one : other;
    ordered.push(...left.splice(chosen, 1));
  }
  return [...ordered, ...left];
}

/** Of an endpoint that reports nothing: in the middle. */
const unreported = 0.5;

function shuffled(places: readonly RoutedPlace[], random: (below: number) => number): readonly RoutedPlace[] {
  const left = [...places];
  const ordered: RoutedPlace[] = [];
  while (left.length > 0) ordered.push(...left.splice(random(left.length), 1));
  return ordered;
}
