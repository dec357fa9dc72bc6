/** Archives for tests, and hands that bend them. */
import { encodeArchive } from '../../src/archive/archive-format.ts';
import { openArchive } from '../../src/archive/archive-reader.ts';
import { bornAgent, bundleOf } from '../helpers/test-agent.ts';

/** Bundles of so many agents, in the order of their labels. */
export function bundlesOf(count: number, label: string, nowSeconds: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => bundleOf(bornAgent(`${label} ${index}`, nowSeconds)));
}

export async function archiveOf(bundles: readonly Uint8Array[], createdAtSeconds = 1): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeArchive(from(bundles), createdAtSeconds)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Everything in it, given in chunks of that size. */
export async function bundlesIn(archive: Uint8Array, chunkBytes = 64 * 1024): Promise<Uint8Array[]> {
  const { bundles } = await openArchive(from(chunked(archive, chunkBytes)));
  const found: Uint8Array[] = [];
  for await (const batch of bundles()) found.push(...batch);
  return found;
}

export function chunked(bytes: Uint8Array, chunkBytes: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / chunkBytes);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
}

export async function* from<Value>(values: Iterable<Value>): AsyncGenerator<Value> {
  for (const value of values) yield value;
}
