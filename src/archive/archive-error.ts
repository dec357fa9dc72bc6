/** The error of archives: what is wrong with a file of bundles. */

export type ArchiveErrorCode = 'not-an-archive' | 'wrong-archive-version' | 'truncated' | 'damaged-archive';

/** Thrown while an archive is read; what came before the fault was handed out already and is sound by its signatures. */
export class ArchiveError extends Error {
  readonly code: ArchiveErrorCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ArchiveErrorCode,
    message: string,
    data: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.name = 'ArchiveError';
    this.code = code;
    this.data = data;
  }
}
