/**
 * The answering side of the record protocol: streams that others opened. Requests in flight are bounded per stream;
 * a peer that does not read its answers is not read from either.
 */
import type { Stream } from '@libp2p/interface';
import { frameBytesMax } from '../../core/limits.ts';
import { type Frame, FrameError, type FrameErrorCode, pushKind, requestKind, responseKind } from './frame.ts';
import { createRecordChannel, type RecordChannel } from './record-channel.ts';

/** Requests of one stream that are being answered; the rest waits in its own stream. */
export const requestsInFlightMax = 256;
/** And their bodies together; the last one may go beyond. */
const bytesInFlightMax = 8 * frameBytesMax;
/** Unread answers beyond which no further request of that stream is taken. */
const unreadBytesMax = frameBytesMax;
/** Answers that one stream may leave unread before it is ended: what is in flight at `unreadBytesMax` still fits. */
const queuedBytesMax = 32 * frameBytesMax;
/** A peer needs one stream; the others are for the moment in which it replaces a lost one. */
export const streamsPerConnectionMax = 4;

export interface RecordServerOptions {
  /** One request; the promise's value goes back. A rejection ends the stream. */
  requestReceived(peer: string, body: Uint8Array): Promise<Uint8Array>;
  pushReceived(peer: string, body: Uint8Array): void;
  /** A stream ended because what it carried is no frame of this protocol. */
  frameRefused(code: FrameErrorCode): void;
}

export interface RecordServer {
  /** Takes over an inbound stream, in the turn in which it arrives. */
  accept(peer: string, stream: Stream): void;
  /** Over the newest stream that this peer opened; false when there is none. */
  push(peer: string, body: Uint8Array): boolean;
  close(): void;
}

export function createRecordServer(options: RecordServerOptions): RecordServer {
  /** Bounded by open connections times `streamsPerConnectionMax`; the newest last. */
  const channelsByPeer = new Map<string, RecordChannel[]>();

  function accept(peer: string, stream: Stream): void {
    let inFlight = 0;
    let bytesInFlight = 0;
    const channel = createRecordChannel(stream, queuedBytesMax, { frameReceived, drained, closed });
    channelsByPeer.set(peer, [...(channelsByPeer.get(peer) ?? []), channel]);

    function mayTakeMore(): boolean {
      return (
        inFlight < requestsInFlightMax &&
        bytesInFlight < bytesInFlightMax &&
        channel.queuedBytes < unreadBytesMax
      );
    }

    function frameReceived(frame: Frame): boolean {
      if (frame.kind === pushKind) options.pushReceived(peer, frame.body);
      else if (frame.kind === requestKind) answer(frame);
      else channel.abort(new FrameError('wrong-shape', 'a response on a stream that is for requests'));
      return mayTakeMore();
    }

    function answer({ id, body }: Frame): void {
      inFlight++;
      bytesInFlight += body.length;
      options.requestReceived(peer, body).then(
        (response) => {
          inFlight--;
          bytesInFlight -= body.length;
          if (!channel.isOpen) return;
          if (response.length > frameBytesMax) channel.abort(new Error('an answer over 1 MiB'));
          else if (!channel.send(id, responseKind, response)) {
            channel.abort(new Error('the peer does not read its answers'));
          } else if (mayTakeMore()) channel.resume();
        },
        (error: unknown) => channel.abort(error instanceof Error ? error : new Error(String(error))),
      );
    }

    function drained(): void {
      if (mayTakeMore()) channel.resume();
    }

    function closed(error: Error | null): void {
      if (error instanceof FrameError) options.frameRefused(error.code);
      const others = (channelsByPeer.get(peer) ?? []).filter((other) => other !== channel);
      if (others.length === 0) channelsByPeer.delete(peer);
      else channelsByPeer.set(peer, others);
    }
  }

  return {
    accept,
    push: (peer, body) => channelsByPeer.get(peer)?.at(-1)?.send(0, pushKind, body) ?? false,
    close() {
      for (const channels of [...channelsByPeer.values()]) for (const channel of channels) channel.close();
    },
  };
}
