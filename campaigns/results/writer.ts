/**
 * Writes result files so that a reader, after any crash, finds them whole or not at all.
 * Owns: atomic replacement (temporary file, fsync, rename, fsync of the folder), the manifest that is written last, the
 * `latest` link. Does not own: what the files mean (schema.ts) or reading them (reader.ts).
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { sha256Hex } from '#budgets/sha256.ts';
import { failpoint } from '#campaigns/failpoint.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';

export const cellsFolder = 'cells';
export const manifestFile = 'manifest.json';

/** Makes a new or renamed entry of the folder survive a power cut. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } catch {
    // Some file systems refuse to sync a folder; the rename itself is still atomic.
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/** The file holds `text` when this returns; before, it holds what it held. Folders are created. */
export function writeFileAtomic(file: string, text: string): void {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true });
  const temporary = `${file}.tmp-${process.pid}`;
  const bytes = Buffer.from(text);
  const half = bytes.length >> 1;
  failpoint('file.before');
  const descriptor = openSync(temporary, 'w');
  try {
    writeAll(descriptor, bytes.subarray(0, half));
    failpoint('file.half');
    writeAll(descriptor, bytes.subarray(half));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  failpoint('file.written');
  renameSync(temporary, file);
  syncFolder(folder);
  failpoint('file.after');
}

/** For people, too: indented, with a newline at the end. */
export function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export function cellFolder(campaignFolder: string, cellId: string): string {
  return path.join(campaignFolder, cellsFolder, cellId);
}

/**
 * Stores one run. The manifest with the SHA-256 of each file comes last: without it the cell does not exist.
 * Returns the SHA-256 of the manifest.
 */
export function writeCell(
  campaignFolder: string,
  cellId: string,
  spec: RunSpec,
  outcome: RunOutcome,
): string {
  const folder = cellFolder(campaignFolder, cellId);
  mkdirSync(folder, { recursive: true });
  // A process that died here may have left files of the same names: they are replaced, its temporary ones removed.
  for (const name of readdirSync(folder)) {
    if (name === manifestFile || name.includes('.tmp-')) rmSync(path.join(folder, name), { force: true });
  }
  const files: Record<string, string> = {
    'spec.json': prettyJson(spec),
    'result.json': prettyJson(outcome.result),
    'series.json': `${JSON.stringify(outcome.series)}\n`,
    'events.jsonl': outcome.events.map((line) => `${line}\n`).join(''),
  };
  for (const [name, text] of Object.entries(files)) writeFileAtomic(path.join(folder, name), text);
  const manifest = prettyJson({
    cell: cellId,
    files: Object.fromEntries(
      Object.entries(files).map(([name, text]) => [
        name,
        { bytes: Buffer.byteLength(text), sha256: sha256Hex(text) },
      ]),
    ),
  });
  writeFileAtomic(path.join(folder, manifestFile), manifest);
  syncFolder(path.dirname(folder));
  return sha256Hex(manifest);
}

/** Creates `runs/<campaign>`; a second campaign of the same second gets "-2". Returns the folder. */
export function createCampaignFolder(runsFolder: string, name: string): string {
  mkdirSync(runsFolder, { recursive: true });
  for (let suffix = 1; ; suffix += 1) {
    const folder = path.join(runsFolder, suffix === 1 ? name : `${name}-${suffix}`);
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

/** Removes what a killed process left half-written in the campaign's folder; only the owner of its lock may. */
export function sweepTemporary(campaignFolder: string): void {
  for (const name of readdirSync(campaignFolder)) {
    if (name.includes('.tmp-')) rmSync(path.join(campaignFolder, name), { recursive: true, force: true });
  }
}

/** Points `latest` beside the campaign at it, atomically. */
export function pointLatest(campaignFolder: string): void {
  const runsFolder = path.dirname(campaignFolder);
  const temporary = path.join(runsFolder, `.latest-${process.pid}`);
  rmSync(temporary, { force: true });
  symlinkSync(path.basename(campaignFolder), temporary);
  failpoint('latest.before');
  renameSync(temporary, path.join(runsFolder, 'latest'));
  failpoint('latest.after');
}

/** Replaces a folder by one that `write` fills: readers see the old or the new one, or for a moment none. */
export async function writeFolder(
  folder: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${folder}.tmp-${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  failpoint('folder.before');
  await write(temporary);
  failpoint('folder.written');
  rmSync(folder, { recursive: true, force: true });
  failpoint('folder.removed');
  renameSync(temporary, folder);
  syncFolder(path.dirname(folder));
  failpoint('folder.after');
}
