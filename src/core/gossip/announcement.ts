/**
 * What is gossiped: the part of an agent's state that changes authority, self-proving.
 * Wire: dCBOR [1, [key event, ...], [revocation, ...]], at most 16 KiB. The bytes are a pure function of the state,
 * so that nodes which learn the same thing by different paths publish the same message. Source: docs/protocol.md §5.
 */
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { inceptionAgentId } from '../identity/key-event.ts';
import { keyEventValue, readKeyEvent } from '../identity/key-event-codec.ts';
import { readRevocation, revocationValue } from '../identity/revocation.ts';
import {
  announcementBytesMax,
  bundleRevocationsMax,
  gossipTopicCount,
  keyLogRetainedEventsMax,
} from '../limits.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { remembered } from '../remembered.ts';
import { readArray, readInteger } from '../shape.ts';

const topicPath = '/1/rev/';
const hexDigits = '0123456789abcdef';

/** The topic of an agent: `<prefix>/1/rev/<x>`, x = the top 4 bits of the aid in hexadecimal. */
export function gossipTopic(prefix: string, agentId: AgentId): string {
  return `${prefix}${topicPath}${hexDigits[gossipTopicNumber(agentId)]}`;
}

/** The number of an agent's topic, 0 to 15. */
export function gossipTopicNumber(agentId: AgentId): number {
  return agentId[0]! >> 4;
}

/** The number of a topic; -1 for one that there is not. */
export function readGossipTopic(prefix: string, topic: string): number {
  const length = prefix.length + topicPath.length;
  const isTopic =
    topic.length === length + 1 && topic.startsWith(prefix) && topic.startsWith(topicPath, prefix.length);
  return isTopic ? hexDigits.indexOf(topic[length]!) : -1;
}

/** All topics, in order. */
export function gossipTopics(prefix: string): string[] {
  return Array.from({ length: gossipTopicCount }, (_, index) => prefix + topicPath + hexDigits[index]);
}

/** True when there is anything to announce: more than an inception, or a revocation. */
export function hasAuthority(state: AgentState): boolean {
  return state.keyState.retained.length > 1 || state.revocations.length > 0;
}

/** One message, or several with the same log where the revocations do not fit into one. */
export function encodeAnnouncements(state: AgentState): Uint8Array[] {
  const events: CborValue[] = state.keyState.retained.map(keyEventValue);
  const whole = encodeCanonical([1, events, state.revocations.map(revocationValue)]);
  if (whole.length <= announcementBytesMax) return [whole];
  return state.revocations.map((revocation) => encodeCanonical([1, events, [revocationValue(revocation)]]));
}

/** An announcement as a bundle without a record, so that one admission serves all doors. */
export interface Announcement {
  readonly agentId: AgentId;
  readonly bundle: Bundle;
}

/** @throws ProtocolError. */
export const decodeAnnouncement: (data: Uint8Array) => Announcement = remembered(readAnnouncement);

function readAnnouncement(data: Uint8Array): Announcement {
  const [version, eventValues, revocationValues] = readArray(
    decodeCanonical(data, announcementBytesMax),
    'announcement',
    3,
  );
  readInteger(version, 'version', 1, 1);
  const keyEvents = readArray(eventValues, 'key events', { max: keyLogRetainedEventsMax }).map(readKeyEvent);
  const revocations = readArray(revocationValues, 'revocations', { max: bundleRevocationsMax }).map(
    readRevocation,
  );
  const inception = keyEvents[0];
  if (inception?.body.type !== 'icp')
    throw new ProtocolError('bad-key-log', 'an announcement starts with the inception');
  return {
    agentId: inceptionAgentId(inception),
    bundle: { addr: null, urls: [], keyEvents, delegations: [], operations: [], revocations },
  };
}
