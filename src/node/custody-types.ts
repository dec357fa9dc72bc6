/** What custody stands on: the two calls to the network, the keys, time and randomness. */
import type { Signer } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { PublishResult, Resolution } from '../core/peer/effects.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { AgentKeys } from '../ports/keystore.ts';
import type { Log } from '../ports/log.ts';
import type { CustodyJournal } from './custody-journal.ts';
import type { AgentChange, PublishOptions, ResolveOptions } from './node-types.ts';

/** The keystore as custody uses it. */
export type CustodyKeys = Omit<AgentKeys, 'remove'>;

export interface CustodyParts {
  readonly keys: CustodyKeys;
  readonly journal: CustodyJournal;
  readonly resolve: (agentId: AgentId, options?: ResolveOptions) => Promise<Resolution>;
  readonly publish: (bundle: Uint8Array, options?: PublishOptions) => Promise<PublishResult>;
  /** Asks storing peers to push changes of these agents from now on. */
  readonly watch: (agentIds: readonly AgentId[]) => void;
  /** What this node accepts from now on. */
  readonly changes: (options: { readonly signal: AbortSignal }) => AsyncIterable<AgentChange>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly createSigner: (seed: Uint8Array) => Signer;
  /** Age at which a record in custody is fenced again, seconds. */
  readonly refenceSeconds: number;
  readonly log: Log;
}
