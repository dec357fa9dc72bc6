/**
 * Verifies what a search was shown, agent by agent in the given order, until there are enough: of each agent the newest
 * announcement whose signatures hold, so that a forged newer one hides nothing. Source: docs/protocol.md §7.
 */

import { bytesEqual } from '../bytes.ts';
import { admitCapabilities } from '../capability/admit.ts';
import type { CapabilityAnnouncement } from '../capability/announcement.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { isProtocolError } from '../errors.ts';
import type { KeyState } from '../identity/key-state.ts';
import type { AgentTable } from './agent-table.ts';
import type { CapabilityServer } from './capability-server.ts';
import type { PeerContext } from './context.ts';

/** One announcement of an agent, and how many peers showed just that. */
export interface Shown {
  readonly announcement: CapabilityAnnouncement;
  shownBy: number;
}

/** Of one agent: whose turn it is, and in which place of the result it stands. */
interface Candidate {
  readonly place: number;
  readonly shown: readonly Shown[];
  next: number;
}

/** Signature checks that one search may cost: so many forged rows, and the rest is not looked at. */
const checksMax = 2_000;

/** @param agents in order; of each, what was shown, the newest first */
export type VerifyHits = (
  agents: readonly (readonly Shown[])[],
  limit: number,
  onVerified: (hits: readonly Shown[]) => void,
) => void;

export function createHitVerifier(
  context: PeerContext,
  parts: { readonly table: AgentTable; readonly server: CapabilityServer },
): VerifyHits {
  const { table, server } = parts;

  /** The checks that the candidate's announcement in turn owes; null when it is refused without any. */
  function checksOf({ announcement }: Shown, held: KeyState | null): readonly SignatureCheck[] | null {
    try {
      const { checks } = admitCapabilities(announcement, held);
      const own = server.store.get(announcement.key);
      // What is kept here was verified when it came.
      return own !== undefined && bytesEqual(own.bytes, announcement.bytes) ? [] : checks;
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
      return null;
    }
  }

  /** The first announcement of the candidate that is not refused without a signature check, with its checks. */
  function nextChecks(candidate: Candidate, held: KeyState | null): readonly SignatureCheck[] | null {
    for (; candidate.next < candidate.shown.length; candidate.next++) {
      const checks = checksOf(candidate.shown[candidate.next]!, held);
      if (checks !== null) return checks;
    }
    return null;
  }

  function verifyRound(
    candidates: readonly Candidate[],
    onRound: (good: readonly boolean[], checkCount: number) => void,
  ): void {
    const checks: (readonly SignatureCheck[] | null)[] = new Array(candidates.length);
    let missing = candidates.length;
    const verify = (): void => {
      const owed = checks.flatMap((each) => each ?? []);
      const judge = (verdicts: readonly boolean[]): void => {
        let start = 0;
        const good = checks.map((each) => {
          if (each === null) return false;
          const end = start + each.length;
          const own = verdicts.slice(start, end);
          start = end;
          return own.length === each.length && !own.includes(false);
        });
        onRound(good, owed.length);
      };
      if (owed.length === 0) judge([]);
      else context.verify(owed, judge);
    };
    candidates.forEach((candidate, index) => {
      table.load(candidate.shown[0]!.announcement.key, (agent) => {
        checks[index] = nextChecks(candidate, agent?.state.keyState ?? null);
        if (--missing === 0) verify();
      });
    });
  }

  return (agents, limit, onVerified) => {
    const waiting: Candidate[] = agents.map((shown, place) => ({ place, shown, next: 0 }));
    const found: { readonly place: number; readonly hit: Shown }[] = [];
    let checksLeft = checksMax;
    const round = (): void => {
      const batch = checksLeft > 0 ? waiting.splice(0, limit - found.length) : [];
      if (batch.length === 0) {
        found.sort((left, right) => left.place - right.place);
        onVerified(found.map(({ hit }) => hit));
        return;
      }
      verifyRound(batch, (good, checkCount) => {
        checksLeft -= checkCount;
        const again: Candidate[] = [];
        batch.forEach((candidate, index) => {
          const hit = candidate.shown[candidate.next];
          if (hit === undefined) return;
          if (good[index] === true) found.push({ place: candidate.place, hit });
          else {
            context.count('answers_refused', 'bad-signature');
            candidate.next++;
            again.push(candidate);
          }
        });
        waiting.unshift(...again);
        round();
      });
    };
    round();
  };
}
