/**
 * The asking side of the record protocol: one warm outbound stream per peer, opened at the first request and again
 * after it was lost, many requests in flight on it, each with a timeout of its own.
 */
import type { Stream } from '@libp2p/interface';
import { frameBytesMax } from '../../core/limits.ts';
import { OverlayError, type PeerAddress } from '../../ports/overlay.ts';
import { type Frame, pushKind, requestKind, responseKind } from './frame.ts';
import { createRecordChannel, type RecordChannel } from './record-channel.ts';

/** Requests that one peer leaves unread, or that wait for a stream to it: many usual ones, or some of the largest. */
const queuedBytesMax = 8 * frameBytesMax;
/** Weight of the newest round trip in the moving average. */
const latencyWeight = 0.2;
/** Requests that wait for one stream; beyond this they are refused at once. */
const requestsPerPeerMax = 4096;
/** Timeouts in a row, with no frame between them, after which the connection itself is in doubt. */
const timeoutsBeforeDoubt = 3;
/** Answers to nothing that was asked, beyond those that only came too late, after which a stream is ended. */
const unaskedAnswersMax = 16;

export interface RecordClientOptions {
  /**
   * A new outbound stream, dialling if needed; where the other side does not serve the protocol it ends with libp2p's
   * `UnsupportedProtocolError`. @throws OverlayError `unreachable`
   */
  openStream(to: PeerAddress): Promise<Stream>;
  pushReceived(peer: string, body: Uint8Array): void;
  /** Requests to this peer time out: its connection may be dead without having said so. */
  connectionDoubted(peer: string): void;
}

