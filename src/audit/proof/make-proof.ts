/** Proof files out of a log and of what its node holds. */
import type { AgentId } from '../../core/identity/agent-id.ts';
import { decodeBundle, encodeBundle } from '../../core/record/bundle-codec.ts';
import { authorityBundle } from '../../core/record/stored-state.ts';
import { AuditError } from '../audit-error.ts';
import type { AuditLog } from '../log/audit-log.ts';
import { type CheckSignature, openCheckpoint } from '../note/checkpoint.ts';
import {
  type ConsistencyFile,
  type InclusionFile,
  type ProvenEntry,
  provenEntriesMax,
} from './proof-file.ts';

/**
 * What the log has of an agent, up to its checkpoint.
 * @param bundle as the node holds it
 * @throws AuditError `not-logged`, `log-damaged`.
 */
export async function proveAgent(
  log: AuditLog,
  agentId: AgentId,
  bundle: Uint8Array,
): Promise<InclusionFile> {
  const { size, note } = await log.checkpoint();
  const found = (await log.entriesOf(agentId, provenEntriesMax)).filter(({ index }) => index < size);
  if (found.length === 0)
    throw new AuditError('not-logged', 'the log of this node has nothing of that agent');
  const entries: ProvenEntry[] = [];
  for (const { index, bytes } of found)
    entries.push({ index, leaf: bytes, proof: await log.proveInclusion(index, size) });
  return {
    kind: 'inclusion',
    agentId,
    bundle: encodeBundle(authorityBundle(decodeBundle(bundle))),
    checkpoint: note,
    entries,
  };
}

/**
 * That the log as it is now continues an earlier checkpoint of its own.
 * @throws AuditError `bad-note`, `wrong-signer`, `wrong-log`, `bad-size`.
 */
export async function proveContinuation(
  log: AuditLog,
  older: string,
  check: CheckSignature,
): Promise<ConsistencyFile> {
  const newer = await log.checkpoint();
  const before = openCheckpoint(older, check);
  if (before.origin !== newer.origin) throw new AuditError('wrong-log', 'that checkpoint is of another log');
  return {
    kind: 'consistency',
    older,
    newer: newer.note,
    proof: await log.proveConsistency(before.size, newer.size),
  };
}
