/**
 * What storing peers and readers ask of every signed item that is kept at a point (docs/protocol.md §7), whatever it says:
 * its time, which of two of one key stands, and the key log that it carries beside what is known of its agent.
 */
import { bytesEqual, compareBytes } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import { inceptionAgentId, type KeyEvent, keyEventCheck } from '../identity/key-event.ts';
import { readKeyEvent } from '../identity/key-event-codec.ts';
import type { KeyState } from '../identity/key-state.ts';
import { clockSkewSecondsMax, keyLogEventsMax } from '../limits.ts';
import { readArray } from '../shape.ts';

export interface SignedItem {
  /** Of the agent under whose keys it is signed. */
  readonly agentId: AgentId;
  /** In hexadecimal, for maps: of two with one key, one stands. */
  readonly key: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** The second from which it no longer counts. */
  readonly expiresAt: number;
  /** The chosen log at the time of signing: what it is signed under is the last. */
  readonly keyEvents: readonly KeyEvent[];
  readonly bytes: Uint8Array;
}

/** The log as it stands in an item, and whose it is. @throws ProtocolError `wrong-shape`, `bad-key-log` */
export function readCarriedLog(value: unknown): Pick<SignedItem, 'agentId' | 'keyEvents'> {
  const keyEvents = readArray(value, 'key events', { max: keyLogEventsMax }).map(readKeyEvent);
  const [inception] = keyEvents;
  if (inception === undefined)
    throw new ProtocolError('bad-key-log', 'a signed item carries the log of its agent');
  return { agentId: inceptionAgentId(inception), keyEvents };
}

/** @throws ProtocolError `from-the-future`, `expired` */
export function assertTimely(
  { issuedAt, expiresAt }: Pick<SignedItem, 'issuedAt' | 'expiresAt'>,
  nowSeconds: number,
): void {
  if (issuedAt > nowSeconds + clockSkewSecondsMax) {
    throw new ProtocolError('from-the-future', 'it was signed later than now: check the clocks', {
      aheadSeconds: issuedAt - nowSeconds,
    });
  }
  if (expiresAt <= nowSeconds) throw new ProtocolError('expired', 'its time is over: sign it again');
}

/** Of two of one key, positive when the left one stands: the later, then the one with the higher bytes. */
export function compareItems(
  left: Pick<SignedItem, 'issuedAt' | 'bytes'>,
  right: Pick<SignedItem, 'issuedAt' | 'bytes'>,
): number {
  return left.issuedAt - right.issuedAt || compareBytes(left.bytes, right.bytes);
}

/** Where an item's own log and the held one lead, and what of it nobody has verified yet. */
export interface LogAdmission {
  readonly keyState: KeyState;
  /** The controller's. */
  readonly signingKey: Uint8Array;
  readonly checks: readonly SignatureCheck[];
}

/**
 * Judges the log of an item beside what is known: an ended, forked or rotated agent's items are refused by whoever knows.
 * @param held where the agent's authority stands, verified; null when nothing is known of it
 * @throws ProtocolError `forked`, `tombstoned`, `wrong-establishment`, `bad-key-log`
 */
export function admitLog(
  { agentId, keyEvents }: Pick<SignedItem, 'agentId' | 'keyEvents'>,
  held: KeyState | null,
): LogAdmission {
  const heldEvents = held?.retained ?? [];
  const news = keyEvents.filter((event) => !heldEvents.some((known) => bytesEqual(known.bytes, event.bytes)));
  const keyState =
    held !== null && news.length === 0 ? held : chooseLog(agentId, [...heldEvents, ...keyEvents]);
  const { status, chain, signingKey } = keyState;
  if (status === 'forked' || status === 'tombstoned' || signingKey === null)
    throw new ProtocolError(status === 'forked' ? 'forked' : 'tombstoned', `the agent is ${status}`);
  if (keyEvents.at(-1)!.key !== keyState.head.key)
    throw new ProtocolError('wrong-establishment', 'the keys were rotated since: sign it again');
  const isChain =
    chain.length === keyEvents.length && chain.every((event, index) => event.key === keyEvents[index]!.key);
  if (!isChain) throw new ProtocolError('bad-key-log', 'it carries the chosen log, in order');
  return { keyState, signingKey, checks: news.map(keyEventCheck) };
}
