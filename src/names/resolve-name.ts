/**
 * From a name to an agent: namespace, its owner, the label's record, and on through registries and DIDs until an agent
 * stands there that has not ended. Each step is told. Decides the way; what a record, a zone or a registry says is judged
 * by those who read it.
 */
import { formatAgentId } from '../core/identity/agent-id.ts';
import { formatName, parseName } from './agent-name.ts';
import type { NamePorts, ResolvedName, ResolveNameOptions } from './name-types.ts';
import { createNameWalk } from './name-walk.ts';

/** @throws NamesError, and what the ports throw */
export async function resolveName(
  text: string,
  ports: NamePorts,
  options: ResolveNameOptions = {},
): Promise<ResolvedName> {
  const name = parseName(text);
  const walk = createNameWalk(ports, options);
  walk.tell('name', `${text.trim()} is ${formatName(name)}`, null);
  const found = await walk.go(name);
  const { agentId } = found;
  if (agentId !== null) walk.tell('agent', formatAgentId(agentId), null);
  return { name: formatName(name), ...found, ...walk.summary() };
}
