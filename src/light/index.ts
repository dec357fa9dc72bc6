/** `weft/light` in Node: a node to embed in an agent, over TCP. The browser's entry is browser.ts. */
import { createClientHost } from '../adapters/libp2p/create-client-host.ts';
import { createNativeAgreement } from '../adapters/native/native-agreement.ts';
import { installNativeHash } from '../adapters/native/native-hash.ts';
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import { createSodiumVerifier } from '../adapters/native/sodium-verifier.ts';
import { createLightNodeWith } from './light-node.ts';
import type { LightNode, LightNodeOptions } from './light-types.ts';

export { formatAgentDid, formatAgentId, parseAgentId } from '../core/identity/agent-id.ts';
export type {
  CapabilityHit,
  CapabilitySearch,
  ChangeKind,
  PublishResult,
  ResolveStatus,
} from '../core/peer/effects.ts';
export type { AgentResult, RecordDraft } from '../custody/agent-types.ts';
export type { AnnouncedCapabilities, AnnounceOptions } from '../custody/capability-service.ts';
export type { PublishOptions, SearchOptions } from '../driver/call-types.ts';
export type { NameGrade, NameStep, ResolvedName } from '../names/name-types.ts';
export { type AgentKeys, type AgentSeeds, createAgentKeys, type KeySource } from './agent-keys.ts';
export type { Emitter } from './emitter.ts';
export { LightNodeError, type LightNodeErrorCode } from './light-error.ts';
export { createLightNodeWith } from './light-node.ts';
export type { LightRecord } from './light-record.ts';
export type {
  AgentName,
  LightChange,
  LightEvents,
  LightGrant,
  LightGrantWish,
  LightNode,
  LightNodeOptions,
  LightParts,
  LightResolution,
  LightResolveOptions,
} from './light-types.ts';

/** A node that joins as a client; nothing runs before `start`. @throws LightNodeError `bad-argument` for an address that cannot work. */
export async function createLightNode(options: LightNodeOptions): Promise<LightNode> {
  installNativeHash();
  const verifier = createSodiumVerifier({ workers: 0 });
  return createLightNodeWith(
    {
      createHost: createClientHost,
      verifier,
      createSigner: createNativeSigner,
      agreement: createNativeAgreement(),
      openZones: async (resolver, nowSeconds) =>
        (await import('../names/dns/open-zones.ts')).openZones(resolver, nowSeconds),
    },
    options,
  );
}