export interface RecordClient {
  /** @throws OverlayError */
  request(
    to: PeerAddress,
    body: Uint8Array,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
  /** False when no stream to that peer is open. */
  push(peer: string, body: Uint8Array): boolean;
  /** Moving average of round trips; null before the first. */
  latencyMs(peer: string): number | null;
  /** Forgets a peer that has no connection any more; open requests fail with `closed`. */
  drop(peer: string): void;
  close(): void;
}

interface PendingRequest {
  readonly body: Uint8Array;
  sentAtMs: number | null;
  settle(answer: Uint8Array | OverlayError): void;
}

/** Everything about one peer; gone with its connection and its last request. */
interface Link {
  readonly peer: string;
  channel: RecordChannel | null;
  isOpening: boolean;
  lastId: number;
  latencyMs: number | null;
  timeoutsInRow: number;
  waitingBytes: number;
  /** Requests given up on whose answer may still come. */
  lateAnswers: number;
  unaskedAnswers: number;
  readonly pending: Map<number, PendingRequest>;
}

export function createRecordClient(options: RecordClientOptions): RecordClient {
  const links = new Map<string, Link>();
  let isClosed = false;

  function linkTo(peer: string): Link {
    let link = links.get(peer);
    if (link === undefined) {
      link = {
        peer,
        channel: null,
        isOpening: false,
        lastId: 0,
        latencyMs: null,
        timeoutsInRow: 0,
        waitingBytes: 0,
        lateAnswers: 0,
        unaskedAnswers: 0,
        pending: new Map(),
      };
      links.set(peer, link);
    }
    return link;
  }

  function openChannel(link: Link, to: PeerAddress): void {
    link.isOpening = true;
    options.openStream(to).then(
      (stream) => {
        link.isOpening = false;
        if (isClosed) {
          stream.abort(new Error('the host is stopping'));
          return;
        }
        const channel = createRecordChannel(stream, queuedBytesMax, {
          frameReceived: (frame) => frameReceived(link, frame),
          closed: (error) => channelClosed(link, channel, error),
        });
        link.channel = channel;
        for (const [id, request] of link.pending) send(link, id, request);
      },
      (error: unknown) => {
        link.isOpening = false;
        failAll(link, asOverlayError(error));
        if (link.pending.size === 0) links.delete(link.peer);
      },
    );
  }

  function send(link: Link, id: number, request: PendingRequest): void {
    if (request.sentAtMs !== null) return;
    request.sentAtMs = performance.now();
    link.waitingBytes -= request.body.length;
    if (link.channel?.send(id, requestKind, request.body)) return;
    request.settle(new OverlayError('busy', 'too much is queued for that peer already'));
  }

  function frameReceived(link: Link, frame: Frame): boolean {
    link.timeoutsInRow = 0;
    if (frame.kind === pushKind) {
      options.pushReceived(link.peer, frame.body);
    } else if (frame.kind === responseKind) {
      const request = link.pending.get(frame.id);
      if (request?.sentAtMs != null) {
        noteRoundTrip(link, performance.now() - request.sentAtMs);
        request.settle(frame.body);
      } else return isExcused(link);
    } else {
      link.channel?.abort(new Error('a request on a stream that is for responses'));
    }
    return true;
  }

  /** An answer may come too late; a flood of them is something else. */
  function isExcused(link: Link): boolean {
    if (link.lateAnswers > 0) link.lateAnswers--;
    else if (++link.unaskedAnswers > unaskedAnswersMax) {
      link.channel?.abort(new Error('answers that nobody asked for'));
      return false;
    }
    return true;
  }

  function channelClosed(link: Link, channel: RecordChannel, error: Error | null): void {
    if (link.channel !== channel) return;
    link.channel = null;
    link.lateAnswers = 0;
    link.unaskedAnswers = 0;
    const failure =
      error?.name === 'UnsupportedProtocolError'
        ? new OverlayError('unsupported', 'that peer does not serve the record protocol', { cause: error })
        : new OverlayError('closed', 'the stream ended before the answer');
    failAll(link, failure);
  }

  function failAll(link: Link, error: OverlayError): void {
    for (const request of [...link.pending.values()]) request.settle(error);
  }

  function request(
    to: PeerAddress,
    body: Uint8Array,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Uint8Array> {
    const link = linkTo(to.peer);
    const refusal = refuse(link, body, signal);
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      link.lastId = (link.lastId + 1) >>> 0;
      const id = link.lastId;
      const onAbort = (): void => pending.settle(new OverlayError('closed', 'the caller gave up'));
      const timer = setTimeout(() => {
        pending.settle(new OverlayError('timeout', `no answer within ${timeoutMs} ms`));
        noteTimeout(link);
      }, timeoutMs);
      const pending: PendingRequest = {
        body,
        sentAtMs: null,
        settle(answer) {
          if (!link.pending.delete(id)) return;
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          if (pending.sentAtMs === null) link.waitingBytes -= body.length;
          else if (answer instanceof OverlayError) link.lateAnswers++;
          if (answer instanceof OverlayError) reject(answer);
          else resolve(answer);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      link.pending.set(id, pending);
      link.waitingBytes += body.length;
      if (link.channel !== null) send(link, id, pending);
      else if (!link.isOpening) openChannel(link, to);
    });
  }

  function refuse(link: Link, body: Uint8Array, signal: AbortSignal | undefined): OverlayError | null {
    if (isClosed) return new OverlayError('closed', 'the host is stopping');
    if (signal?.aborted) return new OverlayError('closed', 'the caller gave up');
    if (body.length > frameBytesMax) {
      return new OverlayError('too-large', `a body of ${body.length} bytes; at most ${frameBytesMax} travel`);
    }
    if (link.pending.size >= requestsPerPeerMax || link.waitingBytes + body.length > queuedBytesMax) {
      return new OverlayError('busy', 'too much is queued for that peer already');
    }
    return null;
  }

  function noteRoundTrip(link: Link, roundTripMs: number): void {
    const before = link.latencyMs ?? roundTripMs;
    link.latencyMs = before + latencyWeight * (roundTripMs - before);
  }

  function noteTimeout(link: Link): void {
    if (link.channel === null || ++link.timeoutsInRow < timeoutsBeforeDoubt) return;
    link.timeoutsInRow = 0;
    options.connectionDoubted(link.peer);
  }

  function drop(peer: string): void {
    const link = links.get(peer);
    if (link === undefined) return;
    link.channel?.close();
    if (link.pending.size === 0 && !link.isOpening) links.delete(peer);
  }

  return {
    request,
    push: (peer, body) => links.get(peer)?.channel?.send(0, pushKind, body) ?? false,
    latencyMs: (peer) => links.get(peer)?.latencyMs ?? null,
    drop,
    close() {
      isClosed = true;
      for (const link of links.values()) {
        link.channel?.close();
        failAll(link, new OverlayError('closed', 'the host is stopping'));
      }
      links.clear();
    },
  };
}

function asOverlayError(error: unknown): OverlayError {
  if (error instanceof OverlayError) return error;
  return new OverlayError('unreachable', 'no stream to that peer could be opened', { cause: error });
}
