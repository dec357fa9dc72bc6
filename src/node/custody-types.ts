/** What custody stands on: the two calls to the network, the keys, time and randomness. */
import type { Signer } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { PublishResult, Resolution } from '../core/peer/effects.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { CustodyJournal } from './custody-journal.ts';
import type { AgentChange, PublishOptions, ResolveOptions } from './node-types.ts';

/** What a key of an agent is for (§1, §7). */
export type KeyRole = 'signing' | 'rotation' | 'recovery' | 'delegate';

/** Seeds by role; 32 bytes each. */
export type AgentSeeds = Readonly<Partial<Record<KeyRole, Uint8Array>>>;

/** The keystore as custody uses it. Every promise resolves when the change is durable. */
export interface CustodyKeys {
  list(): Promise<readonly { readonly agentId: AgentId; readonly roles: readonly KeyRole[] }[]>;
  /** What is in use; empty for an agent without keys here. */
  read(agentId: AgentId): Promise<AgentSeeds>;
  /** Adds keys in use; a key of the same role is replaced. */
  add(agentId: AgentId, seeds: AgentSeeds): Promise<void>;
  /** New keys that are not in use yet, in place of those staged before. */
  stage(agentId: AgentId, seeds: AgentSeeds): Promise<void>;
  readStaged(agentId: AgentId): Promise<AgentSeeds>;
  /** The staged keys take the place of those of the same roles, which are destroyed. */
  promote(agentId: AgentId): Promise<void>;
  discardStaged(agentId: AgentId): Promise<void>;
}

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
