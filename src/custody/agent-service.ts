/**
 * Agents in custody: this node holds their keys, signs for them, and keeps their records alive.
 * Each call waits for the earlier ones of the same agent; the rules of what is signed are core/author's.
 */
import { applyChanges, type RecordChanges, recordValuesDefault } from '../core/author/record-values.ts';
import { refenceAgent } from '../core/author/refence.ts';
import { registerAgent } from '../core/author/register.ts';
import { recoverAgent, rotateAgent } from '../core/author/rekey.ts';
import { tombstoneAgent } from '../core/author/tombstone.ts';
import { updateAgent } from '../core/author/update.ts';
import { bytesEqual } from '../core/bytes.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import { addrExpiresAt } from '../core/record/agent-addr.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { ttlCodeFor, validityCodeFor } from '../core/record/durations.ts';
import type { Operation } from '../core/record/operation.ts';
import type { PublishOptions } from '../driver/call-types.ts';
import type { AgentResult, AgentService, RecordDraft } from './agent-types.ts';
import { createCustodyDelegation } from './custody-delegation.ts';
import { createCustodySigners, nodeErrorOf } from './custody-signers.ts';
import type { AgentSecrets, CustodyParts, KeyedOptions } from './custody-types.ts';
import { createCustodyUpkeep } from './custody-upkeep.ts';
import {
  type ComposedWrite,
  createCustodyWrites,
  type WriteBase,
  type WriteResult,
} from './custody-writes.ts';
import { createExclusive } from './exclusive.ts';

const inceptionNonceBytes = 16;

export interface RunningAgentService<Secret = Uint8Array>
  extends Omit<AgentService, 'register' | 'rotate' | 'recover'> {
  /** With keys: those, and no others; without a rotation key among them the agent is ephemeral. */
  register(
    draft: RecordDraft & { readonly ephemeral?: boolean },
    options?: KeyedOptions<Secret>,
  ): Promise<AgentResult>;
  rotate(agentId: AgentId, options?: KeyedOptions<Secret>): Promise<AgentResult>;
  recover(
    agentId: AgentId,
    options?: KeyedOptions<Secret> & { readonly recoverySeed?: Secret },
  ): Promise<AgentResult>;
  /** Keys that were made elsewhere: the record is kept alive from now on, and fenced soon where that is due. */
  adopt(agentId: AgentId, secrets: AgentSecrets<Secret>): Promise<void>;
  /** Keeps the record alive no longer; waits for the calls of that agent that are under way. */
  release(agentId: AgentId): Promise<void>;
  /** Finishes what a crash left and begins to keep records alive; returns before the network has answered. */
  start(): Promise<void>;
  /** Agents in custody here, and when the next fence is due, milliseconds since 1970; null: none is planned. */
  upkeep(): { readonly agents: number; readonly nextRefenceAtMs: number | null };
  /** Waits for the calls under way; nothing is signed afterwards. */
  stop(): Promise<void>;
}

