/**
 * A storing peer's side of capabilities: takes announcements of tags that are its own to store, and shows them.
 * Decides, cheapest first, what is taken; quotas came before. Source: docs/protocol.md §7.
 */

import { bytesEqual, bytesToHex } from '../bytes.ts';
import { admitCapabilities, assertTimely } from '../capability/admit.ts';
import { type CapabilityAnnouncement, decodeCapabilities } from '../capability/announcement.ts';
import { createDraw, hourOf } from '../capability/ranked-set.ts';
import { tagPoint, tagsAndPrefixes } from '../capability/tag.ts';
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { agentKey } from '../identity/agent-id.ts';
import type { KeyState } from '../identity/key-state.ts';
import { capabilityAnswerBytesMax, capabilityStoreBytesMax } from '../limits.ts';
import type { AnnounceAnswer, SearchAnswer } from '../overlay/capability-message.ts';
import { type KadId, kadId } from '../overlay/distance.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { AgentTable } from './agent-table.ts';
import { type CapabilityStore, createCapabilityStore, isOvertaken } from './capability-store.ts';
import type { PeerContext } from './context.ts';

/** How often what is over is dropped, while there is anything. */
const sweepIntervalMs = 60_000;

export interface CapabilityServer {
  readonly store: CapabilityStore;
  /** Takes one announcement, or says why not. @param from who brought it */
  take(bytes: Uint8Array, from: string, onAnswer: (answer: AnnounceAnswer) => void): void;
  /** What stands here at that point of the key space, and who is closer. */
  show(point: KadId, count: number, asker: string): SearchAnswer;
  /** The agent's authority changed: what was signed under the old one goes at once. */
  changed(state: AgentState): void;
}

export function createCapabilityServer(context: PeerContext, table: AgentTable): CapabilityServer {
  const { config, routing, self } = context;
  const store = createCapabilityStore(createDraw(self.peer), capabilityStoreBytesMax);
  let isSweepSet = false;

  const isMine = (point: Uint8Array): boolean =>
    config.role === 'full' && routing.isAmongClosest(kadId(point), config.replication + config.slack);
  const placesOf = ({ tags }: CapabilityAnnouncement): string[] =>
    tagsAndPrefixes(tags).map(tagPoint).filter(isMine).map(bytesToHex);

  function take(bytes: Uint8Array, from: string, onAnswer: (answer: AnnounceAnswer) => void): void {
    const refuse = (code: ProtocolErrorCode, status: AnnounceAnswer['status'] = 'refused'): void => {
      context.count('capabilities', code);
      onAnswer({ status, code });
    };
    const guarded = (task: () => void): void => {
      try {
        task();
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        refuse(error.code);
      }
    };
    guarded(() => {
      const announcement = decodeCapabilities(bytes);
      assertTimely(announcement, context.nowSeconds());
      const kept = store.get(announcement.key);
      const places = placesOf(announcement);
      if (kept === undefined && places.length === 0) refuse('not-closest');
      else if (isOvertaken(kept, announcement)) refuse('stale-base', 'stale');
      else if (kept !== undefined && bytesEqual(kept.bytes, bytes)) {
        onAnswer(keep(announcement, kept.establishment, from));
      } else {
        table.load(announcement.key, (agent) =>
          guarded(() => verify(announcement, agent?.state.keyState ?? null, from, guarded, refuse, onAnswer)),
        );
      }
    });
  }

  function verify(
    announcement: CapabilityAnnouncement,
    held: KeyState | null,
    from: string,
    guarded: (task: () => void) => void,
    refuse: (code: ProtocolErrorCode, status?: AnnounceAnswer['status']) => void,
    onAnswer: (answer: AnnounceAnswer) => void,
  ): void {
    const { establishment, checks } = admitCapabilities(announcement, held);
    context.verify(checks, (verdicts) => {
      if (verdicts.length !== checks.length || verdicts.includes(false)) {
        refuse('bad-signature');
        return;
      }
      // What was learned while the signatures were checked counts too.
      table.load(announcement.key, (agent) =>
        guarded(() => {
          admitCapabilities(announcement, agent?.state.keyState ?? null);
          if (isOvertaken(store.get(announcement.key), announcement)) refuse('stale-base', 'stale');
          else onAnswer(keep(announcement, establishment, from));
        }),
      );
    });
  }

  function keep(
    announcement: CapabilityAnnouncement,
    establishment: Uint8Array,
    from: string,
  ): AnnounceAnswer {
    const status = store.put(
      { ...announcement, establishment },
      placesOf(announcement),
      from,
      hourOf(context.nowSeconds()),
    );
    context.count('capabilities', status);
    sweepLater();
    return { status, code: status === 'displaced' ? 'displaced' : null };
  }

  function sweepLater(): void {
    if (isSweepSet || store.size === 0) return;
    isSweepSet = true;
    context.timers.at(context.nowMs() + sweepIntervalMs, () => {
      isSweepSet = false;
      store.sweep(context.nowSeconds());
      sweepLater();
    });
  }

  return {
    store,
    take,
    show(point, count, asker) {
      const announcements: Uint8Array[] = [];
      let sizeBytes = 0;
      for (const { bytes, expiresAt } of store.at(bytesToHex(point.bytes), hourOf(context.nowSeconds()))) {
        if (announcements.length === count) break;
        if (expiresAt <= context.nowSeconds() || sizeBytes + bytes.length > capabilityAnswerBytesMax)
          continue;
        sizeBytes += bytes.length;
        announcements.push(bytes);
      }
      const closer = routing
        .closest(point, config.replication, context.nowMs())
        .map(({ contact }) => contact)
        .filter(({ peer }) => peer !== asker);
      return { announcements, closer };
    },
    changed({ agentId, keyState }) {
      const kept = store.size === 0 ? undefined : store.get(agentKey(agentId));
      if (kept === undefined) return;
      if (keyState.status === 'active' && bytesEqual(kept.establishment, keyState.establishment)) return;
      store.drop(kept.key);
      context.count('capabilities', `dropped:${keyState.status === 'active' ? 'rotated' : keyState.status}`);
    },
  };
}
