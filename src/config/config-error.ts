/** The error of the configuration layer. */

export type ConfigErrorCode = 'unknown-key' | 'bad-value' | 'unreadable-file' | 'bad-file';

/** A setting that cannot be used; the message names it, where it came from, and what to write instead. */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  /** The key such as `api.port`, or the path of a file. */
  readonly path: string;

  constructor(code: ConfigErrorCode, path: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ConfigError';
    this.code = code;
    this.path = path;
  }
}
