/**
 * The memory of a WebAssembly module, out of which arrays are handed to the core and to others while there is room.
 * Owns: where the next one begins. Does not own: what the module keeps there itself (poll-draws.ts, message-kernel.ts).
 */
import type { ArrayMaker } from '#node/core/arrays.ts';

const lineBytes = 64;

export class ModuleMemory implements ArrayMaker {
  readonly buffer: ArrayBuffer;
  readonly #spareBytes: number;
  #next: number;

  /** `next`: the first free byte; `spareBytes`: what stays free behind each array, for loops that write a vector too many. */
  constructor(buffer: ArrayBuffer, next: number, spareBytes: number) {
    this.buffer = buffer;
    this.#next = next;
    this.#spareBytes = spareBytes;
  }

  int32(length: number): Int32Array {
    const at = this.#take(4 * length);
    return at < 0 ? new Int32Array(length) : new Int32Array(this.buffer, at, length);
  }

  uint16(length: number): Uint16Array {
    const at = this.#take(2 * length);
    return at < 0 ? new Uint16Array(length) : new Uint16Array(this.buffer, at, length);
  }

  uint8(length: number): Uint8Array {
    const at = this.#take(length);
    return at < 0 ? new Uint8Array(length) : new Uint8Array(this.buffer, at, length);
  }

  float32(length: number): Float32Array {
    const at = this.#take(4 * length);
    return at < 0 ? new Float32Array(length) : new Float32Array(this.buffer, at, length);
  }

  float64(length: number): Float64Array {
    const at = this.#take(8 * length);
    return at < 0 ? new Float64Array(length) : new Float64Array(this.buffer, at, length);
  }

  /** Where that many bytes begin, on a cache line of their own; -1 when there is no room. */
  #take(bytes: number): number {
    const at = Math.ceil(this.#next / lineBytes) * lineBytes;
    if (at + bytes + this.#spareBytes > this.buffer.byteLength) return -1;
    this.#next = at + bytes;
    return at;
  }
}
