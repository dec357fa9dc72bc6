/**
 * libp2p's length-prefixed decoder without its exception per chunk: the stock one learns that a chunk is used up from a
 * RangeError, whose stack trace costs more than the decryption of a small message. noise decodes every read with it.
 */
import { InvalidMessageLengthError, LengthPrefixedDecoder } from '@libp2p/utils';

type ByteList = Exclude<Parameters<LengthPrefixedDecoder['decode']>[0], Uint8Array>;

/** The parts of @libp2p/utils 7's decoder that this replaces its method over; the contract tests hold them. */
interface DecoderParts {
  readonly buffer: ByteList;
  readonly maxBufferSize: number;
  readonly maxDataLength: number;
  readonly lengthDecoder: (bytes: ByteList) => number;
  readonly encodingLength: (length: number) => number;
}

/** Process-wide and idempotent; what is decoded stays the same. */
export function quietDecoder(): void {
  LengthPrefixedDecoder.prototype.decode = takeMessages as LengthPrefixedDecoder['decode'];
}

function* takeMessages(this: DecoderParts, chunk: Uint8Array | ByteList): Generator<ByteList> {
  const { buffer } = this;
  buffer.append(chunk);
  if (buffer.byteLength > this.maxBufferSize) {
    throw new InvalidMessageLengthError(`${buffer.byteLength} bytes wait, at most ${this.maxBufferSize} may`);
  }
  for (let length = nextLength(this); length !== null; length = nextLength(this)) {
    const start = this.encodingLength(length);
    if (buffer.byteLength < start + length) return;
    const message = buffer.sublist(start, start + length);
    buffer.consume(start + length);
    if (message.byteLength > 0) yield message;
  }
}

/** Null when the prefix is not there as a whole. */
function nextLength(decoder: DecoderParts): number | null {
  if (decoder.buffer.byteLength === 0) return null;
  let length: number;
  try {
    length = decoder.lengthDecoder(decoder.buffer);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  if (length >= 0 && length <= decoder.maxDataLength) return length;
  throw new InvalidMessageLengthError(
    `a message of ${length} bytes, at most ${decoder.maxDataLength} are allowed`,
  );
}
