/**
 * Every key of every file of the catalogue, mistyped: the error stands at its line and names the key that was meant.
 * Arbitrary configurations: configurations.fuzz.test.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMap, isScalar, parseDocument, visit } from 'yaml';
import { ConfigError } from '#campaigns/config-error.ts';
import { loadCatalogue, readScenarios } from '#campaigns/scenario-file.ts';

const root = join(import.meta.dirname, '..', '..');

/** The ways in which a key is usually mistyped. */
function typos(key: string): string[] {
  const middle = Math.floor(key.length / 2);
  const swapped = key.slice(0, middle - 1) + key[middle]! + key[middle - 1]! + key.slice(middle + 1);
  const found = [
    `${key}x`,
    key.slice(0, middle) + key.slice(middle + 1),
    key.slice(0, middle) + key[middle] + key.slice(middle),
  ];
  if (middle > 0) found.push(swapped);
  return found.filter((typo) => typo !== key && typo !== '');
}

test('every key of the catalogue, mistyped in the usual ways, is named by the error at its place', () => {
  let tried = 0;
  for (const file of new Set(loadCatalogue().map((entry) => entry.file))) {
    const text = readFileSync(join(root, file), 'utf8');
    const isSuiteFile = text.startsWith('suite:');
    const keys: { readonly name: string; readonly at: number; readonly siblings: readonly string[] }[] = [];
    visit(parseDocument(text), {
      Map: (_, map) => {
        const names = map.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []));
        for (const { key } of map.items) {
          if (isScalar(key) && isMap(map))
            keys.push({ name: String(key.value), at: key.range?.[0] ?? 0, siblings: names });
        }
      },
    });
    for (const { name, at, siblings } of keys) {
      // A suite is parsed as a whole for each of its hundreds of keys: one kind of mistake for each, in turn.
      const mistakes = typos(name);
      for (const typo of isSuiteFile ? [mistakes[at % mistakes.length]!] : mistakes) {
        if (siblings.includes(typo)) continue;
        tried += 1;
        const mistyped = text.slice(0, at) + typo + text.slice(at + name.length);
        const line = text.slice(0, at).split('\n').length;
        // One letter from two names; in a suite either may stand in the part that was not mistyped.
        const meant = typo === 'noes' ? ['nodes', 'notes'] : [name];
        assert.throws(
          () => readScenarios(mistyped, file),
          (error) =>
            error instanceof ConfigError &&
            error.problems.some(
              (problem) =>
                problem.line === line && meant.some((one) => problem.remedy === `did you mean "${one}"?`),
            ),
          `${file}: ${name} mistyped as ${typo}`,
        );
      }
    }
  }
  assert.ok(tried > 3_000, `${tried} typos tried`);
});
