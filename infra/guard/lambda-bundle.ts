/**
 * The watchdog as the cloud runs it: the same files, their types stripped, their imports of each other made relative.
 * Owns: that translation. Does not own: the code, or libraries: the cloud's runtime brings the AWS SDK.
 */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

/** Below the root of the repository. */
const FILES = ['infra/guard/watchdog', 'infra/guard/watchdog-decision', 'budgets/tag-keys'] as const;

/** File name to text. Throws when a file imports something that would not be there. */
export function lambdaFiles(): Readonly<Record<string, string>> {
  const names = FILES.map((file) => path.posix.basename(file));
  const entries = FILES.map((file, index) => {
    const name = names[index]!;
    const source = readFileSync(new URL(`../../${file}.ts`, import.meta.url), 'utf8');
    const code = stripTypeScriptTypes(source, { mode: 'strip' }).replaceAll(
      /(from ')#(?:infra\/guard|budgets)\/([a-z-]+)\.ts'/g,
      "$1./$2.mjs'",
    );
    for (const [, imported = ''] of code.matchAll(/\bfrom '([^']+)'/g)) {
      const known = imported.startsWith('@aws-sdk/') || names.some((one) => imported === `./${one}.mjs`);
      if (!known) throw new Error(`${name}.ts imports ${imported}, which the function would not find`);
    }
    return [`${name}.mjs`, code];
  });
  return Object.fromEntries(entries);
}
