/**
 * Where the programs of the test bed are kept between runs: one folder per tool and pinned input, whole or absent.
 * Owns: the place ($XDG_CACHE_HOME or ~/.cache, then bft-scale-bed), the key, filling a folder at once. Does not own: what is built (tools.ts).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const cacheRoot = path.join(
  process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'),
  'bft-scale-bed',
);

/** The folder of a tool: another pin is another folder, so that a stale program is never used. */
export function toolFolder(name: string, pinFiles: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of pinFiles) hash.update(readFileSync(file)).update('\0');
  return path.join(cacheRoot, `${name}-${os.platform()}-${os.arch()}-${hash.digest('hex').slice(0, 16)}`);
}

export function isFilled(folder: string, programs: readonly string[]): boolean {
  return programs.every((program) => existsSync(path.join(folder, program)));
}

/** Fills beside the folder and renames: a build that is stopped leaves nothing that looks finished. */
export async function fillFolder(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  mkdirSync(path.dirname(folder), { recursive: true });
  const beside = mkdtempSync(`${folder}.`);
  try {
    await fill(beside);
    rmSync(folder, { recursive: true, force: true });
    renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}
