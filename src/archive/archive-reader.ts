/**
 * Reads an archive that may come from anywhere: bounded (one item and one chunk in memory), and never trusted: the
 * bundles are handed out as they stand, for a door that verifies them.
 */
import { createHash } from 'node:crypto';
import { decodeCanonical } from '../core/cbor.ts';
import { ProtocolError } from '../core/errors.ts';
import { bundleBytesMax } from '../core/limits.ts';
import { readArray, readBytes, readInteger, readSeconds, readText } from '../core/shape.ts';
import { ArchiveError } from './archive-error.ts';
import { archiveName, archiveVersion, frameItemBytesMax, trailerName } from './archive-format.ts';

export interface Archive {
  /** When it was begun, by the clock of who wrote it. */
  readonly createdAtSeconds: number;
  /**
   * The bundles as they come, in batches; to be read once.
   * @throws ArchiveError `truncated`, `damaged-archive`, after everything before the fault was handed out.
   */
  bundles(): AsyncGenerator<readonly Uint8Array[], void, undefined>;
}

interface Item {
  readonly content: Uint8Array;
  /** With its head, as it stands in the file. */
  readonly raw: Uint8Array;
}

const hashBytes = 32;
/** `["end", ...` as it begins: no bundle does. */
const trailerStart = Uint8Array.of(0x83, 0x63, ...new TextEncoder().encode(trailerName));

/**
 * Reads the header.
 * @throws ArchiveError `not-an-archive`, `wrong-archive-version`, and what the source throws.
 */
export async function openArchive(source: AsyncIterable<Uint8Array>): Promise<Archive> {
  const splitter = createSplitter(source);
  const hash = createHash('sha256');
  const first = await splitter.first();
  const createdAtSeconds = readHeader(first.content);
  hash.update(first.raw);

  async function* bundles(): AsyncGenerator<readonly Uint8Array[], void, undefined> {
    let count = 0;
    let isComplete = false;
    for await (const items of splitter.rest()) {
      const batch: Uint8Array[] = [];
      for (const { content, raw } of items) {
        if (isComplete) throw splitter.damaged('there is something behind its end');
        if (isTrailer(content)) {
          if (batch.length > 0) yield batch.splice(0);
          assertTrailer(content, count, hash.digest(), splitter.damaged);
          isComplete = true;
          continue;
        }
        hash.update(raw);
        batch.push(content);
        count++;
      }
      if (batch.length > 0) yield batch;
    }
    if (splitter.fault !== null) throw splitter.fault;
    if (isComplete && !splitter.hasRemainder()) return;
    if (isComplete) throw splitter.damaged('there is something behind its end');
    throw new ArchiveError('truncated', `it ends after ${count} bundles, before its end mark`, {
      bundles: count,
    });
  }

  return { createdAtSeconds, bundles };
}

interface Splitter {
  /** @throws ArchiveError `not-an-archive` */
  first(): Promise<Item>;
  /** The items behind it, as many at a time as a chunk of the source completes; ends at a fault, which is kept. */
  rest(): AsyncGenerator<readonly Item[], void, undefined>;
  readonly fault: ArchiveError | null;
  hasRemainder(): boolean;
  damaged(what: string): ArchiveError;
}

