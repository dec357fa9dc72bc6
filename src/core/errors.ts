/**
 * The typed error of the core. A verdict on bytes from the network is a value of this type or its code,
 * never a crash: decoders throw it, `peer.handle` catches it and turns it into a response.
 */

/** Stable codes; each names the caller's situation. They travel on the wire in `refused` answers. */
export type ProtocolErrorCode =
  | 'too-large'
  | 'not-canonical'
  | 'wrong-shape'
  | 'wrong-version'
  | 'wrong-agent'
  | 'bad-key'
  | 'bad-signature'
  | 'bad-key-log'
  | 'forked'
  | 'tombstoned'
  | 'wrong-establishment'
  | 'from-the-future'
  | 'expired'
  | 'bad-side-car'
  | 'bad-url'
  | 'bad-delegation'
  | 'revoked'
  | 'bad-revocation'
  | 'bad-operation'
  | 'bad-tag'
  | 'bad-name'
  | 'stale-base'
  | 'displaced'
  | 'not-closest'
  | 'over-quota'
  | 'store-full'
  | 'store-failed'
  | 'busy'
  | 'no-usable-answers'
  | 'aborted'
  | 'bad-argument';

/** Thrown by decoders, validators and constructors of the core. `data` holds plain values that help the reader. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ProtocolErrorCode,
    message: string,
    data: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
    this.data = data;
  }
}

/** True for an error of the core with (if given) that code. */
export function isProtocolError(error: unknown, code?: ProtocolErrorCode): error is ProtocolError {
  return error instanceof ProtocolError && (code === undefined || error.code === code);
}
