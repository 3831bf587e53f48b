/**
 * Short names of vertices in queries: 8 bytes that a forger cannot make two vertices share.
 * Owns: how a name is made and compared. Does not own: the map from keys to vertices (host).
 *
 * A bare prefix would not do: whoever finds two conflicting vertices with one 64-bit prefix (2^32 hashes) could be voted for
 * under the name of the other. So a name is 6 bytes of the id, by which it is looked up, and 2 bytes that depend on the
 * whole id and on the salt of the poll: twins agree in one poll of 65,536, and a decision takes many polls in a row.
 */
import { idBytes, shortNameBytes } from './frame.ts';

const keyBytes = 6;

/** Writes the name of the vertex `ids[idAt .. idAt + 32)` to `out[at .. at + 8)`. */
export function writeName(ids: Uint8Array, idAt: number, salt: number, out: Uint8Array, at: number): void {
  for (let i = 0; i < keyBytes; i++) out[at + i] = ids[idAt + i]!;
  const check = nameCheck(ids, idAt, salt);
  out[at + keyBytes] = check;
  out[at + keyBytes + 1] = check >>> 8;
}

/** The first 6 bytes of an id or of a short name as a number below 2^48: what a map of vertices is keyed by. */
export function nameKey(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
  const high = bytes[at + 3]! | (bytes[at + 4]! << 8) | (bytes[at + 5]! << 16);
  return high * 0x100_0000 + low;
}

/** Whether the short name at `names[at]` is that of the vertex `ids[idAt .. idAt + 32)` under this salt. */
export function isNameOf(
  names: Uint8Array,
  at: number,
  ids: Uint8Array,
  idAt: number,
  salt: number,
): boolean {
  for (let i = 0; i < keyBytes; i++) if (names[at + i] !== ids[idAt + i]) return false;
  const check = nameCheck(ids, idAt, salt);
  return names[at + keyBytes] === (check & 0xff) && names[at + keyBytes + 1] === check >>> 8;
}

export function shortNames(count: number): Uint8Array {
  return new Uint8Array(count * shortNameBytes);
}

/** 16 bits of the id keyed by the salt. The id is a hash already: mixing each word in turn is enough. */
function nameCheck(ids: Uint8Array, idAt: number, salt: number): number {
  let h = salt | 0;
  for (let i = idAt; i < idAt + idBytes; i += 4) {
    h ^= ids[i]! | (ids[i + 1]! << 8) | (ids[i + 2]! << 16) | (ids[i + 3]! << 24);
    h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
    h = (h ^ (h >>> 16)) + 0x9e37_79b9;
  }
  return (h ^ (h >>> 16)) & 0xffff;
}
