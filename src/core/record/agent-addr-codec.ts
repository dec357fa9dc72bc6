/**
 * The bytes of an AgentAddr (§2). Decides layout and what a record alone can break; no signature, no clock.
 *
 * | offset | bytes | what                                                                          |
 * |--------|-------|-------------------------------------------------------------------------------|
 * | 0      | 1     | version (2 bits, 1), pointer kinds: primary, private, adaptive (2 bits each)  |
 * | 1      | 1     | epoch                                                                         |
 * | 2      | 1     | slot, 0..7                                                                    |
 * | 3      | 1     | ttl code (high 4 bits), validity code (low 4 bits)                            |
 * | 4      | 4     | iat, u32 big-endian seconds                                                   |
 * | 8      | 0..48 | pointers in field order: nothing, 16, the rest, 16 bytes by kind              |
 * | end-64 | 64    | Ed25519 signature                                                             |
 *
 * Kinds: 0 none, 1 digest, 2 inline (only as the last that is present: it takes the rest), 3 blinded (private only).
 */
import { concatBytes, utf8ToBytes } from '../bytes.ts';
import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { digest16, domain } from '../hash.ts';
import {
  addrBytesMax,
  addrHeaderBytes,
  addrPointersBytesMax,
  digest16Bytes,
  signatureBytes,
  slotMax,
} from '../limits.ts';
import type { AgentAddr, AgentAddrDraft } from './agent-addr.ts';
import { durationCodeMax } from './durations.ts';
import { type PointerField, pointerFields } from './field.ts';
import { noPointer, type Pointer, type Pointers } from './pointer.ts';
import { assertUrl } from './url.ts';

const addrVersion = 1;
const pointerKinds = ['none', 'digest', 'inline', 'blinded'] as const;

/** The bytes before the signature. Throws `bad-argument`, or `bad-url` for an inline URL that is not allowed. */
export function encodeAgentAddrBody(draft: AgentAddrDraft): Uint8Array {
  assertDraft(draft);
  const kindBits = pointerFields.reduce(
    (bits, field) => (bits << 2) | kindNumber(draft.pointers[field]),
    addrVersion,
  );
  const header = new Uint8Array(addrHeaderBytes);
  header.set([kindBits, draft.epoch, draft.slot, (draft.ttlCode << 4) | draft.validityCode]);
  new DataView(header.buffer).setUint32(4, draft.issuedAt);
  return concatBytes(header, ...pointerFields.map((field) => pointerBytes(draft.pointers[field])));
}

/** The whole record: body and signature. */
export function encodeAgentAddr(addr: AgentAddr): Uint8Array {
  return addr.bytes;
}

/**
 * The record in these bytes, which it keeps.
 * @throws ProtocolError `too-large`, `wrong-version`, `wrong-shape`, `bad-url`.
 */
export function decodeAgentAddr(bytes: Uint8Array): AgentAddr {
  if (bytes.length > addrBytesMax) {
    const sizes = { sizeBytes: bytes.length, sizeBytesMax: addrBytesMax };
    throw new ProtocolError('too-large', `an AgentAddr has at most ${addrBytesMax} bytes`, sizes);
  }
  if (bytes.length < addrHeaderBytes + signatureBytes) {
    throw new ProtocolError('wrong-shape', 'an AgentAddr has at least a header and a signature', {
      sizeBytes: bytes.length,
    });
  }
  const [kinds, epoch, slot, durations] = bytes as unknown as readonly [number, number, number, number];
  if (kinds >> 6 !== addrVersion) {
    throw new ProtocolError('wrong-version', `AgentAddr version ${kinds >> 6} is not known here`, {
      version: kinds >> 6,
    });
  }
  if (slot > slotMax) throw new ProtocolError('wrong-shape', `slot: expected 0..${slotMax}`, { slot });
  const bodyLength = bytes.length - signatureBytes;
  return {
    epoch,
    slot,
    ttlCode: durations >> 4,
    validityCode: durations & 15,
    issuedAt: new DataView(bytes.buffer, bytes.byteOffset).getUint32(4),
    pointers: decodePointers(kinds, bytes.subarray(addrHeaderBytes, bodyLength)),
    signature: bytes.subarray(bodyLength),
    bytes,
    digest16: fenceDigest(bytes),
  };
}

