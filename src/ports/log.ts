/** Structured logging: an object of plain values first, then the sentence. Nothing secret, no peer bytes at info. */
export interface Log {
  trace(data: object, message: string): void;
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
  child(bindings: { readonly subsystem: string }): Log;
}
