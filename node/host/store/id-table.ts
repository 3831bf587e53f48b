/**
 * A number for each vertex id, found by the whole id or by a short name.
 * Owns: the table (open addressing in flat arrays, 40 bytes a place). Does not own: what the numbers mean (archive-index.ts).
 * Ids are hashes, but their makers choose among many: places are drawn with a secret of this process, so that nobody crowds one.
 */
import { randomInt } from 'node:crypto';
import { isNameOf } from '#node/host/wire/vertex-name.ts';

const idBytes = 32;
const free = Number.NEGATIVE_INFINITY;
const leastPlaces = 64;

export class IdTable {
  size = 0;
  readonly #secret = randomInt(2 ** 32);
  #ids = new Uint8Array(leastPlaces * idBytes);
  #values = new Float64Array(leastPlaces).fill(free);
  #mask = leastPlaces - 1;

  get(id: Uint8Array): number | undefined {
    const at = this.#find(id);
    return this.#values[at] === free ? undefined : this.#values[at];
  }

  has(id: Uint8Array): boolean {
    return this.#values[this.#find(id)] !== free;
  }

  /** The id, which is copied, has this number from now on; any but minus infinity. */
  set(id: Uint8Array, value: number): void {
    let at = this.#find(id);
    if (this.#values[at] === free) {
      this.size += 1;
      if (3 * this.size > 2 * this.#mask) {
        this.#resize(2 * (this.#mask + 1));
        at = this.#find(id);
      }
      this.#ids.set(id, at * idBytes);
    }
    this.#values[at] = value;
  }

  delete(id: Uint8Array): void {
    let hole = this.#find(id);
    if (this.#values[hole] === free) return;
    this.size -= 1;
    // What lies behind moves up, unless its own place comes after the hole: no place is lost to what is gone.
    for (let at = (hole + 1) & this.#mask; this.#values[at] !== free; at = (at + 1) & this.#mask) {
      const home = this.#home(this.#ids, at * idBytes);
      if (((at - home) & this.#mask) < ((at - hole) & this.#mask)) continue;
      this.#ids.copyWithin(hole * idBytes, at * idBytes, (at + 1) * idBytes);
      this.#values[hole] = this.#values[at]!;
      hole = at;
    }
    this.#values[hole] = free;
    if (this.#mask >= 2 * leastPlaces && 8 * this.size < this.#mask) this.#resize((this.#mask + 1) / 2);
  }

  /** A copy of the id that the short name `names[at ..]` means under this salt; null when there is none. */
  named(names: Uint8Array, at: number, salt: number): Uint8Array | null {
    for (let place = this.#home(names, at); this.#values[place] !== free; place = (place + 1) & this.#mask) {
      const idAt = place * idBytes;
      if (isNameOf(names, at, this.#ids, idAt, salt)) return this.#ids.slice(idAt, idAt + idBytes);
    }
    return null;
  }

  /** Its place, or the free one where it would go. */
  #find(id: Uint8Array): number {
    if (id.length !== idBytes) throw new RangeError(`an id of ${id.length} bytes, not ${idBytes}`);
    let place = this.#home(id, 0);
    while (this.#values[place] !== free && !this.#holds(place, id)) place = (place + 1) & this.#mask;
    return place;
  }

  #holds(place: number, id: Uint8Array): boolean {
    const at = place * idBytes;
    for (let i = 0; i < idBytes; i++) if (this.#ids[at + i] !== id[i]) return false;
    return true;
  }

  /** From the six bytes that a short name shows. */
  #home(bytes: Uint8Array, at: number): number {
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const high = bytes[at + 3]! | (bytes[at + 4]! << 8) | (bytes[at + 5]! << 16);
    let h = Math.imul(low ^ this.#secret, 0x85eb_ca6b);
    h = Math.imul((h ^ (h >>> 15)) + high, 0xc2b2_ae35);
    return (h ^ (h >>> 16)) & this.#mask;
  }

  #resize(places: number): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#ids = new Uint8Array(places * idBytes);
    this.#values = new Float64Array(places).fill(free);
    this.#mask = places - 1;
    for (let from = 0; from < values.length; from++) {
      if (values[from] === free) continue;
      let place = this.#home(ids, from * idBytes);
      while (this.#values[place] !== free) place = (place + 1) & this.#mask;
      this.#values[place] = values[from]!;
      for (let i = 0; i < idBytes; i++) this.#ids[place * idBytes + i] = ids[from * idBytes + i]!;
    }
  }
}
