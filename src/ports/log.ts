/**
 * Structured logging: an object of plain values first, then the sentence. Nothing secret at any level, and above debug
 * nothing that a peer wrote. What each level means stands in docs/operating.md.
 */
export interface Log {
  trace(data: object, message: string): void;
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
  /** True where entries at trace are written: what is costly to say is said only then. Left out: they are not. */
  readonly isTracing?: boolean;
  child(bindings: { readonly subsystem: string }): Log;
}

/** Says nothing. */
export const silentLog: Log = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
