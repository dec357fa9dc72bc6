/**
 * Routings in the node's store, under `routing/<agent key>`; all of them in memory too, for they are small and asked often.
 * Wire (store only): dCBOR [1, canonical JSON as UTF-8].
 */
import { utf8FromBytes, utf8ToBytes } from '../../core/bytes.ts';
import { decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { type AgentId, agentKey } from '../../core/identity/agent-id.ts';
import { readArray, readBytes, readInteger } from '../../core/shape.ts';
import type { JsonObject } from '../../facts/bounded-json.ts';
import { canonicalJson } from '../../facts/data-integrity.ts';
import type { Store } from '../../ports/store.ts';
import { ResolutionError } from '../resolution-error.ts';
import { routedAgentsMax, routingBytesMax } from '../resolution-limits.ts';
import { readRouting } from './routing.ts';
import type { Routing } from './routing-schema.ts';

const prefix = 'routing/';

export interface RoutingShelf {
  get(agentId: AgentId): Routing | undefined;
  /** Durable when it resolves. @throws ResolutionError `routing-full`, `bad-routing`, StoreError */
  put(agentId: AgentId, routing: Routing): Promise<void>;
  /** False when there was none. */
  remove(agentId: AgentId): Promise<boolean>;
  readonly size: number;
}

/** Reads what is there. @throws StoreError */
export async function openRoutingShelf(store: Pick<Store, 'write' | 'entries'>): Promise<RoutingShelf> {
  const routingByAgent = new Map<string, Routing>();
  for await (const [place, bytes] of store.entries(prefix))
    routingByAgent.set(place.slice(prefix.length), decodeRouting(bytes));
  return {
    get: (agentId) => routingByAgent.get(agentKey(agentId)),
    async put(agentId, routing) {
      const key = agentKey(agentId);
      if (!routingByAgent.has(key) && routingByAgent.size >= routedAgentsMax)
        throw new ResolutionError('routing-full', `this node routes for ${routedAgentsMax} agents already`);
      const value = encodeRouting(routing);
      if (value.length > routingBytesMax)
        throw new ResolutionError('bad-routing', `a routing has at most ${routingBytesMax} bytes`);
      await store.write([{ key: prefix + key, value }]);
      routingByAgent.set(key, routing);
    },
    async remove(agentId) {
      const key = agentKey(agentId);
      if (!routingByAgent.has(key)) return false;
      await store.write([{ key: prefix + key, value: null }]);
      return routingByAgent.delete(key);
    },
    get size() {
      return routingByAgent.size;
    },
  };
}

function encodeRouting(routing: Routing): Uint8Array {
  return encodeCanonical([1, utf8ToBytes(canonicalJson(routing as unknown as JsonObject))]);
}

/** What was written by this node: the store's checksum makes damage impossible to miss. */
function decodeRouting(bytes: Uint8Array): Routing {
  const [version, text] = readArray(decodeCanonical(bytes, routingBytesMax), 'routing', 2);
  readInteger(version, 'version', 1, 1);
  return readRouting(JSON.parse(utf8FromBytes(readBytes(text, 'text', { max: routingBytesMax }))));
}
