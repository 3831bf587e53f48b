/**
 * Runs the fuzzer of configurations and judges what it counted. Owns: the process it runs in, the assertions. Does not own: the
 * configurations (campaigns/fuzz-configurations.ts). The process may not write: an attempt would throw and fail it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const script = join(root, 'test', 'campaigns', 'fuzz-configurations.ts');
const seed = 20_261_121;

/** So many configurations, each a value or a clear error; both kinds occur in earnest. */
export function assertRefused(count: number): void {
  // The packages may lie elsewhere, behind a link.
  const readable = [root, realpathSync(join(root, 'node_modules'))];
  const flags = ['--permission', ...readable.map((folder) => `--allow-fs-read=${folder}/*`)];
  const words = [...flags, script, String(seed), String(count)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr.slice(0, 4_000));
  const counts: unknown = JSON.parse(stdout);
  assert.ok(typeof counts === 'object' && counts !== null && 'read' in counts && 'refused' in counts);
  assert.equal(Number(counts.read) + Number(counts.refused), count);
  const isTwoSided = Number(counts.read) > 0.03 * count && Number(counts.refused) > 0.5 * count;
  assert.ok(isTwoSided, `one-sided: ${stdout}`);
}
