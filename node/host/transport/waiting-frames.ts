/**
 * Frames for members whose session is being made.
 * Owns: a bounded list per member. Does not own: sessions.
 */

export class WaitingFrames {
  readonly #mostBytes: number;
  readonly #waiting = new Map<number, { readonly frames: Uint8Array[]; bytes: number }>();

  /** `mostBytes`: per member. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  bytesFor(member: number): number {
    return this.#waiting.get(member)?.bytes ?? 0;
  }

  /** False when the list is full. */
  add(member: number, frame: Uint8Array): boolean {
    const list = this.#waiting.get(member) ?? { frames: [], bytes: 0 };
    if (list.bytes + frame.length > this.#mostBytes) return false;
    list.frames.push(frame);
    list.bytes += frame.length;
    this.#waiting.set(member, list);
    return true;
  }

  /** All of them, in order; none are left. */
  take(member: number): readonly Uint8Array[] {
    const frames = this.#waiting.get(member)?.frames ?? [];
    this.#waiting.delete(member);
    return frames;
  }
}
