/**
 * Who makes the arrays of the core that a host's own loops read and write as well.
 * Owns: the interface and the plain one. Does not own: which arrays these are (poll-book.ts, standing.ts, open-words.ts).
 */

export interface ArrayMaker {
  int32(length: number): Int32Array;
  uint16(length: number): Uint16Array;
  uint8(length: number): Uint8Array;
  float32(length: number): Float32Array;
  float64(length: number): Float64Array;
}

export const plainArrays: ArrayMaker = {
  int32: (length) => new Int32Array(length),
  uint16: (length) => new Uint16Array(length),
  uint8: (length) => new Uint8Array(length),
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
};
