/** A name becomes an agent id. An id is its own name, and nobody is asked. */
import {
  type AgentId,
  agentIdFromKey,
  agentKey,
  formatAgentId,
  parseAgentId,
} from '../core/identity/agent-id.ts';
import { isLive } from './layers.ts';
import { ResolutionError } from './resolution-error.ts';
import type { IndexSource } from './resolution-types.ts';
import type { Session } from './session.ts';
import { failedStep } from './trace.ts';

export interface FoundName {
  readonly agentId: AgentId;
  /** Infinity for an id. */
  readonly holdsUntilMs: number;
  /** Asked before all others. */
  readonly registry?: IndexSource;
}

const nameLengthMax = 512;

/** @throws ResolutionError `name-unknown`, `bad-request`, and what names throw */
export async function findName(session: Session, nameOrId: string): Promise<FoundName> {
  const id = agentIdOf(nameOrId);
  if (id !== null) return { agentId: id, holdsUntilMs: Number.POSITIVE_INFINITY };
  if (nameOrId === '' || nameOrId.length > nameLengthMax)
    throw new ResolutionError('bad-request', `a name has 1 to ${nameLengthMax} characters`);
  const { cache, ports, wish, nowMs, tracer } = session;
  const end = tracer.begin('name', nameOrId);
  const held = cache.name(nameOrId);
  if (held !== undefined && isLive(held, nowMs(), wish.maxStalenessMs)) {
    const { from, verifiedBy, endMs } = held;
    const agentId = agentIdFromKey(held.agentKey);
    end({ outcome: 'cached', from, said: saidOf(agentId), verifiedBy, holdsUntilMs: endMs });
    return { agentId, holdsUntilMs: endMs };
  }
  try {
    if (ports.resolveName === undefined)
      throw new ResolutionError('name-unknown', 'names are not resolved here: give an agent id');
    const fresh = held !== undefined || wish.maxStalenessMs !== Number.POSITIVE_INFINITY;
    const found = await session.orEnd(ports.resolveName(nameOrId, { ...session.options(), fresh }));
    const { agentId, from, verifiedBy, holdsUntilMs, cached, registry } = found;
    // One that leads to a registry is asked there each time: what the registry shows is kept, not the way to it.
    if (registry === undefined)
      cache.putName(nameOrId, {
        agentKey: agentKey(agentId),
        from,
        verifiedBy,
        fetchedMs: nowMs(),
        endMs: holdsUntilMs,
      });
    end({ outcome: cached ? 'cached' : 'ok', from, said: saidOf(agentId), verifiedBy, holdsUntilMs });
    const source = registry === undefined ? undefined : ports.registryAt?.(registry);
    return { agentId, holdsUntilMs, ...(source !== undefined && { registry: source }) };
  } catch (error) {
    end(failedStep(error, 'names'));
    throw error;
  }
}

function agentIdOf(text: string): AgentId | null {
  try {
    return parseAgentId(text);
  } catch {
    return null;
  }
}

function saidOf(agentId: AgentId): string {
  return formatAgentId(agentId);
}
