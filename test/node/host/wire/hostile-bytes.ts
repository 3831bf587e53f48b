/**
 * Hostile inputs by the thousand, from a seed, and a count of what each made the engine allocate.
 * Owns: random numbers, mutations, the meter. Does not own: what is attacked.
 */
import { getHeapStatistics } from 'node:v8';

/** Random integers, the same for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 .. below - 1. */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.roll(256));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.roll(list.length)]!;
  }
}

const extremes = [0, 1, 0x7f, 0x80, 0xff];

/** Valid bytes with a few things wrong, or bytes with nothing right. */
export function mutated(valid: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  let bytes = Uint8Array.from(valid);
  for (let changes = 1 + dice.roll(3); changes > 0; changes--) {
    const at = dice.roll(bytes.length + 1);
    switch (dice.roll(8)) {
      case 0:
        bytes = bytes.slice(0, at);
        break;
      case 1:
        bytes = Uint8Array.from([...bytes, ...dice.bytes(1 + dice.roll(40))]);
        break;
      case 2:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(dice.roll(other.length + 1))]);
        break;
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, 2), ...dice.bytes(dice.roll(60))]);
        break;
      case 4:
        // Where the counts are.
        if (bytes.length > 2) bytes[2 + dice.roll(Math.min(14, bytes.length - 2))] = dice.pick(extremes);
        break;
      case 5:
        bytes.fill(0xff, at, at + 1 + dice.roll(8));
        break;
      default:
        if (at < bytes.length) bytes[at]! ^= 1 << dice.roll(8);
    }
  }
  return bytes;
}

/** Bytes that the engine allocated since the process began, buffers outside of its heap included as far as they are still held. */
export function allocatedBytes(): number {
  const { total_allocated_bytes, external_memory } = getHeapStatistics();
  return total_allocated_bytes + external_memory;
}

/** The largest allocation of a single input. */
export class AllocationMeter {
  mostBytes = 0;
  inputs = 0;
  #before = 0;

  begin(): void {
    this.#before = allocatedBytes();
  }

  end(): void {
    this.mostBytes = Math.max(this.mostBytes, allocatedBytes() - this.#before);
    this.inputs++;
  }

  /**
   * As between begin and end, for an input that waits. Meanwhile the test runner, the compiler and threads allocate too, so an
   * input that seems to have taken `limit` bytes is given again, up to three times: what the input causes, it causes each time.
   */
  async measure(limit: number, run: () => Promise<void>): Promise<void> {
    let least = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 4 && least >= limit; tries++) {
      const before = allocatedBytes();
      await run();
      least = Math.min(least, allocatedBytes() - before);
    }
    this.mostBytes = Math.max(this.mostBytes, least);
    this.inputs++;
  }
}
