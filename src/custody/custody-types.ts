/** What custody stands on: the two calls to the network, the keys, time and randomness. */
import type { Signer } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { PublishResult, Resolution } from '../core/peer/effects.ts';
import type { AgentChange, PublishOptions, ResolveOptions } from '../driver/call-types.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { KeyRole } from '../ports/keystore.ts';
import type { Log } from '../ports/log.ts';
import type { CustodyJournal } from './custody-journal.ts';

/**
 * Keys of one agent by role, as their owner holds them: 32 bytes of seed in a keystore, or whatever an embedding program
 * can make a signer of.
 */
export type AgentSecrets<Secret = Uint8Array> = Readonly<Partial<Record<KeyRole, Secret>>>;

/** The keystore as custody uses it; see ports/keystore for each method. */
export interface CustodyKeys<Secret = Uint8Array> {
  list(): Promise<readonly { readonly agentId: AgentId; readonly roles: readonly KeyRole[] }[]>;
  read(agentId: AgentId): Promise<AgentSecrets<Secret>>;
  add(agentId: AgentId, secrets: AgentSecrets<Secret>): Promise<void>;
  stage(agentId: AgentId, secrets: AgentSecrets<Secret>): Promise<void>;
  readStaged(agentId: AgentId): Promise<AgentSecrets<Secret>>;
  promote(agentId: AgentId): Promise<void>;
  discardStaged(agentId: AgentId): Promise<void>;
}

/** How one write is published, and the new keys where it takes some; keys that are left out are made. */
export interface KeyedOptions<Secret = Uint8Array> extends PublishOptions {
  readonly keys?: AgentSecrets<Secret>;
}

export interface CustodyParts<Secret = Uint8Array> {
  readonly keys: CustodyKeys<Secret>;
  readonly journal: CustodyJournal;
  readonly resolve: (agentId: AgentId, options?: ResolveOptions) => Promise<Resolution>;
  readonly publish: (bundle: Uint8Array, options?: PublishOptions) => Promise<PublishResult>;
  /** Asks storing peers to push changes of these agents from now on. */
  readonly watch: (agentIds: readonly AgentId[]) => void;
  readonly unwatch: (agentIds: readonly AgentId[]) => void;
  /** What this node accepts from now on. */
  readonly changes: (options: { readonly signal: AbortSignal }) => AsyncIterable<AgentChange>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly createSigner: (secret: Secret) => Signer;
  /** A new random key. */
  readonly createSecret: () => Secret;
  /** Age at which a record in custody is fenced again, seconds. */
  readonly refenceSeconds: number;
  /** Told of each fence that was due: `done`, or `failed` and tried again. */
  readonly refenced?: (outcome: 'done' | 'failed') => void;
  readonly log: Log;
}
