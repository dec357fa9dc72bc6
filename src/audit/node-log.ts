/** What a node shows of its log, and knows of others; the API and the command line see this. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { KnownLog } from './exchange/known-logs.ts';
import type { LoggedEntry } from './log/audit-log.ts';
import type { Checkpoint } from './note/checkpoint.ts';
import type { ConsistencyFile, InclusionFile } from './proof/proof-file.ts';
import type { TilePlace } from './tile/tile-path.ts';

export interface NodeLog {
  /** Over all that was accepted, or over what was a second ago. */
  checkpoint(): Promise<Checkpoint>;
  /** @throws AuditError `no-such-tile`, `log-damaged`. */
  tile(place: TilePlace): Promise<Uint8Array>;
  /** In order, from that index on. */
  entries(from: number, count: number): Promise<readonly LoggedEntry[]>;
  /** What the log has of an agent. @throws AuditError `not-logged`. */
  prove(agentId: AgentId): Promise<InclusionFile>;
  /** What a peer's log has of an agent, verified. @throws AuditError `not-logged`, `no-answer`, and what verifying throws. */
  proveOf(peer: string, agentId: AgentId): Promise<InclusionFile>;
  /** That the log continues an earlier checkpoint of its own. */
  continuation(older: string): Promise<ConsistencyFile>;
  /** Of other nodes. */
  knownLogs(): Promise<readonly KnownLog[]>;
  /** Asks a peer for its checkpoint and for the proof that goes with it. @throws AuditError `no-such-log`, `no-answer`. */
  look(peer: string): Promise<KnownLog>;
}
