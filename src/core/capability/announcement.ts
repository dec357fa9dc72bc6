/**
 * A capability announcement (§7): an agent says what it can do, for at most a day, signed by its current signing key and
 * proved by its key log. Decides its bytes, what is signed and which of two is newer; what it says is a hint.
 *
 * | item       | dCBOR                                           | at most |
 * |------------|-------------------------------------------------|---------|
 * | body       | [1, [tag, ...], iat, hours 1..24]               | 4 tags  |
 * | signature  | 64 bytes over "weft/cap/1" ‖ aid ‖ estDigest ‖ body |     |
 * | key events | [key event, ...]: the chosen log, the head last | 32      |
 *
 * Tags are in their normal form and in the order of their bytes, each once. Without tags it is a withdrawal.
 */
import { concatBytes } from '../bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import type { SignatureCheck, Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { domain } from '../hash.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { keyEventValue } from '../identity/key-event-codec.ts';
import type { KeyState } from '../identity/key-state.ts';
import {
  capabilityBytesMax,
  capabilityHoursMax,
  capabilityTagsMax,
  signatureBytes,
  tagBytesMax,
} from '../limits.ts';
import { readCarriedLog, type SignedItem } from '../place/signed-item.ts';
import { readArray, readBytes, readInteger, readSeconds, readText } from '../shape.ts';
import { isTag, parseTag } from './tag.ts';

/** Its key is the agent's: one announcement of an agent stands. */
export interface CapabilityAnnouncement extends SignedItem {
  readonly tags: readonly string[];
  readonly signature: Uint8Array;
}

const version = 1;
const secondsPerHour = 3600;

/**
 * Signs what an agent can do; no tags at all withdraw what it said before.
 * @param keyState that of an active agent, whose signing key the signer holds.
 * @throws ProtocolError `bad-tag`, `bad-argument`.
 */
export function signCapabilities(options: {
  readonly keyState: KeyState;
  readonly signer: Signer;
  readonly tags: readonly string[];
  readonly issuedAt: number;
  readonly hours?: number;
}): CapabilityAnnouncement {
  const { keyState, signer, issuedAt, hours = capabilityHoursMax } = options;
  const tags = [...new Set(options.tags.map(parseTag))].sort();
  if (tags.length > capabilityTagsMax) {
    throw new ProtocolError('bad-argument', `an agent announces at most ${capabilityTagsMax} tags`, {
      tags: tags.length,
    });
  }
  const body = [version, tags, issuedAt, hours] as const;
  const message = preimage(encodeCanonical(body), keyState.agentId, keyState.establishment);
  const events = keyState.chain.map(keyEventValue);
  return decodeCapabilities(encodeCanonical([body, signer.sign(message), events]));
}

/**
 * The announcement in these bytes; its signatures are not looked at.
 * @throws ProtocolError `too-large`, `not-canonical`, `wrong-shape`, `bad-tag`, `bad-key-log`.
 */
export function decodeCapabilities(bytes: Uint8Array): CapabilityAnnouncement {
  const [bodyValue, signature, eventValues] = readArray(
    decodeCanonical(bytes, capabilityBytesMax),
    'capabilities',
    3,
  );
  const [bodyVersion, tagValues, issuedAtValue, hours] = readArray(bodyValue, 'body', 4);
  readInteger(bodyVersion, 'version', version, version);
  const tags = readArray(tagValues, 'tags', { max: capabilityTagsMax }).map((tag) =>
    readText(tag, 'tag', tagBytesMax),
  );
  const issuedAt = readSeconds(issuedAtValue, 'iat');
  const expiresAt = issuedAt + secondsPerHour * readInteger(hours, 'hours', 1, capabilityHoursMax);
  readBytes(signature, 'signature', signatureBytes);
  assertTags(tags);
  const log = readCarriedLog(eventValues);
  const key = agentKey(log.agentId);
  return { ...log, key, tags, issuedAt, expiresAt, signature: signature as Uint8Array, bytes };
}

/** The check that it owes beside those of its log. @param keyState active. */
export function capabilitiesCheck(
  { tags, issuedAt, expiresAt, signature }: CapabilityAnnouncement,
  { agentId, establishment }: KeyState,
  signingKey: Uint8Array,
): SignatureCheck {
  const hours = (expiresAt - issuedAt) / secondsPerHour;
  const body: CborValue = [version, tags, issuedAt, hours];
  return {
    publicKey: signingKey,
    message: preimage(encodeCanonical(body), agentId, establishment),
    signature,
  };
}

function assertTags(tags: readonly string[]): void {
  tags.forEach((tag, index) => {
    if (!isTag(tag)) throw new ProtocolError('bad-tag', 'a tag is not in its normal form');
    if (index > 0 && tag <= tags[index - 1]!) {
      throw new ProtocolError('bad-tag', 'tags stand in their order, each once');
    }
  });
}

/** "weft/cap/1" ‖ aid ‖ estDigest ‖ body: what is signed. */
function preimage(body: Uint8Array, agentId: AgentId, establishment: Uint8Array): Uint8Array {
  return concatBytes(domain('weft/cap/1'), agentId, establishment, body);
}
