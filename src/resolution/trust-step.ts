/** What a trust zone says of the facts; asked in each session anew, for reputations move. */
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import { ResolutionError } from './resolution-error.ts';
import type { AgentSession } from './session.ts';
import { failedStep } from './trace.ts';

/** Returns the end of the verdict, milliseconds since 1970. @throws ResolutionError `untrusted`, and what trust throws */
export async function judgeFacts(session: AgentSession, facts: VerifiedFacts): Promise<number> {
  const { wish, ports, tracer } = session;
  const zone = wish.trust;
  if (zone === null) return Number.POSITIVE_INFINITY;
  const end = tracer.begin('trust', `the zone ${zone}`);
  try {
    if (ports.judge === undefined) throw new ResolutionError('untrusted', 'no trust zone is known here');
    const verdict = await session.orEnd(ports.judge(zone, facts, session.options()));
    const { isTrusted, reason, holdsUntilMs } = verdict;
    if (!isTrusted) throw new ResolutionError('untrusted', reason, { zone });
    end({
      outcome: 'ok',
      from: 'its policy',
      said: reason,
      verifiedBy: 'the policy of the zone',
      holdsUntilMs,
    });
    return holdsUntilMs;
  } catch (error) {
    end(failedStep(error, 'its policy'));
    throw error;
  }
}
