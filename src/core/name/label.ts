/**
 * Labels of names and what a namespace may claim to be (§7): their one normal form, in ASCII, and the point of the key
 * space where a name stands. Decides shape alone; how text in other scripts becomes ASCII is its reader's.
 */
import { utf8ToBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { digest, domain } from '../hash.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { dnsNameLengthMax, nameLabelLengthMax, urlBytesMax } from '../limits.ts';

/** The label of the namespace itself: what it claims to be, whether it may be listed, where its registry is. */
export const apexLabel = '_';

const labelPattern = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
/** A method that is resolved here, and the characters of its identifier. */
const didPattern = /^did:(?:web|key):[A-Za-z0-9][A-Za-z0-9._:%-]*$/;

/** True for a label in its normal form, that of the namespace itself included. */
export function isNameLabel(text: string): boolean {
  return text === apexLabel || isHostLabel(text);
}

/** @throws ProtocolError `bad-name` */
export function assertNameLabel(text: string): void {
  if (isNameLabel(text)) return;
  throw new ProtocolError(
    'bad-name',
    `a label is 1 to ${nameLabelLengthMax} of a-z, 0-9 and "-", none of these first or last`,
    { textLength: text.length },
  );
}

/** True for a DNS name of two labels or more in its normal form: lower case ASCII, no dot at its end, no address. */
export function isDnsName(text: string): boolean {
  if (text.length > dnsNameLengthMax) return false;
  const labels = text.split('.');
  return labels.length >= 2 && labels.every(isHostLabel) && !/^[0-9]+$/.test(labels.at(-1)!);
}

/** True for what a namespace may claim to be: a DNS name, or a DID of a method that is resolved here. */
export function isNameClaim(text: string): boolean {
  return isDnsName(text) || isNamedDid(text);
}

/** True for a `did:web` or `did:key` in at most 255 characters. */
export function isNamedDid(text: string): boolean {
  return text.length <= urlBytesMax && didPattern.test(text);
}

/** H("weft/name/1" ‖ namespace aid ‖ label), 32 bytes: where the record of that name stands. */
export function namePoint(namespace: AgentId, label: string): Uint8Array {
  return digest(domain('weft/name/1'), namespace, utf8ToBytes(label));
}

function isHostLabel(text: string): boolean {
  return text.length <= nameLabelLengthMax && labelPattern.test(text);
}
