/**
 * The bytes behind a facts URL, wherever it leads: a host by https, content of the overlay, or a block of IPFS through a
 * gateway. Nothing is believed of where they came from; what has a hash in its URL is held to it.
 */
import { contentOfUrl, isContentOf } from '../../core/content/content.ts';
import { FactsError } from '../facts-error.ts';
import { factsBytesMax } from '../facts-limits.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { fetchIpfsBlock, isIpfsUrl } from './ipfs-block.ts';

export interface SourceOptions {
  readonly allowPrivate?: boolean;
  readonly timeoutMs?: number;
  readonly userAgent: string;
  /** Asks the overlay for the blob of a SHA-256; null when nobody holds it. Left out: the overlay is not asked. */
  readonly fetchContent?: (digest: Uint8Array) => Promise<Uint8Array | null>;
  /** For `ipfs://` that the overlay does not hold; left out: there is none. */
  readonly ipfsGateway?: string;
}

export interface FactsBytes {
  readonly bytes: Uint8Array;
  readonly servedFrom: string;
  /** In words: how many, of what, from where. */
  readonly description: string;
}

const fetchTimeoutDefaultMs = 10_000;

/** @throws FactsError */
export async function fetchFactsBytes(url: string, options: SourceOptions): Promise<FactsBytes> {
  return isIpfsUrl(url) ? fromContent(url, options) : fromHost(url, options);
}

async function fromHost(url: string, options: SourceOptions): Promise<FactsBytes> {
  const { allowPrivate = false, timeoutMs = fetchTimeoutDefaultMs, userAgent } = options;
  const {
    bytes,
    contentType,
    url: servedFrom,
  } = await guardedFetch(url, {
    ...{ allowPrivate, timeoutMs, userAgent },
    bytesMax: factsBytesMax,
    accept: 'application/vc+json, application/json;q=0.9',
  });
  if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(contentType))
    throw new FactsError('bad-answer', `the host answered ${contentType || 'no content type'}, not JSON`);
  return { bytes, servedFrom, description: `${bytes.length} bytes of ${contentType} from ${servedFrom}` };
}

async function fromContent(url: string, options: SourceOptions): Promise<FactsBytes> {
  const { allowPrivate = false, timeoutMs = fetchTimeoutDefaultMs, userAgent, ipfsGateway } = options;
  const digest = contentOfUrl(url);
  if (digest !== null && options.fetchContent !== undefined) {
    const bytes = await options.fetchContent(digest);
    if (bytes !== null && !isContentOf(bytes, digest))
      throw new FactsError('bad-answer', 'the overlay answered other bytes than those of the CID');
    if (bytes !== null)
      return { bytes, servedFrom: url, description: `${bytes.length} bytes from the overlay` };
  }
  if (ipfsGateway === undefined)
    throw new FactsError('unreachable', 'nobody in the overlay holds it, and no gateway of IPFS is named');
  const rules = { allowPrivate, timeoutMs, userAgent };
  const { bytes, servedFrom } = await fetchIpfsBlock(url, ipfsGateway, rules);
  return { bytes, servedFrom, description: `${bytes.length} bytes of ${url} from ${servedFrom}` };
}
