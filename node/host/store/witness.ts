/**
 * What an engine store asks of its witness: to remember, apart from the database, how far it had acknowledged.
 * Owns: the interface. Does not own: the file (acknowledged-file.ts).
 */

/** What was found at opening. */
export interface LastLife {
  readonly acknowledged: number;
  readonly flushed: number;
  /** The machine did not go down since, or the store was closed: every acknowledged batch must be there. */
  readonly isWhole: boolean;
}

export interface Witness {
  /** Null: the witness is new. */
  readonly lastLife: LastLife | null;
  /** What the database holds is what counts from now on. */
  begin(batch: number): void;
  acknowledge(batch: number): void;
  /** Everything up to `batch` is safe from a power cut. */
  flushed(batch: number): void;
  /** `isClean`: everything acknowledged was flushed. */
  close(isClean: boolean): void;
}
