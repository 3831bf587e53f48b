/**
 * The values read last, up to a number of bytes; the one unused for longest leaves first. What is only written is not held: a node has
 * what it wrote lately in its ledger, and two megabytes of it a second time for every node of a process are old objects to collect.
 * Owns: order of use and the bound. Does not own: when a value becomes stale (engine-store.ts).
 */

/** Of one entry, beside key and value: map cell, string and view headers. */
const entryBytes = 160;

export class ReadCache {
  readonly #values = new Map<string, Uint8Array>();
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(name: string): Uint8Array | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    // A map iterates in order of insertion: what is put back stands last.
    this.#values.delete(name);
    this.#values.set(name, value);
    return value;
  }

  set(name: string, value: Uint8Array): void {
    this.delete(name);
    const bytes = this.#bytesOf(name, value);
    if (bytes > this.#mostBytes) return;
    this.#values.set(name, value);
    this.#bytes += bytes;
    if (this.#bytes <= this.#mostBytes) return;
    for (const [oldest, held] of this.#values) {
      this.#values.delete(oldest);
      this.#bytes -= this.#bytesOf(oldest, held);
      if (this.#bytes <= this.#mostBytes) return;
    }
  }

  /** A value that is held becomes this one. */
  replace(name: string, value: Uint8Array): void {
    if (this.#values.has(name)) this.set(name, value);
  }

  delete(name: string): void {
    const held = this.#values.get(name);
    if (held === undefined) return;
    this.#values.delete(name);
    this.#bytes -= this.#bytesOf(name, held);
  }

  deleteRange(from: string, until: string): void {
    for (const name of this.#values.keys()) if (name >= from && name < until) this.delete(name);
  }

  #bytesOf(name: string, value: Uint8Array): number {
    // A value is a view of its record or of what the library handed out: the whole buffer stays alive with it.
    return entryBytes + name.length + value.buffer.byteLength;
  }
}
