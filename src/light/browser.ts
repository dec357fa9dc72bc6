/** `weft/light` in a browser: over WebSockets, with the JavaScript verifier. The entry for Node is index.ts. */
import { createBrowserHost } from '../adapters/libp2p/create-browser-host.ts';
import { createNobleVerifier } from '../adapters/system/noble-verifier.ts';
import { createLightNodeWith } from './light-node.ts';
import type { LightNode, LightNodeOptions } from './light-types.ts';

export {
  createIndexedDbStore,
  deleteIndexedDbStore,
  type IndexedDbStoreOptions,
} from '../adapters/indexeddb/indexeddb-store.ts';
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

/**
 * A node that joins as a client, over the WebSocket addresses of `bootstrap`; nothing runs before `start`. It keeps what
 * it knows in memory, or with `ports: { store: await createIndexedDbStore() }` over reloads.
 * @throws LightNodeError `bad-argument` for an address that cannot work.
 */
export async function createLightNode(options: LightNodeOptions): Promise<LightNode> {
  return createLightNodeWith({ createHost: createBrowserHost, verifier: createNobleVerifier() }, options);
}
