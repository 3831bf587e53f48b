/** A folder of its own for one test. Owns: making it, removing it when the test is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'store-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
