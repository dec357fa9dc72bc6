/**
 * Resolving for an embedding program: decides when what is held may be served, when the network is asked again, and
 * what is no answer at all. What an answer means is decided by the core.
 */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { ResolveOptions } from '../driver/call-types.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { Clock } from '../ports/clock.ts';
import { agentIdOf } from './agent-name.ts';
import type { Contact } from './contact.ts';
import type { Joining } from './joining.ts';
import { LightNodeError } from './light-error.ts';
import { lightRecordOf } from './light-record.ts';
import type { LightNode } from './light-types.ts';
import type { UsedAgents } from './used-agents.ts';

const resolveTimeoutMs = 10_000;
/** How long a call waits for a full node that it has not met, when those that it has say nothing of use. */
const othersWithinMs = 2_000;

export interface LightResolve {
  readonly resolve: LightNode['resolve'];
  /** One look at the network or at what is held, noted as a use of that agent. */
  resolveOnce(agentId: AgentId, options?: ResolveOptions): Promise<Resolution>;
}

export function createLightResolve(parts: {
  readonly calls: Pick<NetworkCalls, 'resolve'>;
  readonly used: UsedAgents;
  readonly contact: Contact;
  readonly joining: Joining;
  readonly clock: Clock;
  /** Where a call names none. */
  readonly maxStalenessMs: number;
}): LightResolve {
  const { calls, used, contact, joining, clock } = parts;

  async function resolveOnce(agentId: AgentId, options: ResolveOptions = {}): Promise<Resolution> {
    const resolution = await calls.resolve(agentId, options);
    const isConfirmed = !resolution.cached && resolution.holders > 0;
    if (resolution.state !== null) used.resolved(agentId, isConfirmed);
    return resolution;
  }

  /** Those who were asked said nothing of use; others that have been met since, or are in a moment, may. */
  async function resolveAgain(
    agentId: AgentId,
    { signal }: ResolveOptions,
    metBefore: number,
    deadlineMs: number,
  ): Promise<Resolution | null> {
    if (!contact.isConnected) return null;
    const leftMs = (): number => deadlineMs - clock.nowMs();
    await joining.whenMet(metBefore + 1, Math.min(othersWithinMs, leftMs()), signal);
    return joining.met > metBefore && leftMs() > 0
      ? resolveOnce(agentId, { fresh: true, timeoutMs: leftMs(), ...(signal && { signal }) })
      : null;
  }

  return {
    resolveOnce,
    async resolve(agent, given = {}) {
      const { fresh = false, maxStalenessMs = parts.maxStalenessMs, ...rest } = given;
      const agentId = agentIdOf(agent);
      const isStale = contact.unheardMs(used.confirmedAtMs(agentId)) > maxStalenessMs;
      const deadlineMs = clock.nowMs() + (rest.timeoutMs ?? resolveTimeoutMs);
      const metBefore = joining.met;
      const first = await resolveOnce(agentId, { ...rest, fresh: fresh || isStale });
      const resolution = isAnswered(first)
        ? first
        : ((await resolveAgain(agentId, rest, metBefore, deadlineMs)) ?? first);
      if (!isAnswered(resolution)) throw unanswered(contact.offlineSinceMs);
      const { status, state } = resolution;
      return { ...resolution, record: status === 'ok' && state !== null ? lightRecordOf(state) : null };
    },
  };
}

/**
 * What the network has said is an answer; that nobody said anything is none. An agent that is known to have ended or to
 * be frozen stays so, whoever is away.
 */
function isAnswered({ cached, responders, status }: Resolution): boolean {
  return cached || responders.length > 0 || status === 'tombstoned' || status === 'forked';
}

function unanswered(offlineSinceMs: number | null): LightNodeError {
  return offlineSinceMs === null
    ? new LightNodeError(
        'no-usable-answers',
        'no full node gave an answer that holds: try again, or join through other full nodes',
      )
    : new LightNodeError(
        'offline',
        `no full node is connected since ${new Date(offlineSinceMs).toISOString()}, and what is held may have been overtaken: wait for "connected", or allow a longer maxStalenessMs`,
      );
}
