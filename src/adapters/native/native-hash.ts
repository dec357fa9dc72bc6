/** Node's one-shot SHA-256 for the core: about eight times as fast as JavaScript on the sizes of a bundle. */
import { hash } from 'node:crypto';
import { useNativeSha256 } from '../../core/hash.ts';

/** Idempotent; for the whole process. */
export function installNativeHash(): void {
  useNativeSha256((bytes) => hash('sha256', bytes, 'buffer'));
}
