/** What can go wrong with policies, issuing and views, as typed errors. What is wrong with a credential is a FactsError. */

/** Stable codes; each names the caller's situation. */
export type TrustErrorCode =
  | 'bad-policy'
  | 'too-many-credentials'
  | 'issued-full'
  | 'lists-full'
  | 'not-issued'
  | 'no-status'
  | 'revocations-full'
  | 'bad-presentation'
  | 'not-admitted'
  | 'views-full'
  | 'no-view'
  | 'no-zone';

/** `data` holds plain values that help the reader. */
export class TrustError extends Error {
  readonly code: TrustErrorCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: TrustErrorCode,
    message: string,
    data: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.name = 'TrustError';
    this.code = code;
    this.data = data;
  }
}
