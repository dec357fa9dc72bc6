/** Where a command of the simulations writes. */
export interface Console {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether lines of progress may be written over. */
  readonly isTerminal: boolean;
  /** Of the terminal; 100 when left out. */
  readonly columns?: number;
}
