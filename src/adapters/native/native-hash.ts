/** Node's one-shot SHA-256 for the core: about eight times as fast as JavaScript on the sizes of a bundle. */
import { hash } from 'node:crypto';
import { useNativeSha256 } from '../../core/hash.ts';

const sha256Bytes = 32;

/** Idempotent; for the whole process. */
export function installNativeHash(): void {
  useNativeSha256((bytes) => bytesOfLatin1(hash('sha256', bytes, 'binary')));
}

/**
 * As text the digest comes in a third of the time of a Buffer, and these bytes lie inside their array, where a Buffer's
 * lie outside the heap behind 150 bytes of book-keeping: digests are kept by the thousand.
 */
function bytesOfLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(sha256Bytes);
  for (let index = 0; index < sha256Bytes; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
