/**
 * Content of the overlay (§7): one AgentFacts credential as canonical JSON, named by its SHA-256, which is its digest in
 * revocations too. Decides what may be stored at all; not whether a signature holds, which every reader decides anew.
 * Only what is a credential is taken: a storing peer is nobody's disk for other bytes (docs/decisions/0016).
 */
import canonicalize from 'canonicalize';
import { bytesEqual, concatBytes, fromBase32, toBase32, utf8FromBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { digest } from '../hash.ts';
import { contentBytesMax, contentBytesMin, contentDepthMax, digestBytes } from '../limits.ts';

export interface Content {
  /** SHA-256 of the bytes. */
  readonly digest: Uint8Array;
  /** When the credential ends by its own word, seconds since 1970. */
  readonly validUntil: number;
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** CIDv1, raw bytes, SHA-256 of 32 bytes: the first four bytes of each. */
const cidHead = Uint8Array.of(0x01, 0x55, 0x12, 0x20);
const cidPattern = /^b[a-z2-7]{58}$/;
const urlHead = 'ipfs://';
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * What these bytes are, when they may be stored.
 * @throws ProtocolError `too-large`, `wrong-shape`, `not-canonical`, `expired`
 */
export function readContent(bytes: Uint8Array, nowSeconds: number): Content {
  if (bytes.length > contentBytesMax)
    throw new ProtocolError('too-large', `content has at most ${contentBytesMax} bytes`);
  if (bytes.length < contentBytesMin) throw wrongShape('content is a credential, and longer than this');
  const credential = parseCanonical(bytes);
  const types = [credential['type']].flat();
  const subject = credential['credentialSubject'];
  if (!types.includes('VerifiableCredential') || !isRecord(credential['proof']) || !isRecord(subject))
    throw wrongShape('content is a credential with one subject and a proof');
  if (typeof subject['id'] !== 'string' || !subject['id'].startsWith('did:nanda:'))
    throw wrongShape('the subject of content is an agent');
  const validUntil = secondsOf(credential['validUntil']);
  if (validUntil <= nowSeconds) throw new ProtocolError('expired', 'the credential has ended');
  return { digest: digest(bytes), validUntil };
}

/** True for the bytes of that digest. */
export function isContentOf(bytes: Uint8Array, wanted: Uint8Array): boolean {
  return bytes.length <= contentBytesMax && bytesEqual(digest(bytes), wanted);
}

/** `ipfs://` and the CID of a raw block: a URL that may stand in a record (§4), and leads here or to a gateway. */
export function contentUrl(contentDigest: Uint8Array): string {
  return `${urlHead}b${toBase32(concatBytes(cidHead, contentDigest))}`;
}

/** The digest that such a URL names; null for every other URL. */
export function contentOfUrl(url: string): Uint8Array | null {
  const cid = url.slice(urlHead.length);
  if (!url.startsWith(urlHead) || !cidPattern.test(cid)) return null;
  try {
    const bytes = fromBase32(cid.slice(1));
    const isOurs = bytes.length === cidHead.length + digestBytes && bytesEqual(bytes.subarray(0, 4), cidHead);
    return isOurs ? bytes.slice(cidHead.length) : null;
  } catch {
    return null; // bits beyond the last byte: another spelling of it
  }
}

function parseCanonical(bytes: Uint8Array): JsonRecord {
  let value: unknown;
  let isCanonical: boolean;
  try {
    const text = utf8FromBytes(bytes);
    assertShallow(text);
    value = JSON.parse(text);
    isCanonical = canonicalize(value) === text;
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw wrongShape('content is JSON in UTF-8');
  }
  if (!isCanonical) throw new ProtocolError('not-canonical', 'content is canonical JSON (RFC 8785)');
  if (!isRecord(value)) throw wrongShape('content is a JSON object');
  return value;
}

/** Before it is parsed: what walks over the value afterwards goes as deep as it is. */
function assertShallow(text: string): void {
  let depth = 0;
  let isText = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (isText) {
      if (code === 0x5c) index++;
      else if (code === 0x22) isText = false;
    } else if (code === 0x22) isText = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > contentDepthMax) throw wrongShape(`content has at most ${contentDepthMax} levels`);
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}

function secondsOf(text: unknown): number {
  const milliseconds = typeof text === 'string' && instantPattern.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw wrongShape('content says when it ends');
  return Math.floor(milliseconds / 1000);
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongShape(message: string): ProtocolError {
  return new ProtocolError('wrong-shape', message);
}
