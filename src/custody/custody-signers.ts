/** From the keys of the keystore to whoever may sign for an agent, and new keys for it. */
import { controllerOf, delegateOf, type Writer } from '../core/author/writer.ts';
import { bytesEqual } from '../core/bytes.ts';
import type { Signer } from '../core/ed25519.ts';
import { isProtocolError } from '../core/errors.ts';
import { type AgentId, formatAgentId } from '../core/identity/agent-id.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { NodeError } from '../driver/node-error.ts';
import type { KeyRole } from '../ports/keystore.ts';
import type { AgentSecrets, CustodyParts } from './custody-types.ts';

export interface CustodySigners<Secret = unknown> {
  /** The controller when its signing key is here and current, else a delegate whose token stands. @throws NodeError */
  writerOf(state: AgentState, nowSeconds: number): Promise<Writer>;
  /** The controller alone. @throws NodeError `not-custodial`, `no-key`. */
  controllerOf(state: AgentState): Promise<Writer>;
  /** @throws NodeError `not-custodial`, `no-key`. */
  signerOf(agentId: AgentId, role: KeyRole): Promise<Signer>;
  /** Null when the keystore has no such key. */
  findSigner(agentId: AgentId, role: KeyRole): Promise<Signer | null>;
  /** Keys of these roles with their signers: those given, else new random ones. */
  create<Role extends KeyRole>(
    roles: readonly Role[],
    given?: AgentSecrets<Secret>,
  ): { readonly secrets: AgentSecrets<Secret>; readonly signers: Readonly<Record<Role, Signer>> };
}

export function createCustodySigners<Secret>(
  parts: Pick<CustodyParts<Secret>, 'keys' | 'createSecret' | 'createSigner'>,
): CustodySigners<Secret> {
  const { keys, createSecret, createSigner } = parts;

  async function findSigner(agentId: AgentId, role: KeyRole): Promise<Signer | null> {
    const secret = (await keys.read(agentId))[role];
    return secret === undefined ? null : createSigner(secret);
  }

  async function signerOf(agentId: AgentId, role: KeyRole): Promise<Signer> {
    const secrets = await keys.read(agentId);
    const secret = secrets[role];
    if (secret !== undefined) return createSigner(secret);
    throw Object.keys(secrets).length === 0
      ? new NodeError('not-custodial', `this node holds no key of ${formatAgentId(agentId)}`)
      : new NodeError('no-key', `this node does not hold the ${role} key of ${formatAgentId(agentId)}`);
  }

  async function writerOf(state: AgentState, nowSeconds: number): Promise<Writer> {
    const { agentId, keyState } = state;
    const signing = await findSigner(agentId, 'signing');
    const isCurrent =
      signing !== null && keyState.signingKey !== null && bytesEqual(signing.publicKey, keyState.signingKey);
    const delegate = isCurrent ? null : await findSigner(agentId, 'delegate');
    if (delegate === null) return controllerOf(keyState, signing ?? (await signerOf(agentId, 'signing')));
    return delegateOf(state, delegate, nowSeconds);
  }

  return {
    writerOf,
    controllerOf: async (state) => controllerOf(state.keyState, await signerOf(state.agentId, 'signing')),
    signerOf,
    findSigner,
    create(roles, given = {}) {
      const secrets: Partial<Record<KeyRole, Secret>> = {};
      const signers: Partial<Record<KeyRole, Signer>> = {};
      for (const role of roles) {
        const secret = given[role] ?? createSecret();
        secrets[role] = secret;
        signers[role] = createSigner(secret);
      }
      return { secrets, signers: signers as Record<(typeof roles)[number], Signer> };
    },
  };
}

/** The error of the core in the terms of the node's surface: what the caller can do about it. */
export function nodeErrorOf(error: unknown): unknown {
  if (isProtocolError(error, 'forked') || isProtocolError(error, 'tombstoned')) {
    return new NodeError('agent-not-active', error.message, { cause: error });
  }
  if (isProtocolError(error, 'bad-key')) return new NodeError('no-key', error.message, { cause: error });
  return error;
}
