/**
 * The agents that a light node holds the keys of: custody over the caller's keys. What is signed is core/author's, how it
 * is written custody's; decided here is which keys a call takes, and that what nobody stored is published again.
 */

import type { Signer } from '../core/ed25519.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { PublishResult } from '../core/peer/effects.ts';
import { encodeState } from '../core/record/agent-state.ts';
import { createAgentService } from '../custody/agent-service.ts';
import type { AgentResult } from '../custody/agent-types.ts';
import { noCapabilityJournal } from '../custody/capability-journal.ts';
import { createCapabilityService } from '../custody/capability-service.ts';
import { createCustodyJournal } from '../custody/custody-journal.ts';
import type { PublishOptions } from '../driver/call-types.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import { type AgentKeys, signerOf, signersOf } from './agent-keys.ts';
import { agentIdOf } from './agent-name.ts';
import { createKeyRing, type KeyRing } from './key-ring.ts';
import { LightNodeError } from './light-error.ts';
import type { AgentName, LightNode } from './light-types.ts';
import { createOwnGrants } from './own-grants.ts';

/** As in LightNode. */
export interface OwnAgents
  extends Pick<
    LightNode,
    | 'register'
    | 'adopt'
    | 'release'
    | 'update'
    | 'rotate'
    | 'recover'
    | 'delegate'
    | 'grant'
    | 'acceptGrant'
    | 'presentGrant'
    | 'revoke'
    | 'announce'
    | 'held'
  > {
  start(): Promise<void>;
  /** A full node is connected again: what nobody has stored yet is published. */
  connected(): void;
  /** Signs nothing any more; resolves when the calls under way have ended. */
  stop(): Promise<void>;
}

interface OwnParts {
  readonly calls: NetworkCalls;
  readonly store: Pick<Store, 'get' | 'write'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly createSigner: (seed: Uint8Array) => Signer;
  readonly refenceSeconds: number;
}

export function createOwnAgents(parts: OwnParts): OwnAgents {
  const { calls, createSigner, log } = parts;
  const ring = createKeyRing();
  const journal = createCustodyJournal(parts.store);
  const unstored = createUnstored(calls, log);

  const keyed = keyedCalls(parts, ring);
  const service = createAgentService<Signer>({ ...keyed, publish: unstored.publish, journal });
  const capabilities = createCapabilityService<Signer>({ ...keyed, journal: noCapabilityJournal });

  function heldId(agent: AgentName): AgentId {
    const agentId = agentIdOf(agent);
    if (ring.has(agentId)) return agentId;
    throw new LightNodeError(
      'not-held',
      'this node was given no keys of that agent: register it, or adopt it with its keys',
    );
  }

  return {
    held: () => ring.agentIds(),
    async register(draft, keys, options) {
      return stored(
        await service.register(draft, { ...options, keys: signersOf(keys, createSigner, ['signing']) }),
      );
    },
    adopt: async (agent, keys) => service.adopt(agentIdOf(agent), signersOf(keys, createSigner, ['signing'])),
    async release(agent) {
      const agentId = heldId(agent);
      await service.release(agentId);
      await capabilities.release(agentId);
      ring.remove(agentId);
      await journal.remove(agentId);
      unstored.forget(agentId);
    },
    async update(agent, draft, options) {
      const agentId = heldId(agent);
      return stored(await service.update(agentId, draft, options));
    },
    async rotate(agent, next, options) {
      const agentId = heldId(agent);
      const keys = signersOf(withoutRecovery(next), createSigner, ['signing', 'rotation']);
      return stored(await service.rotate(agentId, { ...options, keys }));
    },
    async recover(agent, recovery, next, options) {
      const agentId = agentIdOf(agent);
      const keys = signersOf(next, createSigner, ['signing', 'rotation', 'recovery']);
      const recoverySeed = signerOf(recovery, 'recovery', createSigner);
      return stored(await service.recover(agentId, { ...options, keys, recoverySeed }));
    },
    async delegate(agent, grant, options) {
      const agentId = heldId(agent);
      return stored(await service.delegate(agentId, grant, options));
    },
    ...createOwnGrants(service, heldId, createSigner),
    async revoke(agent, { delegation, reason = 'unspecified', ...options } = {}) {
      const agentId = heldId(agent);
      if (delegation !== undefined)
        return stored(await service.revokeDelegation(agentId, delegation, reason, options));
      return stored(await service.revoke(agentId, reason, options));
    },
    async announce(agent, tags, options) {
      const said = await capabilities.announce(heldId(agent), tags, options);
      if (said.announce.holders > 0 || tags.length === 0) return said;
      throw notStored();
    },
    start: () => service.start(),
    connected: unstored.publishAgain,
    async stop() {
      await Promise.all([service.stop(), capabilities.stop()]);
    },
  };
}

/** The network for who signs with the signers of that ring. */
function keyedCalls(parts: OwnParts, keys: KeyRing) {
  return {
    ...parts.calls,
    ...parts,
    keys,
    createSigner: (signer: Signer) => signer,
    createSecret: () => parts.createSigner(parts.entropy.randomBytes(32)),
  };
}

/** Signed, and no full node has it; bounded by the agents held. */
function createUnstored(calls: NetworkCalls, log: Log) {
  const bundleByAgent = new Map<string, Uint8Array>();

  async function publish(bundle: Uint8Array, options?: PublishOptions): Promise<PublishResult> {
    const result = await calls.publish(bundle, options);
    if (result.state !== null) {
      const key = agentKey(result.state.agentId);
      if (result.status === 'failed') bundleByAgent.set(key, encodeState(result.state));
      else bundleByAgent.delete(key);
    }
    return result;
  }

  return {
    publish,
    publishAgain() {
      for (const bundle of [...bundleByAgent.values()]) {
        publish(bundle).catch((error: unknown) => {
          log.debug({ error }, 'what is not stored yet could not be published now');
        });
      }
    },
    forget: (agentId: AgentId) => void bundleByAgent.delete(agentKey(agentId)),
  };
}

/** @throws LightNodeError `not-stored` */
function stored<Result extends AgentResult>(result: Result): Result {
  if (result.publish.status !== 'failed') return result;
  throw notStored();
}

function notStored(): LightNodeError {
  return new LightNodeError(
    'not-stored',
    'signed, and no full node has taken it yet: it is published again once one is connected',
  );
}

function withoutRecovery({ signing, rotation }: AgentKeys): AgentKeys {
  return { signing, ...(rotation !== undefined && { rotation }) };
}
