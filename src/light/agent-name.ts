/** Agents as an embedding program names them. */

import { type AgentId, parseAgentId } from '../core/identity/agent-id.ts';
import { digestBytes } from '../core/limits.ts';
import { LightNodeError } from './light-error.ts';
import type { AgentName } from './light-types.ts';

/** @throws LightNodeError `bad-argument` */
export function agentIdOf(agent: AgentName): AgentId {
  if (agent instanceof Uint8Array && agent.length === digestBytes) return agent;
  try {
    return parseAgentId(String(agent));
  } catch (error) {
    const message = 'an agent is named by its 32 bytes or by text that begins with nanda: or did:nanda:';
    throw new LightNodeError('bad-argument', message, { cause: error });
  }
}

/** One or several. @throws LightNodeError `bad-argument` */
export function agentIdsOf(agents: AgentName | readonly AgentName[]): AgentId[] {
  const isOne = typeof agents === 'string' || agents instanceof Uint8Array;
  return (isOne ? [agents] : agents).map(agentIdOf);
}
