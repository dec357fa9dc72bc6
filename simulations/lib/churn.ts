/**
 * When nodes that come and go are away: sessions and absences as they were measured in a Kademlia network, so many times
 * faster. Both are Weibull distributions with a shape below 1: who has just come is the likeliest to go.
 */
import type { Random } from '../../src/core/rng.ts';
import { weibull } from './chance.ts';

/** Scales in minutes. */
const measured = {
  /**
   * KAD, crawled every five minutes for six months: Steiner, En-Najjary, Biersack, "Analyzing Peer Behavior in KAD",
   * Eurecom RR-07-205, 2007, with the fits as PeerfactSim.KOM quotes them (KadChurnModel). Sessions are those from
   * the second crawl on, shorter than those of the first (357.7152, 0.54512); absences are quoted for the first crawl
   * alone. Medians of 93 and 192 minutes.
   */
  kad: {
    session: { scale: 169.5385, shape: 0.61511 },
    absence: { scale: 413.6765, shape: 0.47648 },
  },
};

export interface Churn {
  readonly sessions: keyof typeof measured;
  readonly timesFaster: number;
}

/** Milliseconds on the clock that `beginMs` and `endMs` are on. */
export interface Absence {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Of one node, in order. A session begins with the churn; at the end of the churn the node is there. */
export function absences(churn: Churn, random: Random, beginMs: number, endMs: number): Absence[] {
  const { session, absence } = measured[churn.sessions];
  const lengthMs = ({ scale, shape }: typeof session): number =>
    weibull(random, (scale * 60_000) / churn.timesFaster, shape);
  const found: Absence[] = [];
  let fromMs = beginMs + lengthMs(session);
  while (fromMs < endMs) {
    const untilMs = Math.min(endMs, fromMs + lengthMs(absence));
    found.push({ fromMs, untilMs });
    fromMs = untilMs + lengthMs(session);
  }
  return found;
}