function createSplitter(source: AsyncIterable<Uint8Array>): Splitter {
  const chunks = source[Symbol.asyncIterator]();
  let buffer: Uint8Array = new Uint8Array(0);
  /** Of the buffer's first byte in the file. */
  let offset = 0;
  let fault: ArchiveError | null = null;

  const damaged = (what: string): ArchiveError =>
    new ArchiveError('damaged-archive', `${what} (near byte ${offset})`, { offset });

  async function more(): Promise<boolean> {
    const { value, done } = await chunks.next();
    if (done === true) return false;
    buffer = buffer.length === 0 ? value : Buffer.concat([buffer, value]);
    return true;
  }

  /** Null when it is not all there yet. @throws ArchiveError `damaged-archive` */
  function next(): Item | null {
    const head = readHead(buffer);
    if (head === null) return null;
    if (head === 'wrong') throw damaged('what stands there is no bundle');
    const end = head.headBytes + head.contentBytes;
    if (buffer.length < end) return null;
    // A copy: a bundle that is kept must not keep the whole chunk, and must be no Buffer, whose slice() is a view.
    const raw = new Uint8Array(buffer.subarray(0, end));
    buffer = buffer.subarray(end);
    offset += end;
    return { raw, content: raw.subarray(head.headBytes) };
  }

  function nextItems(): Item[] {
    const items: Item[] = [];
    try {
      for (let item = next(); item !== null; item = next()) items.push(item);
    } catch (error) {
      fault = error as ArchiveError;
    }
    return items;
  }

  return {
    async first() {
      for (;;) {
        const head = readHead(buffer);
        const isShort = head !== null && head !== 'wrong' && head.contentBytes <= frameItemBytesMax;
        if (head !== null && !isShort) throw notAnArchive();
        const item = next();
        if (item !== null) return item;
        if (!(await more())) throw notAnArchive();
      }
    },
    async *rest() {
      try {
        do {
          const items = nextItems();
          if (items.length > 0) yield items;
        } while (fault === null && (await more()));
      } finally {
        await chunks.return?.();
      }
    },
    get fault() {
      return fault;
    },
    hasRemainder: () => buffer.length > 0,
    damaged,
  };
}

/** The head of a byte string in its shortest form, at most 48 KiB; null when more bytes are needed to say. */
function readHead(bytes: Uint8Array): { headBytes: number; contentBytes: number } | 'wrong' | null {
  const [first, second, third] = bytes;
  if (first === undefined) return null;
  if (first >= 0x40 && first < 0x58) return { headBytes: 1, contentBytes: first - 0x40 };
  if (first === 0x58) {
    if (second === undefined) return null;
    return second < 24 ? 'wrong' : { headBytes: 2, contentBytes: second };
  }
  if (first !== 0x59) return 'wrong';
  if (second === undefined || third === undefined) return null;
  const contentBytes = second * 256 + third;
  return contentBytes < 256 || contentBytes > bundleBytesMax ? 'wrong' : { headBytes: 3, contentBytes };
}

function readHeader(content: Uint8Array): number {
  try {
    const [name, version, createdAt] = readArray(decodeCanonical(content, frameItemBytesMax), 'header', {
      max: 16,
    });
    if (readText(name, 'name', archiveName.length) !== archiveName) throw notAnArchive();
    if (readInteger(version, 'version', 0, 0xffff_ffff) === archiveVersion)
      return readSeconds(createdAt, 'created');
    throw new ArchiveError('wrong-archive-version', `it is an archive of version ${String(version)}`);
  } catch (error) {
    throw error instanceof ProtocolError ? notAnArchive() : error;
  }
}

function notAnArchive(): ArchiveError {
  return new ArchiveError('not-an-archive', 'it does not begin as an archive of weft does');
}

function isTrailer(content: Uint8Array): boolean {
  return content.length <= frameItemBytesMax && trailerStart.every((byte, index) => content[index] === byte);
}

function assertTrailer(
  content: Uint8Array,
  count: number,
  digest: Uint8Array,
  damaged: (what: string) => ArchiveError,
): void {
  try {
    const [, said, sum] = readArray(decodeCanonical(content, frameItemBytesMax), 'trailer', 3);
    const bundles = readInteger(said, 'count', 0, Number.MAX_SAFE_INTEGER);
    if (bundles !== count) throw damaged(`it says ${bundles} bundles and has ${count}`);
    if (!Buffer.from(readBytes(sum, 'digest', hashBytes)).equals(digest))
      throw damaged('its digest does not hold: it was changed after it was written');
  } catch (error) {
    throw error instanceof ProtocolError ? damaged('its end mark cannot be read') : error;
  }
}
