/**
 * Secret keys of agents and of the node itself, at rest. Every promise that changes something resolves when the change
 * is durable.
 *
 * Rotation survives a crash in three steps: `stage` the new keys, publish what they sign, `promote` them. Whoever finds
 * staged keys at start looks at the key log: if it names the staged signing key they are promoted, else the same
 * rotation is published again, or they are discarded.
 */
import type { AgentId } from '../core/identity/agent-id.ts';

/** `rotation` is the pre-committed next key (§1); `delegate` signs under a grant of another controller (§7). */
export type KeyRole = 'signing' | 'rotation' | 'recovery' | 'delegate';

/** Seeds by role, 32 bytes each. */
export type AgentSeeds = Readonly<Partial<Record<KeyRole, Uint8Array>>>;

/** The keys of agents. @throws KeystoreError from every method. */
export interface AgentKeys {
  /** Agents with keys in use, by id. */
  list(): Promise<readonly { readonly agentId: AgentId; readonly roles: readonly KeyRole[] }[]>;
  /** What is in use; empty for an agent without keys here. */
  read(agentId: AgentId): Promise<AgentSeeds>;
  /** Adds keys in use; a key of the same role is replaced. */
  add(agentId: AgentId, seeds: AgentSeeds): Promise<void>;
  /** Destroys the keys in use of these roles; of all roles, and what is staged, when left out. */
  remove(agentId: AgentId, roles?: readonly KeyRole[]): Promise<void>;
  /** New keys that are not in use yet, in place of those staged before. */
  stage(agentId: AgentId, seeds: AgentSeeds): Promise<void>;
  /** Empty when nothing is staged. */
  readStaged(agentId: AgentId): Promise<AgentSeeds>;
  /** The staged keys take the place of those of the same roles, which are destroyed; in one step. */
  promote(agentId: AgentId): Promise<void>;
  discardStaged(agentId: AgentId): Promise<void>;
}

/** The keystore of a node. */
export interface Keystore extends AgentKeys {
  /** The node's own key as its transport encodes it; null when there is none yet. */
  readIdentity(): Promise<Uint8Array | null>;
  writeIdentity(bytes: Uint8Array): Promise<void>;
}

export type KeystoreErrorCode =
  | 'wrong-passphrase'
  | 'no-passphrase'
  | 'not-encrypted'
  | 'damaged'
  | 'wrong-version'
  | 'readable-by-others'
  | 'not-found'
  | 'already-there'
  | 'unreadable'
  | 'write-failed';

/** Errors of every keystore implementation; the message names the file and says what to do, and holds no secret. */
export class KeystoreError extends Error {
  readonly code: KeystoreErrorCode;

  constructor(code: KeystoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KeystoreError';
    this.code = code;
  }
}
