/**
 * A name record (§7): a namespace, which is an agent, says what one of its labels stands for, signed by its current key
 * or by a delegate with the right `publish`, and proved by its key log. Decides its bytes, what is signed and which of
 * two stands.
 *
 * | item       | dCBOR                                                | at most                                  |
 * |------------|------------------------------------------------------|------------------------------------------|
 * | body       | [1, label, target, iat, hours 1..168]                |                                          |
 * | signature  | 64 bytes over "weft/name/1" ‖ aid ‖ estDigest ‖ body |                                          |
 * | token      | the delegation of who signed, or null                | depth 1, right `publish`                 |
 * | key events | [key event, ...]: the chosen log, the head last      | 32                                       |
 *
 * label: the text, or the 32 bytes of its point, for a namespace that shows its labels to nobody who cannot name them.
 * target: an agent id (32 bytes), a URL of https, http on loopback or did (text), null for a withdrawal; of the label
 * "_" it is [policy, [claim, ...], agent id or URL or null], or null.
 */
import { bytesToHex, concatBytes } from '../bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import type { SignatureCheck, Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { domain } from '../hash.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { type Delegation, delegationValue, readDelegation } from '../identity/delegation.ts';
import { keyEventValue } from '../identity/key-event-codec.ts';
import type { KeyState } from '../identity/key-state.ts';
import {
  digestBytes,
  nameClaimsMax,
  nameHoursMax,
  nameLabelLengthMax,
  nameRecordBytesMax,
  signatureBytes,
  urlBytesMax,
} from '../limits.ts';
import { readCarriedLog, type SignedItem } from '../place/signed-item.ts';
import { isAllowedUrl } from '../record/url.ts';
import { readArray, readBytes, readInteger, readSeconds, readText } from '../shape.ts';
import { apexLabel, assertNameLabel, isNameClaim, namePoint } from './label.ts';

/** What a name stands for: an agent of the index, or a place where the answer is (a registry, a DID). */
export type NameTarget = { readonly agentId: AgentId } | { readonly url: string };

/** Who may list the labels of a namespace: everybody, everybody a few at a time, nobody. */
export const namePolicies = ['open', 'throttled', 'hidden'] as const;
export type NamePolicy = (typeof namePolicies)[number];

/** What a namespace says of itself at its label "_". */
export interface NamespaceProfile {
  readonly policy: NamePolicy;
  /** DNS names and DIDs that it says are its own, ascending, each once; true only where the other side says so too. */
  readonly claims: readonly string[];
  /** What the namespace itself stands for; null: its own agent. */
  readonly target: NameTarget | null;
}

export type NameMeaning =
  | { readonly kind: 'target'; readonly target: NameTarget }
  | { readonly kind: 'profile'; readonly profile: NamespaceProfile }
  | { readonly kind: 'withdrawn' };

/**
 * Of the namespace's agent. Its key is that agent's, then the point. A delegate's expires with the delegation at the
 * latest.
 */
export interface NameRecord extends SignedItem {
  readonly point: Uint8Array;
  /** Null when the record carries its point alone. */
  readonly label: string | null;
  readonly meaning: NameMeaning;
  readonly token: Delegation | null;
  readonly signature: Uint8Array;
}

const version = 1;
const secondsPerHour = 3600;

/**
 * Signs what a label stands for.
 * @param options.isBlinded whether the record shows the point of the label alone; never that of "_"
 * @throws ProtocolError `bad-name`, `bad-url`, `bad-argument`
 */
export function signNameRecord(options: {
  readonly keyState: KeyState;
  readonly signer: Signer;
  readonly token?: Delegation | null;
  readonly label: string;
  readonly isBlinded?: boolean;
  readonly meaning: NameMeaning;
  readonly issuedAt: number;
  /** A withdrawal always takes the longest: nothing that it withdrew outlives it. */
  readonly hours?: number;
}): NameRecord {
  const { keyState, signer, token = null, label, isBlinded = false, meaning, issuedAt } = options;
  assertNameLabel(label);
  const hours = meaning.kind === 'withdrawn' ? nameHoursMax : (options.hours ?? nameHoursMax);
  const shown = isBlinded && label !== apexLabel ? namePoint(keyState.agentId, label) : label;
  const body: CborValue = [version, shown, meaningValue(meaning), issuedAt, hours];
  const message = preimage(encodeCanonical(body), keyState.agentId, keyState.establishment);
  const tokenValue = token === null ? null : delegationValue(token);
  const events = keyState.chain.map(keyEventValue);
  return decodeNameRecord(encodeCanonical([body, signer.sign(message), tokenValue, events]));
}

/**
 * The record in these bytes; its signatures are not looked at.
 * @throws ProtocolError `too-large`, `not-canonical`, `wrong-shape`, `bad-name`, `bad-url`, `bad-delegation`, `bad-key-log`
 */
