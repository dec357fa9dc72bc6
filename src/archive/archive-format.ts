/**
 * A file of bundles, to keep and to move: a CBOR sequence (RFC 8742) of byte strings, each of which holds one
 * deterministic CBOR array. Any CBOR tool reads it, and it can be written and read as a stream.
 *
 * | item         | holds                                                                          | bytes        |
 * |--------------|--------------------------------------------------------------------------------|--------------|
 * | the first    | ["weft-archive", 1, seconds since 1970 at which it was begun]                   | 16 to 20     |
 * | any number   | a bundle (docs/protocol.md §2), in the order of agent ids where weft wrote them | at most 48 K |
 * | the last     | ["end", number of bundles, SHA-256 of every byte before this item]              | 40 to 48     |
 *
 * A bundle proves itself by its signatures: the digest tells a whole file from a cut or bent one, not a true from a
 * false one. No secret key is in it.
 */
import { createHash } from 'node:crypto';
import { encodeCanonical } from '../core/cbor.ts';

export const archiveName = 'weft-archive';
export const archiveVersion = 1;
export const trailerName = 'end';
/** Header and trailer are shorter. */
export const frameItemBytesMax = 64;
/** The media type of a CBOR sequence. */
export const archiveMediaType = 'application/cbor-seq';
/** What is handed on at once, so that a small bundle does not cost a write each. */
const chunkBytes = 64 * 1024;

/** The bytes of an archive, in chunks of about 64 KiB. */
export async function* encodeArchive(
  bundles: AsyncIterable<Uint8Array>,
  createdAtSeconds: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let pending = [encodeCanonical(encodeCanonical([archiveName, archiveVersion, createdAtSeconds]))];
  let pendingBytes = 0;
  let count = 0;
  const take = (): Uint8Array => {
    const chunk = Buffer.concat(pending);
    hash.update(chunk);
    pending = [];
    pendingBytes = 0;
    return chunk;
  };
  for await (const bundle of bundles) {
    const item = encodeCanonical(bundle);
    pending.push(item);
    pendingBytes += item.length;
    count++;
    if (pendingBytes >= chunkBytes) yield take();
  }
  yield take();
  yield encodeCanonical(encodeCanonical([trailerName, count, new Uint8Array(hash.digest())]));
}
