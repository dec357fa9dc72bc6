/**
 * Which texts may stand where a URL stands (§4): https, http on loopback only, ipfs, ipns and did, at most 255 bytes.
 * A syntax rule that every peer judges alike; what an address resolves to is the fetcher's to check, at every fetch.
 * Only printable ASCII without the characters that URL parsers read differently: an IRI is percent-encoded first.
 */
import { ProtocolError } from '../errors.ts';
import { urlBytesMax } from '../limits.ts';

/** The unreserved, reserved and percent characters of RFC 3986, and nothing else. */
const urlCharacters = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;

/** A host name, an IPv4 address or a bracketed IPv6 address; a port; no user information. */
const httpsUrl = /^https:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#]|$)/;
const loopbackHttpUrl = /^http:\/\/(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?(?:[/?#]|$)/;
const contentUrl = /^ip[fn]s:\/\/[A-Za-z0-9]/;
const didUrl = /^did:[a-z0-9]+:[A-Za-z0-9]/;

/** True for a text that may be stored as a URL. */
export function isAllowedUrl(text: string): boolean {
  if (text.length > urlBytesMax || !urlCharacters.test(text)) return false;
  return httpsUrl.test(text) || loopbackHttpUrl.test(text) || contentUrl.test(text) || didUrl.test(text);
}

/** Throws `bad-url` unless isAllowedUrl. @param name what the URL is for, in the message. */
export function assertUrl(text: string, name: string): void {
  if (isAllowedUrl(text)) return;
  const message = `${name}: a URL is https, ipfs, ipns, did, or http on loopback, at most ${urlBytesMax} ASCII characters`;
  throw new ProtocolError('bad-url', message, { field: name, length: text.length });
}
