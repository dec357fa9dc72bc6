/**
 * Reputation as an input of a zone's policy: whoever runs the verifier says where it comes from. It is asked for anew in
 * each session and kept nowhere: what somebody thought yesterday is no fact.
 */
import { formatAgentDid, formatAgentId } from '../core/identity/agent-id.ts';
import { TrustError } from './trust-error.ts';

/** A function, a file, a model of the caller's own: local, so that nobody learns who is judged. */
export interface ReputationProvider {
  /** Shown in verdicts. */
  readonly source: string;
  /** 0 to 1; null: it knows nothing of that agent. */
  scoreOf(agentId: Uint8Array): number | null | Promise<number | null>;
}

export interface ReputationSession {
  readonly source: string;
  scoreOf(agentId: Uint8Array): Promise<number | null>;
}

const agentsPerSessionMax = 1_000;

/** One score an agent while the session lasts: a verdict and its explanation say the same. Begin a new one each time. */
export function startReputationSession(provider: ReputationProvider): ReputationSession {
  const scores = new Map<string, Promise<number | null>>();
  return {
    source: provider.source,
    scoreOf(agentId) {
      const key = formatAgentId(agentId);
      let score = scores.get(key);
      if (score === undefined) {
        score = askedScore(provider, agentId);
        if (scores.size < agentsPerSessionMax) scores.set(key, score);
      }
      return score;
    },
  };
}

/** A score that is none counts as unknown: a broken provider raises nobody. */
async function askedScore(provider: ReputationProvider, agentId: Uint8Array): Promise<number | null> {
  const score = await provider.scoreOf(agentId);
  return typeof score === 'number' && score >= 0 && score <= 1 ? score : null;
}

const textLengthMax = 4 * 1024 * 1024;

/** Scores from a text: `{"nanda:…": 0.8, …}`, agent ids or DIDs. @throws TrustError `bad-policy` */
export function reputationOfText(text: string, source: string): ReputationProvider {
  let value: unknown;
  try {
    value = text.length <= textLengthMax ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TrustError('bad-policy', `${source} is no JSON object of scores by agent, up to 4 MiB`);
  const scores = new Map(Object.entries(value));
  for (const [agent, score] of scores) {
    if (typeof score !== 'number' || score < 0 || score > 1)
      throw new TrustError(
        'bad-policy',
        `${source}: the score of ${agent.slice(0, 80)} is no number from 0 to 1`,
      );
  }
  return {
    source,
    scoreOf: (agentId) => scores.get(formatAgentId(agentId)) ?? scores.get(formatAgentDid(agentId)) ?? null,
  };
}
