/** What can be wrong with AgentFacts, as typed errors: a verdict on a document is one of these. */

/** Stable codes; each names the caller's situation. */
export type FactsErrorCode =
  | 'too-large'
  | 'not-json'
  | 'bad-facts'
  | 'bad-credential'
  | 'unsupported-proof'
  | 'unsupported-status'
  | 'bad-status'
  | 'status-unknown'
  | 'suspended'
  | 'wrong-subject'
  | 'wrong-issuer'
  | 'issuer-unknown'
  | 'issuer-not-active'
  | 'subject-not-active'
  | 'key-not-current'
  | 'bad-proof'
  | 'not-yet-valid'
  | 'expired'
  | 'revoked'
  | 'not-hosted'
  | 'hosting-full'
  | 'no-endpoint'
  | 'no-facts-url'
  | 'bad-url'
  | 'unsafe-address'
  | 'unreachable'
  | 'too-slow'
  | 'bad-answer';

/** `data` holds plain values that help the reader. */
export class FactsError extends Error {
  readonly code: FactsErrorCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: FactsErrorCode,
    message: string,
    data: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.name = 'FactsError';
    this.code = code;
    this.data = data;
  }
}