export function decodeNameRecord(bytes: Uint8Array): NameRecord {
  const items = readArray(decodeCanonical(bytes, nameRecordBytesMax), 'name', 4);
  const [bodyValue, signature, tokenValue, eventValues] = items;
  const [bodyVersion, labelValue, targetValue, issuedAtValue, hoursValue] = readArray(bodyValue, 'body', 5);
  readInteger(bodyVersion, 'version', version, version);
  const issuedAt = readSeconds(issuedAtValue, 'iat');
  const hours = readInteger(hoursValue, 'hours', 1, nameHoursMax);
  readBytes(signature, 'signature', signatureBytes);
  const token = tokenValue === null ? null : readDelegation(tokenValue as CborValue);
  const { agentId, keyEvents } = readCarriedLog(eventValues);
  const { label, point } = readLabel(labelValue, agentId);
  const meaning = readMeaning(targetValue, label);
  if (meaning.kind === 'withdrawn' && hours !== nameHoursMax)
    throw new ProtocolError('bad-name', `a withdrawal counts ${nameHoursMax} hours`, { hours });
  const ends = issuedAt + secondsPerHour * hours;
  return {
    agentId,
    key: nameKey(agentId, point),
    point,
    label,
    meaning,
    issuedAt,
    expiresAt: token === null ? ends : Math.min(ends, token.expiresAt),
    token,
    keyEvents,
    signature: signature as Uint8Array,
    bytes,
  };
}

/** 128 hexadecimal digits: the form for maps and store keys. */
export function nameKey(agentId: AgentId, point: Uint8Array): string {
  return agentKey(agentId) + bytesToHex(point);
}

/** The check that it owes beside those of its log and its token. @param signingKey the controller's or the delegate's */
export function nameRecordCheck(
  record: NameRecord,
  establishment: Uint8Array,
  signingKey: Uint8Array,
): SignatureCheck {
  const [body] = decodeCanonical(record.bytes, nameRecordBytesMax) as readonly CborValue[];
  return {
    publicKey: signingKey,
    message: preimage(encodeCanonical(body!), record.agentId, establishment),
    signature: record.signature,
  };
}

function readLabel(
  value: CborValue | undefined,
  agentId: AgentId,
): { readonly label: string | null; readonly point: Uint8Array } {
  if (value instanceof Uint8Array) return { label: null, point: readBytes(value, 'point', digestBytes) };
  const label = readText(value, 'label', nameLabelLengthMax);
  assertNameLabel(label);
  return { label, point: namePoint(agentId, label) };
}

function readMeaning(value: CborValue | undefined, label: string | null): NameMeaning {
  if (value === null) return { kind: 'withdrawn' };
  if (label !== apexLabel) {
    if (Array.isArray(value)) throw new ProtocolError('bad-name', 'only "_" says what a namespace is');
    return { kind: 'target', target: readTarget(value) };
  }
  if (!Array.isArray(value)) throw new ProtocolError('bad-name', '"_" says what the namespace itself is');
  const [policyIndex, claimValues, own] = readArray(value, 'profile', 3);
  const policy = namePolicies[readInteger(policyIndex, 'policy', 0, namePolicies.length - 1)]!;
  const claims = readArray(claimValues, 'claims', { max: nameClaimsMax }).map((claim) =>
    readText(claim, 'claim', urlBytesMax),
  );
  claims.forEach((claim, index) => {
    if (!isNameClaim(claim))
      throw new ProtocolError('bad-name', 'a namespace claims DNS names and DIDs in their normal form');
    if (index > 0 && claim <= claims[index - 1]!)
      throw new ProtocolError('bad-name', 'claims stand in their order, each once');
  });
  return { kind: 'profile', profile: { policy, claims, target: own === null ? null : readTarget(own) } };
}

function readTarget(value: CborValue | undefined): NameTarget {
  if (value instanceof Uint8Array) return { agentId: readBytes(value, 'target', digestBytes) };
  const url = readText(value, 'target', urlBytesMax);
  if (isAllowedUrl(url) && /^(?:https?|did):/.test(url)) return { url };
  throw new ProtocolError(
    'bad-url',
    'a name leads to an agent, or to a URL of https, http on loopback or did',
    {
      length: url.length,
    },
  );
}

function meaningValue(meaning: NameMeaning): CborValue {
  if (meaning.kind === 'withdrawn') return null;
  if (meaning.kind === 'target') return targetValueOf(meaning.target);
  const { policy, claims, target } = meaning.profile;
  return [
    namePolicies.indexOf(policy),
    [...new Set(claims)].sort(),
    target === null ? null : targetValueOf(target),
  ];
}

function targetValueOf(target: NameTarget): CborValue {
  return 'agentId' in target ? target.agentId : target.url;
}

/** "weft/name/1" ‖ aid ‖ estDigest ‖ body: what is signed. */
function preimage(body: Uint8Array, agentId: AgentId, establishment: Uint8Array): Uint8Array {
  return concatBytes(domain('weft/name/1'), agentId, establishment, body);
}
