/**
 * A storing peer's side of capabilities: takes announcements of tags that are its own to store, and shows them. What all
 * signed items have in common is place's. Source: docs/protocol.md §7.
 */

import { bytesEqual, bytesToHex } from '../bytes.ts';
import { admitCapabilities } from '../capability/admit.ts';
import { type CapabilityAnnouncement, decodeCapabilities } from '../capability/announcement.ts';
import { createDraw, hourOf } from '../capability/ranked-set.ts';
import { tagPoint, tagsAndPrefixes } from '../capability/tag.ts';
import { agentKey } from '../identity/agent-id.ts';
import { capabilityAnswerBytesMax, capabilityStoreBytesMax } from '../limits.ts';
import type { SearchAnswer } from '../overlay/capability-message.ts';
import type { KeepAnswer } from '../overlay/keep-answer.ts';
import { createIntake, type TakeItem } from '../place/intake.ts';
import { assertTimely } from '../place/signed-item.ts';
import { createStoringPeer } from '../place/storing-peer.ts';
import { createSweep } from '../place/sweep.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { AgentTable } from './agent-table.ts';
import { type CapabilityStore, createCapabilityStore } from './capability-store.ts';
import type { PeerContext } from './context.ts';

export interface CapabilityServer {
  readonly store: Pick<CapabilityStore, 'size' | 'get'>;
  readonly take: TakeItem;
  /** What stands here at that point of the key space, and who is closer. */
  show(point: Uint8Array, count: number, asker: string): SearchAnswer;
  /** The agent's authority changed: what was signed under the old one goes at once. */
  changed(state: AgentState): void;
}

export function createCapabilityServer(context: PeerContext, table: AgentTable): CapabilityServer {
  const store = createCapabilityStore(createDraw(context.self.peer), capabilityStoreBytesMax);
  /** Something was kept at some time. */
  let isUsed = false;
  const { isMine, closerTo } = createStoringPeer(context.routing, context.config, context.nowMs);
  const sweepLater = createSweep(
    context,
    () => store.size() === 0,
    () => store.sweep(context.nowSeconds()),
  );

  const placesOf = ({ tags }: CapabilityAnnouncement): string[] =>
    tagsAndPrefixes(tags).map(tagPoint).filter(isMine).map(bytesToHex);

  const take = createIntake(context, table, {
    metric: 'capabilities',
    read(bytes) {
      const announcement = decodeCapabilities(bytes);
      assertTimely(announcement, context.nowSeconds());
      return announcement;
    },
    kept: store.get,
    isMine: (announcement) => placesOf(announcement).length > 0,
    admit: (announcement, held) => admitCapabilities(announcement, held?.keyState ?? null),
    keepOn: (announcement, { establishment }, from) => keep(announcement, establishment, from),
    keep: (announcement, establishment, from, onAnswer) => onAnswer(keep(announcement, establishment, from)),
  });

  function keep(announcement: CapabilityAnnouncement, establishment: Uint8Array, from: string): KeepAnswer {
    isUsed = true;
    const hour = hourOf(context.nowSeconds());
    const status = store.put({ ...announcement, establishment }, placesOf(announcement), from, hour);
    context.count('capabilities', status);
    sweepLater();
    return { status, code: status === 'displaced' ? 'displaced' : null };
  }

  return {
    store,
    take,
    show(point, count, asker) {
      const announcements: Uint8Array[] = [];
      let sizeBytes = 0;
      for (const { bytes, expiresAt } of store.at(bytesToHex(point), hourOf(context.nowSeconds()))) {
        if (announcements.length === count) break;
        if (expiresAt <= context.nowSeconds() || sizeBytes + bytes.length > capabilityAnswerBytesMax)
          continue;
        sizeBytes += bytes.length;
        announcements.push(bytes);
      }
      return { announcements, closer: closerTo(point, asker) };
    },
    changed({ agentId, keyState }) {
      const kept = isUsed ? store.get(agentKey(agentId)) : undefined;
      if (kept === undefined) return;
      if (keyState.status === 'active' && bytesEqual(kept.establishment, keyState.establishment)) return;
      store.drop(kept.key);
      context.count('capabilities', `dropped:${keyState.status === 'active' ? 'rotated' : keyState.status}`);
    },
  };
}
