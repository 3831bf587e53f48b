/**
 * A list of ascending indices below a known number, as gaps or as a bitmap, whichever is shorter.
 * Owns: both forms and the rule between them, so that a list has one encoding. Does not own: what is listed.
 *
 * First a varint: count * 2 + form. Gaps: the first index, then each index minus the one before minus 1, as varints. Bitmap: a bit
 * for each possible index, bit 0 of the first byte first. Gaps on a tie. No byte stands for more than eight indices.
 */
import type { FrameReader } from './frame-reader.ts';

import { type FrameWriter, varintBytes } from './frame-writer.ts';
import { WireError } from './wire-error.ts';

const formGaps = 0;
const formBitmap = 1;

function bitmapBytes(below: number): number {
  return (below + 7) >>> 3;
}

function gapBytes(list: readonly number[], below: number): number {
  let bytes = 0;
  let next = 0;
  for (let i = 0; i < list.length; i++) {
    const index = list[i]!;
    if (!Number.isInteger(index) || index < next || index >= below)
      throw new WireError('range', `index ${index}: ascending ones below ${below} are needed`);
    bytes += varintBytes(index - next);
    next = index + 1;
  }
  return bytes;
}

/** Length of the encoding. Throws when the indices do not ascend or are too large. */
export function indexListBytes(list: readonly number[], below: number): number {
  return varintBytes(list.length * 2) + Math.min(gapBytes(list, below), bitmapBytes(below));
}

export function writeIndexList(list: readonly number[], below: number, out: FrameWriter): void {
  const length = bitmapBytes(below);
  if (gapBytes(list, below) <= length) {
    out.varint(list.length * 2 + formGaps);
    let next = 0;
    for (let i = 0; i < list.length; i++) {
      out.varint(list[i]! - next);
      next = list[i]! + 1;
    }
    return;
  }
  out.varint(list.length * 2 + formBitmap);
  for (let at = 0, i = 0; at < length; at++) {
    let bits = 0;
    for (; i < list.length && list[i]! >>> 3 === at; i++) bits |= 1 << (list[i]! & 7);
    out.byte(bits);
  }
}

export function readIndexList(below: number, from: FrameReader): number[] {
  const head = from.varint();
  const count = Math.floor(head / 2);
  if (count > below) throw new WireError('count', `${count} indices below ${below}`);
  const list = head % 2 === formGaps ? readGaps(count, below, from) : readBitmap(below, from);
  if (list.length !== count) throw new WireError('count', `${list.length} bits are set, not ${count}`);
  return list;
}

function readGaps(count: number, below: number, from: FrameReader): number[] {
  if (count > from.left) throw new WireError('count', `${count} indices in ${from.left} bytes`);
  const left = from.left;
  const list: number[] = [];
  let next = 0;
  for (let i = 0; i < count; i++) {
    const index = next + from.varint();
    if (index >= below) throw new WireError('range', `index ${index} of ${below}`);
    list.push(index);
    next = index + 1;
  }
  if (left - from.left > bitmapBytes(below))
    throw new WireError('not-canonical', 'gaps that take more bytes than the bitmap');
  return list;
}

function readBitmap(below: number, from: FrameReader): number[] {
  const bits = from.raw(bitmapBytes(below));
  const list: number[] = [];
  for (let at = 0; at < bits.length; at++) {
    const byte = bits[at]!;
    for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) list.push(at * 8 + bit);
  }
  // Gaps are checked as well: a bit beyond the last index is out of their range.
  if (gapBytes(list, below) <= bits.length)
    throw new WireError('not-canonical', 'a bitmap that takes no fewer bytes than the gaps');
  return list;
}
