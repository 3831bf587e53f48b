/**
 * Which code produced a result: a hash over the product's source files, so that a cell is never mixed with another's.
 * Owns: the hash and the names of product and version. Does not own: what depends on it (plan.ts).
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const productName = 'bft-scale';

const repositoryRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Folders whose code can change a result. Reports only show it. */
const hashedFolders = ['node', 'campaigns', 'budgets'] as const;

let known: string | null = null;

/** The first 16 hexadecimal digits of a SHA-256 over path and content of every source file. About 10 ms, once. */
export function codeVersion(root: string = repositoryRoot): string {
  if (root === repositoryRoot && known !== null) return known;
  const hash = createHash('sha256');
  for (const folder of hashedFolders) {
    const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
      .sort();
    for (const file of files) {
      const content = readFileSync(path.join(root, file));
      hash.update(`${file}\0${content.length}\0`).update(content);
    }
  }
  const version = hash.digest('hex').slice(0, 16);
  if (root === repositoryRoot) known = version;
  return version;
}

/** "0.1.0", from package.json. */
export function productVersion(): string {
  const text = readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8');
  const found = /"version":\s*"([^"]+)"/.exec(text);
  return found?.[1] ?? 'unknown';
}
