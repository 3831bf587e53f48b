/**
 * Why an archive refuses.
 * Owns: the error and its codes. Does not own: errors of the disk (store.ts).
 */

export type ArchiveErrorCode =
  /** The folder belongs to another member, or its records have a form that this version does not know. */
  | 'format'
  /** No own sequence is reserved at the moment: try again when `reserve` has resolved. */
  | 'no-sequence'
  /** A decision about a vertex that was never stored. */
  | 'unknown-vertex'
  /** It would revoke a durable decision. Nothing was written. */
  | 'contradiction';

export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
