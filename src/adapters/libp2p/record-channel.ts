/**
 * Frames over one libp2p stream: whole frames out of it, many small frames into one write, a bounded queue when the
 * other side does not read. Nothing that a stream does leaves this file as an exception.
 */
import type { Stream } from '@libp2p/interface';
import { createFrameReader, encodeFrameHead, type Frame, type FrameKind } from './frame.ts';

/** One write: about one noise message and one yamux frame. Larger bodies go alone. */
const writeBytesMax = 64 * 1024;

export interface ChannelHandlers {
  /** A whole frame. False: take no more until `resume`. */
  frameReceived(frame: Frame): boolean;
  /** Nothing is queued any more. */
  drained?(): void;
  /** Exactly once, when the stream is of no more use; with the error that ended it, if one did. */
  closed(error: Error | null): void;
}

export interface RecordChannel {
  readonly isOpen: boolean;
  /** Bytes that wait here and in the stream for the other side. */
  readonly queuedBytes: number;
  /** Queues a frame; false when the channel is closed or too much is queued already. */
  send(id: number, kind: FrameKind, body: Uint8Array): boolean;
  /** Goes on with frames after `frameReceived` said no. */
  resume(): void;
  /** Writes what can be written at once, then closes this side. */
  close(): void;
  abort(error: Error): void;
}

/**
 * Takes over the stream; call it in the turn in which the stream was handed out. `queuedBytesMax` bounds what the
 * other side may leave unread.
 */
export function createRecordChannel(
  stream: Stream,
  queuedBytesMax: number,
  handlers: ChannelHandlers,
): RecordChannel {
  const reader = createFrameReader();
  let parts: Uint8Array[] = [];
  let partsBytes = 0;
  let isFlushSet = false;
  let isHeld = false;
  let isReading = false;
  let isOpen = true;

  function finish(error: Error | null): void {
    if (!isOpen) return;
    isOpen = false;
    parts = [];
    partsBytes = 0;
    handlers.closed(error);
  }

  function abort(error: Error): void {
    finish(error);
    stream.abort(error);
  }

  /** The first frame of a turn sets the flush; those of the same turn and of its promises join it. */
  function send(id: number, kind: FrameKind, body: Uint8Array): boolean {
    if (!isOpen || partsBytes + stream.writeBufferLength + body.length > queuedBytesMax) return false;
    const head = encodeFrameHead(id, kind, body.length);
    parts.push(head, body);
    partsBytes += head.length + body.length;
    if (!isFlushSet) {
      isFlushSet = true;
      afterPromises(flush);
    }
    return true;
  }

  function flush(): void {
    isFlushSet = false;
    guard(() => {
      while (isOpen && partsBytes > 0 && !stream.writableNeedsDrain) stream.send(takeWrite());
    });
  }

  function takeWrite(): Uint8Array {
    let count = 0;
    let bytes = 0;
    for (const part of parts) {
      if (count > 0 && bytes + part.length > writeBytesMax) break;
      count++;
      bytes += part.length;
    }
    const taken = count === parts.length ? parts : parts.splice(0, count);
    if (taken === parts) parts = [];
    partsBytes -= bytes;
    if (count === 1) return taken[0]!;
    const write = new Uint8Array(bytes);
    let offset = 0;
    for (const part of taken) {
      write.set(part, offset);
      offset += part.length;
    }
    return write;
  }

  function readFrames(): void {
    if (isReading) return;
    isReading = true;
    try {
      while (isOpen && !isHeld) {
        const frame = reader.next();
        if (frame === null) break;
        if (!handlers.frameReceived(frame)) isHeld = true;
      }
    } finally {
      isReading = false;
    }
    if (isHeld && isOpen && stream.readStatus === 'readable') stream.pause();
  }

  function resume(): void {
    if (!isHeld || !isOpen) return;
    isHeld = false;
    guard(() => {
      readFrames();
      if (!isHeld && stream.readStatus === 'paused') stream.resume();
    });
  }

  /** A listener that throws would take the process with it. */
  function guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function close(): void {
    flush();
    finish(null);
    stream.close({ signal: AbortSignal.timeout(1000) }).catch((error: unknown) => {
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    });
  }

  stream.addEventListener('message', ({ data }) => {
    guard(() => {
      if (data instanceof Uint8Array) reader.push(data);
      else for (const chunk of data) reader.push(chunk);
      readFrames();
    });
  });
  stream.addEventListener('drain', flush);
  stream.addEventListener('idle', () => {
    if (isOpen && partsBytes === 0) guard(() => handlers.drained?.());
  });
  stream.addEventListener('remoteCloseWrite', close);
  stream.addEventListener('close', ({ error }) => finish(error ?? null));

  return {
    get isOpen() {
      return isOpen;
    },
    get queuedBytes() {
      return partsBytes + stream.writeBufferLength;
    },
    send,
    resume,
    close,
    abort,
  };
}

/** Runs when the promises that are settled by now have had their turn: what they send travels in the same write. */
const afterPromises: (callback: () => void) => void =
  typeof globalThis.process?.nextTick === 'function'
    ? (callback) => queueMicrotask(() => globalThis.process.nextTick(callback))
    : (callback) => queueMicrotask(() => queueMicrotask(callback));
