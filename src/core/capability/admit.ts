/**
 * What a storing peer and a searcher check of an announcement (§7), cheapest first: its time, its key log beside what is
 * known of the agent, and which signatures are still owed. An ended, forked or rotated agent's announcements are refused
 * by whoever knows.
 */
import { bytesEqual } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import { keyEventCheck } from '../identity/key-event.ts';
import type { KeyState } from '../identity/key-state.ts';
import { clockSkewSecondsMax } from '../limits.ts';
import { type CapabilityAnnouncement, capabilitiesCheck } from './announcement.ts';

export interface CapabilityAdmission {
  /** The digest of the key event under which it is signed. */
  readonly establishment: Uint8Array;
  readonly checks: readonly SignatureCheck[];
}

/** @throws ProtocolError `from-the-future`, `expired`. */
export function assertTimely(
  { issuedAt, expiresAt }: Pick<CapabilityAnnouncement, 'issuedAt' | 'expiresAt'>,
  nowSeconds: number,
): void {
  if (issuedAt > nowSeconds + clockSkewSecondsMax) {
    throw new ProtocolError('from-the-future', 'the announcement was made later than now: check the clocks', {
      aheadSeconds: issuedAt - nowSeconds,
    });
  }
  if (expiresAt <= nowSeconds)
    throw new ProtocolError('expired', 'the time of the announcement is over: make a new one');
}

/**
 * Judges an announcement by its own log and by the agent's held one.
 * @param held where the agent's authority stands as far as this peer knows, verified; null when it knows nothing.
 * @throws ProtocolError `forked`, `tombstoned`, `wrong-establishment`, `bad-key-log`.
 */
export function admitCapabilities(
  announcement: CapabilityAnnouncement,
  held: KeyState | null,
): CapabilityAdmission {
  const { agentId, keyEvents } = announcement;
  const heldEvents = held?.retained ?? [];
  const news = keyEvents.filter((event) => !heldEvents.some((known) => bytesEqual(known.bytes, event.bytes)));
  const keyState =
    held !== null && news.length === 0 ? held : chooseLog(agentId, [...heldEvents, ...keyEvents]);
  const { status, chain, establishment, signingKey } = keyState;
  if (status === 'forked' || status === 'tombstoned' || signingKey === null) {
    throw new ProtocolError(status === 'forked' ? 'forked' : 'tombstoned', `the agent is ${status}`);
  }
  if (keyEvents.at(-1)!.key !== keyState.head.key)
    throw new ProtocolError('wrong-establishment', 'the keys were rotated since: announce again');
  const isChain =
    chain.length === keyEvents.length && chain.every((event, index) => event.key === keyEvents[index]!.key);
  if (!isChain) throw new ProtocolError('bad-key-log', 'an announcement carries the chosen log, in order');
  return {
    establishment,
    checks: [...news.map(keyEventCheck), capabilitiesCheck(announcement, keyState, signingKey)],
  };
}