/** Puts a draft, its encoding and a signature together. */
export function createAgentAddr(draft: AgentAddrDraft, body: Uint8Array, signature: Uint8Array): AgentAddr {
  const bytes = concatBytes(body, signature);
  const { epoch, slot, ttlCode, validityCode, issuedAt, pointers } = draft;
  return {
    ...{ epoch, slot, ttlCode, validityCode, issuedAt, pointers },
    signature: bytes.subarray(body.length),
    bytes,
    digest16: fenceDigest(bytes),
  };
}

function fenceDigest(bytes: Uint8Array): Uint8Array {
  return digest16(domain('weft/fence/1'), bytes);
}

function decodePointers(kinds: number, bytes: Uint8Array): Pointers {
  const pointers: Record<PointerField, Pointer> = {
    primary: noPointer,
    private: noPointer,
    adaptive: noPointer,
  };
  let offset = 0;
  for (const [index, field] of pointerFields.entries()) {
    const kind = pointerKinds[(kinds >> (4 - 2 * index)) & 3]!;
    if (kind === 'none') continue;
    const rest = bytes.subarray(offset);
    pointers[field] = decodePointer(kind, rest);
    offset += kind === 'inline' ? rest.length : digest16Bytes;
  }
  assertPointers(pointers, 'wrong-shape');
  if (offset !== bytes.length) {
    throw new ProtocolError('wrong-shape', 'pointers: their length does not fit their kinds', {
      sizeBytes: bytes.length,
    });
  }
  return pointers;
}

function decodePointer(kind: 'digest' | 'inline' | 'blinded', bytes: Uint8Array): Pointer {
  if (kind === 'inline') return { kind, url: asciiText(bytes) };
  if (bytes.length < digest16Bytes)
    throw new ProtocolError('wrong-shape', 'pointers: a digest of 16 bytes is cut short');
  return { kind, digest: bytes.subarray(0, digest16Bytes) };
}

/** A byte over 0x7f becomes a character that no URL may hold, and is refused with the URL. */
function asciiText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function kindNumber(pointer: Pointer): number {
  return pointerKinds.indexOf(pointer.kind);
}

function pointerBytes(pointer: Pointer): Uint8Array {
  switch (pointer.kind) {
    case 'none':
      return new Uint8Array();
    case 'inline':
      return utf8ToBytes(pointer.url);
    case 'digest':
    case 'blinded':
      return pointer.digest;
  }
}

/** The rules that one record's pointers keep among themselves. */
function assertPointers(pointers: Pointers, code: ProtocolErrorCode): void {
  if (pointers.primary.kind === 'blinded' || pointers.adaptive.kind === 'blinded') {
    throw new ProtocolError(code, 'pointers: only the private facts can be blinded');
  }
  const present = pointerFields.map((field) => pointers[field]).filter((pointer) => pointer.kind !== 'none');
  if (present.slice(0, -1).some((pointer) => pointer.kind === 'inline')) {
    throw new ProtocolError(code, 'pointers: an inline URL is the last pointer');
  }
  for (const pointer of present) if (pointer.kind === 'inline') assertUrl(pointer.url, 'inline pointer');
}

function assertDraft(draft: AgentAddrDraft): void {
  assertWithin(draft.epoch, 'epoch', 255);
  assertWithin(draft.slot, 'slot', slotMax);
  assertWithin(draft.ttlCode, 'ttl code', durationCodeMax);
  assertWithin(draft.validityCode, 'validity code', durationCodeMax);
  assertWithin(draft.issuedAt, 'iat', 0xffff_ffff);
  assertPointers(draft.pointers, 'bad-argument');
  let sizeBytes = 0;
  for (const field of pointerFields) {
    const pointer = draft.pointers[field];
    const length = pointerBytes(pointer).length;
    if ((pointer.kind === 'digest' || pointer.kind === 'blinded') && length !== digest16Bytes) {
      throw new ProtocolError('bad-argument', `${field}: a digest has ${digest16Bytes} bytes`, {
        sizeBytes: length,
      });
    }
    sizeBytes += length;
  }
  if (sizeBytes > addrPointersBytesMax) {
    const message = `pointers: at most ${addrPointersBytesMax} bytes; point to long URLs by digest`;
    throw new ProtocolError('bad-argument', message, { sizeBytes });
  }
}

function assertWithin(value: number, name: string, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new ProtocolError('bad-argument', `${name}: a whole number in 0..${max}`, { value });
}
