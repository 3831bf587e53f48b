/**
 * The watchdog as the cloud runs it: the same files, their types stripped, their imports of each other made relative.
 * Owns: that translation. Does not own: the code, or libraries: the cloud's runtime brings the AWS SDK.
 */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

const FILES = ['watchdog', 'watchdog-decision'] as const;

/** File name to text. Throws when a file imports something that would not be there. */
export function lambdaFiles(): Readonly<Record<string, string>> {
  const entries = FILES.map((name) => {
    const source = readFileSync(new URL(`./${name}.ts`, import.meta.url), 'utf8');
    const code = stripTypeScriptTypes(source, { mode: 'strip' }).replaceAll(
      /(from ')#infra\/guard\/([a-z-]+)\.ts'/g,
      "$1./$2.mjs'",
    );
    for (const [, imported = ''] of code.matchAll(/\bfrom '([^']+)'/g)) {
      const known = imported.startsWith('@aws-sdk/') || FILES.some((file) => imported === `./${file}.mjs`);
      if (!known) throw new Error(`${name}.ts imports ${imported}, which the function would not find`);
    }
    return [`${name}.mjs`, code];
  });
  return Object.fromEntries(entries);
}
