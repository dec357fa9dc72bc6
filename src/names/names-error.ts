/** Why a name leads nowhere, as typed errors. */

/** Stable codes; each names the caller's situation. */
export type NamesErrorCode =
  | 'bad-name'
  | 'no-home'
  | 'no-such-name'
  | 'no-such-zone'
  | 'bad-zone'
  | 'ambiguous-zone'
  | 'not-claimed'
  | 'not-validated'
  | 'namespace-not-active'
  | 'agent-not-active'
  | 'unsettled'
  | 'dns-failed'
  | 'dns-too-slow'
  | 'registry-failed'
  | 'registry-loop'
  | 'too-many-hops'
  | 'bad-did'
  | 'not-listed'
  | 'listing-throttled';

/** `data` holds plain values that help the reader. */
export class NamesError extends Error {
  readonly code: NamesErrorCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: NamesErrorCode,
    message: string,
    data: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.name = 'NamesError';
    this.code = code;
    this.data = data;
  }
}
