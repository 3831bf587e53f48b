/**
 * Why bytes are not a frame.
 * Owns: the error and its codes. Does not own: what follows from one (the host counts it and cuts the sender off).
 */

export type WireErrorCode =
  | 'frame-too-long'
  | 'version'
  | 'kind'
  | 'truncated'
  | 'trailing-bytes'
  /** A number written in more bytes than it needs, or a list not in its one canonical form. */
  | 'not-canonical'
  /** A count that the bytes left cannot hold, or above its limit. */
  | 'count'
  /** A number outside of what its field may hold. */
  | 'range'
  /** A field of the record to encode has the wrong length. */
  | 'length';

/** The bytes, or the record, are not a frame. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
