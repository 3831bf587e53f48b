/**
 * A look at the frames of RocksDB's log files (write-ahead logs and MANIFEST) before RocksDB reads them.
 * Owns: the kinds of frames that may be there. Does not own: their checksums, which RocksDB checks itself.
 *
 * RocksDB 10.5.1 trusts the kind of a frame before its checksum: one flipped bit there makes it spin for ever (kind 5) or leave
 * the frame out without a word (kind 129). Frame: checksum u32, length u16, kind u8, bytes; none crosses a block of 32 KiB.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from '#node/host/store/store.ts';

const blockBytes = 32_768;
const headerBytes = 7;
/** Whole, first, middle, last. */
const mostKind = 4;

/** Throws StoreError 'corrupt' when a log file of the folder holds a frame that nobody writes here. */
export function checkLogFiles(folder: string): void {
  for (const name of readdirSync(folder))
    if (/^(\d+[.]log|MANIFEST-\d+)$/.test(name)) checkLogFile(path.join(folder, name));
}

function checkLogFile(name: string): void {
  const file = openSync(name, 'r');
  try {
    const block = Buffer.alloc(blockBytes);
    for (let from = 0; ; from += blockBytes) {
      const length = readSync(file, block, 0, blockBytes, from);
      const wrong = strangeFrame(block.subarray(0, length));
      if (wrong !== null)
        throw new StoreError(
          'corrupt',
          `${name} is damaged at byte ${from + wrong}. Restore the folder from a copy, or remove it and let the node fetch the ` +
            'state from its peers',
        );
      if (length < blockBytes) return;
    }
  } finally {
    closeSync(file);
  }
}

/** Where in the block a frame of an unknown kind begins. A frame that ends beyond the block is a torn end: RocksDB's matter. */
export function strangeFrame(block: Uint8Array): number | null {
  for (let at = 0; at + headerBytes <= block.length; ) {
    const length = block[at + 4]! | (block[at + 5]! << 8);
    const kind = block[at + 6]!;
    // Zeros to the end: space that was reserved and not written to.
    if (kind === 0 && length === 0) return null;
    if (kind < 1 || kind > mostKind) return at;
    at += headerBytes + length;
  }
  return null;
}
