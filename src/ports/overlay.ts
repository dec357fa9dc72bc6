/** Other peers: who they are, and one request with one answer over a warm stream. */

/** A peer as the core names it: its libp2p id in text, with the addresses that are known. */
export interface PeerAddress {
  readonly peer: string;
  /** Multiaddrs in text, without the /p2p suffix; at most 8. */
  readonly addresses: readonly string[];
}

/** `busy`: more is queued for that peer than its connection takes; `unsupported`: it does not speak the protocol. */
export type RequestFailure = 'unreachable' | 'timeout' | 'closed' | 'unsupported' | 'too-large' | 'busy';

/** Rejection of `request`. */
export class OverlayError extends Error {
  readonly code: RequestFailure;

  constructor(code: RequestFailure, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'OverlayError';
    this.code = code;
  }
}

export interface OverlayHandlers {
  /** A peer that speaks the record protocol as a full node is known and routable (connected, or in the routing table). */
  peerAdded(peer: PeerAddress): void;
  peerRemoved(peer: string): void;
  /** A connection opened (also by a client-mode peer). */
  peerConnected(peer: string): void;
  peerDisconnected(peer: string): void;
  /** One request; the promise's value goes back to the asker. Never rejects. */
  requestReceived(peer: string, body: Uint8Array): Promise<Uint8Array>;
  /** A one-way message (a pushed change). */
  pushReceived(peer: string, body: Uint8Array): void;
}

export interface Overlay {
  readonly self: PeerAddress;
  start(handlers: OverlayHandlers): Promise<void>;
  /**
   * Sends over a pooled warm stream, dialling if needed (`addresses` are tried with what is known).
   * @throws OverlayError
   */
  request(
    to: PeerAddress,
    body: Uint8Array,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
  /** Connects to that peer when its turn comes; who it is, `peerAdded` says. Best effort. */
  meet(to: PeerAddress): void;
  /** Best effort, only over an open connection. */
  push(peer: string, body: Uint8Array): void;
  stop(): Promise<void>;
}