export function createAgentService<Secret>(parts: CustodyParts<Secret>): RunningAgentService<Secret> {
  const { keys, entropy, clock } = parts;
  const exclusive = createExclusive();
  const signers = createCustodySigners(parts);
  const writes = createCustodyWrites(parts);
  const upkeep = createCustodyUpkeep({ ...parts, exclusive, signers, writes });

  /** One agent's task in its turn, after what a crash left is settled. */
  function inTurn<Value>(
    agentId: AgentId,
    task: () => Promise<Value>,
    options?: PublishOptions,
  ): Promise<Value> {
    return exclusive.run(agentKey(agentId), async () => {
      try {
        await writes.settle(agentId, options);
        return await task();
      } catch (error) {
        throw nodeErrorOf(error);
      }
    });
  }

  async function write(
    agentId: AgentId,
    compose: (base: WriteBase) => Promise<ComposedWrite>,
    options?: PublishOptions,
  ): Promise<AgentResult> {
    return inTurn(agentId, async () => resultOf(await writes.write(agentId, compose, options)), options);
  }

  const delegation = createCustodyDelegation({ ...parts, signers, base: writes.base, inTurn, write });

  async function register(
    draft: RecordDraft & { readonly ephemeral?: boolean },
    options?: KeyedOptions<Secret>,
  ): Promise<AgentResult> {
    const { signers: made, secrets } = signers.create(birthRoles(draft, options?.keys), options?.keys);
    const state = registerAgent({
      signer: made.signing!,
      rotationKey: made.rotation?.publicKey ?? null,
      recoveryKey: made.recovery?.publicKey ?? null,
      values: applyChanges(recordValuesDefault, changesOf(draft)),
      nowSeconds: Math.floor(clock.nowMs() / 1000),
      nonce: entropy.randomBytes(inceptionNonceBytes),
    });
    const { agentId } = state;
    return exclusive.run(agentKey(agentId), async () => {
      await keys.add(agentId, secrets);
      upkeep.adopt(agentId);
      return resultOf(await writes.publishOnce(state, options));
    });
  }

  async function update(
    agentId: AgentId,
    draft: RecordDraft,
    options?: PublishOptions,
  ): Promise<AgentResult> {
    const changes = changesOf(draft);
    let operations: readonly Operation[] = [];
    const result = await write(
      agentId,
      async (base) => {
        const writer = await signers.writerOf(base.state, base.nowSeconds);
        const made = updateAgent({ ...base, writer, changes });
        operations = made.operations;
        return {
          state: made.state,
          stands: operations.length === 0 ? hasFence(made.state) : hasAll(operations),
        };
      },
      options,
    );
    upkeep.noteUpdate(agentId, operations);
    return result;
  }

  function refence(agentId: AgentId, options?: PublishOptions): Promise<AgentResult> {
    return write(
      agentId,
      async (base) => {
        const state = refenceAgent({ ...base, writer: await signers.writerOf(base.state, base.nowSeconds) });
        return { state, stands: hasFence(state) };
      },
      options,
    );
  }

  function rotate(agentId: AgentId, options?: KeyedOptions<Secret>): Promise<AgentResult> {
    return inTurn(
      agentId,
      async () => {
        const base = await writes.base(agentId, options);
        const rotationSigner = await signers.signerOf(agentId, 'rotation');
        const made = signers.create(['signing', 'rotation'], options?.keys);
        const nextRotationKey = made.signers.rotation.publicKey;
        const state = rotateAgent({ ...base, rotationSigner, signer: made.signers.signing, nextRotationKey });
        await keys.stage(agentId, made.secrets);
        return resultOf(await writes.publishOnce(state, options));
      },
      options,
    );
  }

  function recover(
    agentId: AgentId,
    options: KeyedOptions<Secret> & { readonly recoverySeed?: Secret } = {},
  ): Promise<AgentResult> {
    return inTurn(
      agentId,
      async () => {
        const base = await writes.base(agentId, options);
        const recoverySigner =
          options.recoverySeed === undefined
            ? await signers.signerOf(agentId, 'recovery')
            : parts.createSigner(options.recoverySeed);
        const made = signers.create(['signing', 'rotation', 'recovery'], options.keys);
        const state = recoverAgent({
          ...base,
          recoverySigner,
          signer: made.signers.signing,
          nextRotationKey: made.signers.rotation.publicKey,
          nextRecoveryKey: made.signers.recovery.publicKey,
        });
        await keys.stage(agentId, made.secrets);
        upkeep.adopt(agentId);
        return resultOf(await writes.publishOnce(state, options));
      },
      options,
    );
  }

  function revoke(
    agentId: AgentId,
    reason: Parameters<AgentService['revoke']>[1],
    options?: PublishOptions,
  ): Promise<AgentResult> {
    return inTurn(
      agentId,
      async () => {
        const { state, nowSeconds } = await writes.base(agentId, options);
        const rotation =
          state.keyState.status === 'active' ? await signers.findSigner(agentId, 'rotation') : null;
        const signer = rotation ?? (await signers.signerOf(agentId, 'recovery'));
        const ended = tombstoneAgent({ state, signer, reason, nowSeconds });
        const result = await writes.publishOnce(ended, options);
        upkeep.forget(agentId);
        return resultOf(result);
      },
      options,
    );
  }

  async function createDelegateKey(agentId: AgentId): Promise<Uint8Array> {
    return exclusive.run(agentKey(agentId), async () => {
      const held = await signers.findSigner(agentId, 'delegate');
      if (held !== null) return held.publicKey;
      const made = signers.create(['delegate']);
      await keys.add(agentId, made.secrets);
      upkeep.adopt(agentId);
      return made.signers.delegate.publicKey;
    });
  }

  function adopt(agentId: AgentId, secrets: AgentSecrets<Secret>): Promise<void> {
    return exclusive.run(agentKey(agentId), async () => {
      await keys.add(agentId, secrets);
      upkeep.adopt(agentId);
      upkeep.lookSoon(agentId);
    });
  }

  function release(agentId: AgentId): Promise<void> {
    return exclusive.run(agentKey(agentId), async () => upkeep.forget(agentId));
  }

  return {
    list: () => keys.list(),
    ...{ adopt, release },
    ...{ register, update, refence, rotate, recover, createDelegateKey, revoke },
    ...delegation,
    start: () => upkeep.start(update),
    upkeep: upkeep.state,
    async stop() {
      upkeep.stop();
      await exclusive.idle();
    },
  };
}

/** The keys that a new agent is born with. */
function birthRoles(
  { ephemeral = false }: { readonly ephemeral?: boolean },
  given: AgentSecrets<unknown> | undefined,
): readonly ('signing' | 'rotation' | 'recovery')[] {
  const all = ['signing', 'rotation', 'recovery'] as const;
  if (given !== undefined) return all.filter((role) => role === 'signing' || given[role] !== undefined);
  return ephemeral ? ['signing'] : all;
}

/** What a draft says, in the record's own units. @throws ProtocolError `bad-argument`. */
function changesOf(draft: RecordDraft): RecordChanges {
  const { ttlSeconds, validitySeconds } = draft;
  return {
    primary: draft.primaryFactsUrl,
    private: draft.privateFactsUrl,
    adaptive: draft.adaptiveResolverUrl,
    ttlCode: ttlSeconds === undefined ? undefined : ttlCodeFor(ttlSeconds),
    validityCode: validitySeconds === undefined ? undefined : validityCodeFor(validitySeconds),
  };
}

function hasFence(composed: AgentState): (state: AgentState) => boolean {
  const { addr } = composed;
  return (state) => addr !== null && state.addr !== null && bytesEqual(addr.bytes, state.addr.bytes);
}

function hasAll(operations: readonly Operation[]): (state: AgentState) => boolean {
  return (state) => {
    const present = new Set(state.operations.map((operation) => operation.key));
    return operations.every((operation) => present.has(operation.key));
  };
}

function resultOf({ publish, state }: WriteResult): AgentResult {
  const { addr } = state;
  return {
    agentId: state.agentId,
    publish,
    state,
    recordBytes: addr?.bytes.length ?? 0,
    expiresAtSeconds: addr === null ? null : addrExpiresAt(addr),
  };
}
