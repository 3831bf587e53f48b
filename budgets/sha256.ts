/**
 * The hash that records and files are named by.
 * Owns: that. Does not own: what is hashed.
 */
import { createHash } from 'node:crypto';

/** SHA-256 in lower-case hexadecimal. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
