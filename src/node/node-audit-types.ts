/** What the two halves of a node's audit log hand one another: the one that is there from the start, and the one loaded later. */
import type { LogExchange } from '../audit/exchange/log-exchange.ts';
import type { AuditLog } from '../audit/log/audit-log.ts';
import type { NodeLog } from '../audit/node-log.ts';

export interface NodeAuditParts {
  /** Full nodes that are connected. */
  readonly peers: () => readonly string[];
  readonly counted: (metric: string, label: string, value: number) => void;
}

/** What the parts of a node-audit share once they are loaded. */
export interface LoadedAudit {
  readonly log: AuditLog;
  readonly exchange: LogExchange;
  readonly surface: NodeLog;
  /** A minute has passed. What fails is tried again with the next. */
  tick(): Promise<void>;
}
