/**
 * Who reads the victim of an eclipse, and when. Three times: once the sybils stand around its key, after its record was
 * replaced, and after it has ended. The first time every third honest node reads it, afterwards all of them do, so that
 * some have read it before and some have not.
 */
import type { Resolution } from '../../../src/core/peer/effects.ts';
import type { SimulatedAgent } from '../agents.ts';
import type { SimulatedNode } from '../node-shell.ts';
import { share } from '../share.ts';
import type { World } from '../world.ts';

/** Seconds from the beginning of the attack. */
const times = { firstReads: 10, replaced: 20, secondReads: 26, ended: 40, thirdReads: 46 } as const;
const readSeconds = 10;

export interface EclipseParts {
  readonly world: World;
  readonly honest: readonly SimulatedNode[];
  /** As it was registered, what replaces it, and its end, signed in the second that is given. */
  readonly victim: SimulatedAgent;
  replaced(nowSeconds: number): SimulatedAgent;
  ended(replaced: SimulatedAgent, nowSeconds: number): SimulatedAgent;
  publish(agent: SimulatedAgent, kind: 'updated' | 'ended'): void;
  resolved(node: SimulatedNode, resolution: Resolution): void;
  isWrong(resolution: Resolution, askedAtMs: number): boolean;
}

export interface Eclipse {
  begin(): void;
  values(): Record<string, number | null>;
}

/** Of reads of one round. */
interface Round {
  reads: number;
  right: number;
  wrong: number;
  ended: number;
}

const newRound = (): Round => ({ reads: 0, right: 0, wrong: 0, ended: 0 });

export function createEclipse(parts: EclipseParts): Eclipse {
  const { world, honest, victim } = parts;
  const { queue } = world;
  const rounds = { first: newRound(), second: newRound(), third: newRound() };
  let replaced = victim;
  const nowSeconds = (): number => Math.floor(queue.nowMs / 1000);

  function read(node: SimulatedNode, round: Round): void {
    const askedAtMs = queue.nowMs;
    node.resolve(victim.agentId, (resolution) => {
      const isWrong = parts.isWrong(resolution, askedAtMs);
      round.reads++;
      if (isWrong) round.wrong++;
      else if (resolution.status === 'ok') round.right++;
      else if (resolution.status === 'tombstoned') round.ended++;
      parts.resolved(node, resolution);
    });
  }

  function readAll(nodes: readonly SimulatedNode[], round: Round): void {
    for (const [order, node] of nodes.entries())
      queue.at(queue.nowMs + (order / nodes.length) * readSeconds * 1000, () => read(node, round));
  }

  return {
    begin() {
      const at = (seconds: number, task: () => void): void => queue.at(queue.nowMs + seconds * 1000, task);
      at(times.firstReads, () =>
        readAll(
          honest.filter((_, order) => order % 3 === 0),
          rounds.first,
        ),
      );
      at(times.replaced, () => {
        replaced = parts.replaced(nowSeconds());
        parts.publish(replaced, 'updated');
      });
      at(times.secondReads, () => readAll(honest, rounds.second));
      at(times.ended, () => parts.publish(parts.ended(replaced, nowSeconds()), 'ended'));
      at(times.thirdReads, () => readAll(honest, rounds.third));
    },
    values() {
      const { first, second, third } = rounds;
      return {
        'victim.foundShare': share(first.right, first.reads),
        'victim.foundAfterUpdateShare': share(second.right, second.reads),
        'victim.wrongAfterUpdateShare': share(second.wrong, second.reads),
        'victim.endedShare': share(third.ended, third.reads),
        'victim.liveAfterEnd': third.right + third.wrong,
      };
    },
  };
}
