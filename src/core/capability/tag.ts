/**
 * Tags of capabilities (§7): paths such as `/translate/en-es`, each prefix of which is a tag of its own.
 * Decides their normal form and their bounds; what a tag means is its users' agreement.
 */
import { utf8ToBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { digest, domain } from '../hash.ts';
import { tagBytesMax, tagDepthMax } from '../limits.ts';

/** One part: lower case letters, digits and `._+-`, not first. */
const partPattern = /^[a-z0-9][a-z0-9._+-]*$/;

/** True for a tag in its normal form: 1 to 4 parts, at most 64 bytes. */
export function isTag(text: string): boolean {
  if (text.length > tagBytesMax || !text.startsWith('/')) return false;
  const parts = text.slice(1).split('/');
  return parts.length <= tagDepthMax && parts.every((part) => partPattern.test(part));
}

/** The normal form of what a person wrote: lower case, one slash first and none at the end. @throws ProtocolError `bad-tag`. */
export function parseTag(text: string): string {
  const tag = `/${text.trim().toLowerCase().replace(/^\//, '').replace(/\/$/, '')}`;
  if (isTag(tag)) return tag;
  throw new ProtocolError(
    'bad-tag',
    `a tag is a path of 1 to ${tagDepthMax} parts of a-z, 0-9 and "._+-", in at most ${tagBytesMax} bytes`,
    { textLength: text.length },
  );
}

/** The tag and all above it, the shortest first: `/translate`, `/translate/en-es`. */
export function tagPrefixes(tag: string): string[] {
  const parts = tag.slice(1).split('/');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

/** How many parts it has. */
export function tagDepth(tag: string): number {
  return tag.split('/').length - 1;
}

/** True when the tag is the asked one or stands below it. */
export function isUnderTag(tag: string, asked: string): boolean {
  return tag === asked || tag.startsWith(`${asked}/`);
}

/** H("weft/cap/1" ‖ tag), 32 bytes: the point of the key space where announcements of this tag stand. */
export function tagPoint(tag: string): Uint8Array {
  return digest(domain('weft/cap/1'), utf8ToBytes(tag));
}

/** The tags at which these stand: they and all above them, each once. */
export function tagsAndPrefixes(tags: readonly string[]): string[] {
  return [...new Set(tags.flatMap(tagPrefixes))];
}
