/**
 * Why a session was refused or ended.
 * Owns: the error and its codes. Does not own: what follows from one (the transport counts it, names the peer and cuts it off).
 */

export type SessionErrorCode =
  /** The handshake did not end within its time. */
  | 'timeout'
  /** The other end closed before the handshake was over, or in the middle of a record. */
  | 'closed'
  /** A message or record with a length that none of ours has. */
  | 'size'
  /** A key that is no key, or gives no shared secret. */
  | 'key-agreement'
  /** Sealed bytes that do not open: altered, replayed, reordered, or sealed for other keys. */
  | 'sealed'
  /** A public key inside the proof that is none. */
  | 'identity-key'
  | 'signature-ed25519'
  | 'signature-ml-dsa'
  /** The peer proved to be another one than the one that was dialled. */
  | 'other-peer'
  | 'not-a-member'
  /** Too many handshakes at once. */
  | 'busy'
  /** The record counter reached its end. */
  | 'exhausted';

export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
