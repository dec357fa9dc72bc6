/** Which entries are about an agent: a walk over four bytes an entry, 4 MB for a million, in pages. */
import type { AgentId } from '../../core/identity/agent-id.ts';
import type { Store } from '../../ports/store.ts';
import { AuditError } from '../audit-error.ts';
import { agentPrefixBytes, agentsPerPage } from './log-batch.ts';
import { agentsKey } from './log-rows.ts';

/** Indexes in order; one in four billion is that of another agent. @throws AuditError `log-damaged`. */
export async function findEntries(
  store: Pick<Store, 'get'>,
  agentId: AgentId,
  size: number,
): Promise<number[]> {
  const found: number[] = [];
  const wanted = new DataView(agentId.buffer, agentId.byteOffset).getUint32(0);
  for (let page = 0; page * agentsPerPage < size; page++) {
    const bytes = await store.get(agentsKey(page));
    const count = Math.min(agentsPerPage, size - page * agentsPerPage);
    if (bytes === undefined || bytes.length < count * agentPrefixBytes)
      throw new AuditError('log-damaged', `page ${page} of the log's index of agents cannot be read`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < count; at++) {
      if (view.getUint32(at * agentPrefixBytes) === wanted) found.push(page * agentsPerPage + at);
    }
  }
  return found;
}
