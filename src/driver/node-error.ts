/** What the surface of a node, full or light, refuses in terms of its caller. */

export type NodeErrorCode =
  | 'not-custodial'
  | 'no-key'
  | 'not-running'
  | 'publish-failed'
  | 'agent-not-active'
  | 'bad-argument'
  | 'too-many-names'
  | 'no-such-name'
  | 'slot-taken';

/** Errors of the node's own surface; ProtocolError, StoreError and KeystoreError pass through it. */
export class NodeError extends Error {
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'NodeError';
    this.code = code;
  }
}
