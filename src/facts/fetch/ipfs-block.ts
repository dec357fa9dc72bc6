/**
 * One block of IPFS through a gateway that is not trusted: asked for as raw bytes, and believed only when they have the
 * hash of the CID. Decides which CIDs are taken: SHA-256, raw bytes or a file of UnixFS that is one block.
 * Source: Trustless Gateway Specification (`?format=raw`); UnixFS; DAG-PB.
 */
import { CID } from 'multiformats/cid';
import { bytesEqual } from '../../core/bytes.ts';
import { digest } from '../../core/hash.ts';
import { FactsError } from '../facts-error.ts';
import { factsBytesMax } from '../facts-limits.ts';
import { type FetchRules, guardedFetch } from './guarded-fetch.ts';

const rawCode = 0x55;
const dagPbCode = 0x70;
const sha256Code = 0x12;
/** What UnixFS and DAG-PB put around a file of one block. */
const envelopeBytesMax = 64;
const lengthDelimited = 2;

export interface IpfsBlock {
  readonly bytes: Uint8Array;
  /** Where it came from. */
  readonly servedFrom: string;
}

/** True for a URL of IPFS. */
export function isIpfsUrl(url: string): boolean {
  return url.startsWith('ipfs://');
}

/**
 * The file behind `ipfs://<cid>`.
 * @param gateway its URL, such as `https://gateway.example`
 * @throws FactsError `bad-url`, `bad-answer`, and what guardedFetch throws
 */
export async function fetchIpfsBlock(
  url: string,
  gateway: string,
  rules: Omit<FetchRules, 'accept' | 'bytesMax'>,
): Promise<IpfsBlock> {
  const cid = cidOf(url);
  const place = `${gateway.replace(/\/+$/, '')}/ipfs/${cid}?format=raw`;
  const fetched = await guardedFetch(place, {
    ...rules,
    accept: 'application/vnd.ipld.raw',
    bytesMax: factsBytesMax + envelopeBytesMax,
  });
  if (!bytesEqual(digest(fetched.bytes), cid.multihash.digest))
    throw new FactsError('bad-answer', 'the gateway answered other bytes than those of the CID');
  const bytes = cid.code === rawCode ? fetched.bytes : fileOf(fetched.bytes);
  return { bytes, servedFrom: fetched.url };
}

/** @throws FactsError `bad-url` */
function cidOf(url: string): CID {
  const text = url.slice('ipfs://'.length);
  let cid: CID;
  try {
    cid = CID.parse(text);
  } catch {
    throw new FactsError('bad-url', 'behind ipfs:// stands one CID, without a path');
  }
  const isTaken = (cid.code === rawCode || cid.code === dagPbCode) && cid.multihash.code === sha256Code;
  if (isTaken && cid.multihash.digest.length === 32) return cid;
  throw new FactsError('bad-url', 'CIDs of SHA-256 are taken, of raw bytes or of a file in one block');
}

/** The bytes of a UnixFS file that is one block. @throws FactsError `bad-answer` */
function fileOf(block: Uint8Array): Uint8Array {
  const node = fieldsOf(block);
  const [unixFs, ...moreData] = node.filter(({ field }) => field === 1);
  const isLeaf = unixFs?.bytes !== undefined && moreData.length === 0 && node.length === 1;
  if (!isLeaf) throw notOneFile();
  const file = fieldsOf(unixFs.bytes!);
  const type = file.find(({ field }) => field === 1)?.value;
  const data = file.find(({ field }) => field === 2)?.bytes;
  // 0 raw, 2 file; whoever lists block sizes has more blocks.
  if ((type !== 0 && type !== 2) || data === undefined || file.some(({ field }) => field === 4))
    throw notOneFile();
  return data;
}

interface ProtobufField {
  readonly field: number;
  readonly value?: number;
  readonly bytes?: Uint8Array;
}

/** Varints and byte strings, which is all that DAG-PB and UnixFS have. @throws FactsError `bad-answer` */
function fieldsOf(bytes: Uint8Array): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[offset++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw notOneFile();
  };
  while (offset < bytes.length) {
    const tag = varint();
    const value = varint();
    if ((tag & 7) === 0) fields.push({ field: tag >>> 3, value });
    else if ((tag & 7) === lengthDelimited && offset + value <= bytes.length) {
      fields.push({ field: tag >>> 3, bytes: bytes.subarray(offset, offset + value) });
      offset += value;
    } else throw notOneFile();
  }
  return fields;
}

function notOneFile(): FactsError {
  return new FactsError('bad-answer', 'the block is no file, or not all of one');
}
