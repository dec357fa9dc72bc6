/** What a store holds of agents, as bundles: nothing of the node that keeps them goes along. */
import { decodeEntry } from '../core/peer/entry.ts';
import type { Store } from '../ports/store.ts';

const prefix = 'agent/';

/** Every bundle, in the order of agent ids; what is written meanwhile may be in it or not. */
export async function* storedBundles(
  store: Pick<Store, 'entries'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const [, bytes] of store.entries(prefix)) yield decodeEntry(bytes).bundle;
}

/** The bundle of one agent; null when there is none. */
export async function storedBundle(store: Pick<Store, 'get'>, agentKey: string): Promise<Uint8Array | null> {
  const bytes = await store.get(prefix + agentKey);
  return bytes === undefined ? null : decodeEntry(bytes).bundle;
}
