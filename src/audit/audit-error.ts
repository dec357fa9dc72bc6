/** Refusals of the audit log and of what is proven with it; what to do stands in the API's error table. */
export type AuditErrorCode =
  | 'not-logged'
  | 'no-such-tile'
  | 'bad-size'
  | 'no-such-log'
  | 'log-damaged'
  | 'not-a-proof-file'
  | 'bad-note'
  | 'wrong-signer'
  | 'wrong-log'
  | 'proof-fails'
  | 'no-contradiction'
  | 'no-answer';

export class AuditError extends Error {
  readonly code: AuditErrorCode;

  constructor(code: AuditErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AuditError';
    this.code = code;
  }
}
