/**
 * The side-car (§2): the URLs of a fence's digest pointers, each once, in the order in which the fields first need them.
 * Decides whether they are the ones that were signed over, and which belongs to which field.
 */
import { bytesEqual } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { AgentAddr } from './agent-addr.ts';
import { type PointerField, pointerFields } from './field.ts';
import { urlDigest } from './pointer.ts';
import { assertUrl } from './url.ts';

/** Throws `bad-url`, or `bad-side-car` unless every digest pointer has its URL and every URL a pointer. */
export function assertSideCar(addr: AgentAddr | null, urls: readonly string[]): void {
  let used = 0;
  for (const field of pointerFields) {
    const pointer = addr?.pointers[field];
    if (pointer?.kind !== 'digest') continue;
    const next = urls[used];
    if (next !== undefined && bytesEqual(urlDigest(field, next), pointer.digest)) {
      assertUrl(next, field);
      if (urls.indexOf(next) !== used)
        throw new ProtocolError('bad-side-car', 'a URL stands in the side-car once');
      used++;
    } else if (findUrl(field, pointer.digest, urls.slice(0, used)) === undefined) {
      const message = `${field}: its URL is missing, out of order, or not the one that was signed over`;
      throw new ProtocolError('bad-side-car', message, { field });
    }
  }
  if (used !== urls.length) {
    const counts = { used, found: urls.length };
    throw new ProtocolError('bad-side-car', 'the side-car has a URL that no pointer needs', counts);
  }
}

/** The URL of that field's digest pointer. @param urls a side-car that assertSideCar has let pass. */
export function sideCarUrl(addr: AgentAddr, urls: readonly string[], field: PointerField): string {
  const fields = pointerFields.filter((candidate) => addr.pointers[candidate].kind === 'digest');
  const pointer = addr.pointers[field];
  // One URL a field is the common case and needs no hash; fewer, and two fields share one.
  const isOneEach = fields.length === urls.length;
  const shared = pointer.kind === 'digest' && !isOneEach ? findUrl(field, pointer.digest, urls) : undefined;
  const url = isOneEach ? urls[fields.indexOf(field)] : shared;
  if (url === undefined) throw new ProtocolError('bad-argument', `the side-car has no URL for ${field}`);
  return url;
}

function findUrl(field: PointerField, digest: Uint8Array, urls: readonly string[]): string | undefined {
  return urls.find((url) => bytesEqual(urlDigest(field, url), digest));
}
