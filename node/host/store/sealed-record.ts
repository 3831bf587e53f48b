/**
 * A value as it lies on disk: with its length and a checksum over key and value, beside whatever the engine checks.
 * Owns: the layout, sealing, strict opening. Does not own: the bytes inside.
 *
 * Layout, little-endian: version u8, length of the value u32, CRC-32 u32, the value. The CRC begins with the length and covers
 * key, then value: a flipped byte, a cut-off end, and a record under another record's key are all seen.
 */
import { crc32 } from 'node:zlib';
import { StoreError } from '#node/host/store/store.ts';

const version = 1;
export const sealBytes = 9;

export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const record = new Uint8Array(sealBytes + value.length);
  record[0] = version;
  writeWord(record, 1, value.length);
  writeWord(record, 5, checksum(key, value));
  record.set(value, sealBytes);
  return record;
}

/** The value, a view of the record. Throws StoreError 'corrupt'. */
export function unseal(key: Uint8Array, record: Uint8Array): Uint8Array {
  if (record.length < sealBytes) refuse(key, `${record.length} bytes are no record`);
  if (record[0] !== version) refuse(key, `version ${record[0]} is unknown`);
  const value = record.subarray(sealBytes);
  if (readWord(record, 1) !== value.length)
    refuse(key, `${value.length} bytes where ${readWord(record, 1)} were written`);
  if (readWord(record, 5) !== checksum(key, value)) refuse(key, 'the checksum does not fit');
  return value;
}

function refuse(key: Uint8Array, what: string): never {
  throw new StoreError(
    'corrupt',
    `record ${Buffer.from(key).toString('hex')} is damaged: ${what}. Restore the folder from a copy, or remove it and let the ` +
      'node fetch the state from its peers',
  );
}

function checksum(key: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(key, value.length));
}

function writeWord(out: Uint8Array, at: number, word: number): void {
  out[at] = word;
  out[at + 1] = word >>> 8;
  out[at + 2] = word >>> 16;
  out[at + 3] = word >>> 24;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
