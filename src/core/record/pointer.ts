/**
 * Where one field of a fence points (§2): nowhere, to a URL by digest (the text travels in the side-car), to a URL
 * written in the record itself, or to a URL that only some readers know (blinded).
 */
import { utf8ToBytes } from '../bytes.ts';
import { digest16, domain } from '../hash.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { fieldNumber, type PointerField } from './field.ts';

export type Pointer =
  | { readonly kind: 'none' }
  /** 16 bytes, urlDigest of the side-car's entry. */
  | { readonly kind: 'digest'; readonly digest: Uint8Array }
  | { readonly kind: 'inline'; readonly url: string }
  /** 16 bytes, blindDigest of a URL that the record does not carry. */
  | { readonly kind: 'blinded'; readonly digest: Uint8Array };

export type Pointers = Readonly<Record<PointerField, Pointer>>;

export const noPointer: Pointer = { kind: 'none' };

/** H16("weft/url/1" ‖ field number, one byte ‖ url): the same URL in two fields has two digests. */
export function urlDigest(field: PointerField, url: string): Uint8Array {
  return digest16(domain('weft/url/1'), Uint8Array.of(fieldNumber(field)), utf8ToBytes(url));
}

/** H16("weft/blind/1" ‖ salt ‖ aid ‖ url). @param salt 16 bytes, handed to chosen readers together with the URL. */
export function blindDigest(salt: Uint8Array, agentId: AgentId, url: string): Uint8Array {
  return digest16(domain('weft/blind/1'), salt, agentId, utf8ToBytes(url));
}
