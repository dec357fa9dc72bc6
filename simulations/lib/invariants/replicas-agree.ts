/** After the last fault and its time, all live nodes that store an agent's key log have the same one, and the same record. */
import { bytesToHex } from '../../../src/core/bytes.ts';
import { decodeEntry } from '../../../src/core/peer/entry.ts';
import { authorityState, bundleDigest, encodeState } from '../../../src/core/record/agent-state.ts';
import { decodeState } from '../../../src/core/record/stored-state.ts';
import { createViolations, type Invariant } from './invariant.ts';

export function replicasAgree(): Invariant {
  const violations = createViolations();
  return {
    name: 'all live nodes converge after the last fault',
    ended(world) {
      const viewsByAgent = new Map<string, Map<string, number>>();
      // Nodes that hold the same share its bytes, and what those say is read once.
      const viewOf = new Map<Uint8Array, string>();
      for (const node of world.nodes) {
        if (!node.isUp) continue;
        for (const [key, bytes] of node.store) {
          let view = viewOf.get(bytes);
          if (view === undefined) {
            view = authorityView(decodeEntry(bytes).bundle);
            viewOf.set(bytes, view);
          }
          const views = viewsByAgent.get(key);
          if (views === undefined) viewsByAgent.set(key, new Map([[view, 1]]));
          else views.set(view, (views.get(view) ?? 0) + 1);
        }
      }
      for (const [key, views] of viewsByAgent) {
        if (views.size > 1)
          violations.add(
            `agent ${key.slice(0, 12)} has ${[...views.values()].join(' and ')} nodes of different view`,
          );
      }
    },
    violations: violations.all,
  };
}

/** Digest of what a bundle says of keys and revocations, hexadecimal. */
function authorityView(bundle: Uint8Array): string {
  return bytesToHex(bundleDigest(encodeState(authorityState(decodeState(bundle)))));
}
