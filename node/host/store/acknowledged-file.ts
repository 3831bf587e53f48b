/**
 * A witness beside the database: the number of the last batch that was acknowledged, so that a log that lost its end is seen.
 * Owns: the file, its two slots, strict reading. Does not own: numbering (engine-store.ts), what follows from a loss.
 *
 * A log cannot tell an end that was cut off from one that was never written. This file can. Two slots of 40 bytes in two
 * sectors, written in turn and in place: version u8, clean close u8, turn u16, batch acknowledged u48, batch flushed u48,
 * id of this boot of the machine 16 bytes, zero u32, CRC-32 u32.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { StoreError } from '#node/host/store/store.ts';
import type { LastLife, Witness } from '#node/host/store/witness.ts';

const version = 1;
const slotBytes = 40;
const sectorBytes = 512;
const fileName = 'ACKNOWLEDGED';
const turns = 0x1_0000;

/** Changes whenever the machine starts; zero where the system does not say. */
function bootId(): Buffer {
  try {
    const hex = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replaceAll(/[^0-9a-f]/g, '');
    const id = Buffer.from(hex, 'hex');
    return id.length === 16 ? id : Buffer.alloc(16);
  } catch {
    return Buffer.alloc(16);
  }
}

interface Slot extends LastLife {
  readonly turn: number;
}

export class AcknowledgedFile implements Witness {
  readonly lastLife: LastLife | null;
  readonly #file: number;
  readonly #slot = Buffer.alloc(slotBytes);
  #turn: number;
  #acknowledged = 0;
  #flushed = 0;

  private constructor(file: number, last: Slot | null) {
    this.#file = file;
    this.lastLife = last;
    this.#turn = last?.turn ?? 0;
    this.#slot[0] = version;
    bootId().copy(this.#slot, 16);
  }

  static open(folder: string): AcknowledgedFile {
    const name = path.join(folder, fileName);
    const known = slotsOf(name);
    if (known !== null) return new AcknowledgedFile(openSync(name, 'r+'), known);
    // Whole or absent: it gets its name when it is complete.
    const draft = `${name}.new`;
    const fresh = new AcknowledgedFile(openSync(draft, 'w+'), null);
    fresh.#write(false);
    fresh.#write(false);
    fsyncSync(fresh.#file);
    renameSync(draft, name);
    const directory = openSync(folder, 'r');
    fsyncSync(directory);
    closeSync(directory);
    return fresh;
  }

  /** True when the folder has such a file: then it has, or had, a database. */
  static isIn(folder: string): boolean {
    return slotsOf(path.join(folder, fileName)) !== null;
  }

  begin(batch: number): void {
    this.#acknowledged = batch;
    this.#flushed = Math.min(this.lastLife?.flushed ?? 0, batch);
    this.#write(false);
  }

  acknowledge(batch: number): void {
    this.#acknowledged = batch;
    this.#write(false);
  }

  flushed(batch: number): void {
    this.#flushed = batch;
    this.#write(false);
    fdatasyncSync(this.#file);
  }

  close(isClean: boolean): void {
    if (isClean) {
      this.#flushed = this.#acknowledged;
      this.#write(true);
      fdatasyncSync(this.#file);
    }
    closeSync(this.#file);
  }

  #write(isClean: boolean): void {
    const slot = this.#slot;
    this.#turn = (this.#turn + 1) % turns;
    slot[1] = isClean ? 1 : 0;
    slot.writeUInt16LE(this.#turn, 2);
    slot.writeUIntLE(this.#acknowledged, 4, 6);
    slot.writeUIntLE(this.#flushed, 10, 6);
    slot.writeUInt32LE(crc32(slot.subarray(0, 36)), 36);
    writeSync(this.#file, slot, 0, slotBytes, (this.#turn % 2) * sectorBytes);
  }
}

/** The younger slot; null when there is no file. Throws StoreError 'corrupt'. */
function slotsOf(file: string): Slot | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(sectorBytes + slotBytes + 1);
    const length = readSync(descriptor, bytes, 0, bytes.length, 0);
    const even = length === sectorBytes + slotBytes ? slotAt(bytes, 0) : null;
    const odd = length === sectorBytes + slotBytes ? slotAt(bytes, sectorBytes) : null;
    const isOddYounger = even !== null && odd !== null && (even.turn + 1) % turns === odd.turn;
    const isEvenYounger = even !== null && odd !== null && (odd.turn + 1) % turns === even.turn;
    if (even === null || odd === null || (!isOddYounger && !isEvenYounger))
      throw new StoreError(
        'corrupt',
        `${file} is damaged, so that nobody can tell whether the end of the log is missing. Restore the folder from a copy, or ` +
          'remove it and let the node fetch the state from its peers',
      );
    return isOddYounger ? odd : even;
  } finally {
    closeSync(descriptor);
  }
}

function slotAt(bytes: Buffer, at: number): Slot | null {
  const slot = bytes.subarray(at, at + slotBytes);
  if (slot[0] !== version || slot.readUInt32LE(36) !== crc32(slot.subarray(0, 36))) return null;
  const boot = slot.subarray(16, 32);
  const sameBoot = boot.some((byte) => byte !== 0) && boot.equals(bootId());
  return {
    turn: slot.readUInt16LE(2),
    acknowledged: slot.readUIntLE(4, 6),
    flushed: slot.readUIntLE(10, 6),
    isWhole: sameBoot || slot[1] === 1,
  };
}
