/** What nodes behind NATs take part in: what they hold for others, what they are asked, and how they were met. */
import { isHeldEntry } from '../../src/core/peer/entry.ts';
import { share } from './share.ts';
import type { World } from './world.ts';

/** Under the names that thresholds use; nothing without NATs. */
export function natMeasures({ nats, nodes, requests }: World): Record<string, number | null> {
  if (nats === null) return {};
  const all = { copies: 0, asked: 0 };
  const hidden = { copies: 0, asked: 0 };
  for (const { index, store } of nodes) {
    let copies = 0;
    for (const bytes of store.values()) if (isHeldEntry(bytes)) copies++;
    for (const sum of nats.isHidden(index) ? [all, hidden] : [all]) {
      sum.copies += copies;
      sum.asked += requests[index]!;
    }
  }
  return {
    'nats.copiesShare': share(hidden.copies, all.copies),
    'nats.answersShare': share(hidden.asked, all.asked),
    'nats.relayedConnections': nats.counts.relayed,
    'nats.replacedConnections': nats.counts.replaced,
  };
}
