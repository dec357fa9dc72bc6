/** What a resolve of a name stands on, and what comes of it. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { NameLookUp, Resolution } from '../core/peer/effects.ts';
import type { ZoneReader } from './dns/zone-reader.ts';
import type { GetDocument } from './web-document.ts';

/** What a name stands on: a zone that was validated, a zone, or an agent's own word. The weakest of the way. */
export type NameGrade = 'dnssec' | 'dns' | 'self';

/** One step as it was done, for people. */
export interface NameStep {
  readonly kind: 'name' | 'zone' | 'claim' | 'record' | 'registry' | 'did' | 'agent';
  readonly text: string;
  /** Until when it counts, seconds since 1970; null where it does not end. */
  readonly expiresAt: number | null;
}

export interface NameCallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a resolve stands on. */
export interface NamePorts {
  readonly lookUp: (agentId: AgentId, point: Uint8Array, options: NameCallOptions) => Promise<NameLookUp>;
  readonly resolve: (agentId: AgentId, options: NameCallOptions) => Promise<Resolution>;
  readonly zones: ZoneReader;
  /** One guarded GET; null: nothing is asked beyond the index and the DNS. */
  readonly getDocument: GetDocument | null;
  readonly nowSeconds: () => number;
  /** Namespaces in which words are looked up, in this order. */
  readonly home: readonly string[];
  /** Refuses what rests on a zone that was not validated, whoever asks. Left out: it is said, and allowed. */
  readonly needsDnssec?: boolean;
}

export interface ResolveNameOptions extends NameCallOptions {
  /** Whether a registry is asked next; left out: it is. */
  readonly follow?: boolean;
  /** Refuses what rests on a zone that was not validated, for this call. */
  readonly needsDnssec?: boolean;
}

export interface ResolvedName {
  /** In its normal form. */
  readonly name: string;
  /** Null when the name leads to a registry that was not asked, or to a DID of no agent of the index. */
  readonly agentId: AgentId | null;
  readonly registry: string | null;
  readonly did: string | null;
  readonly label: NameGrade;
  /** When it has to be asked again, seconds since 1970. */
  readonly expiresAt: number;
  readonly steps: readonly NameStep[];
}

/** An answer is used for this long at most, however long a record counts: what changes is seen within the hour. */
export const answerSecondsMax = 3600;
