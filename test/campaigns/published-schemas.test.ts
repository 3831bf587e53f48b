/**
 * The published JSON Schemas are those of the types, and the documentation knows every metric and key.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { metricNames, metrics } from '#campaigns/analysis/metrics.ts';
import { publishedSchemas } from '#campaigns/published-schemas.ts';
import { readScenario } from '#campaigns/scenario-file.ts';
import { loadCalibration } from '#campaigns/schema/calibration.ts';
import { runScenarioSchema } from '#campaigns/schema.ts';
import { defaultCalibration } from '#node/model/calibration.ts';

const root = join(import.meta.dirname, '..', '..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

for (const { file, schema } of publishedSchemas()) {
  test(`schemas/${file} is up to date (node scripts/json-schema.ts writes it)`, () => {
    assert.deepEqual(JSON.parse(text(`schemas/${file}`)), JSON.parse(JSON.stringify(schema)));
  });
}

test('the documentation of the scenario format names every key and every metric with its unit', () => {
  const page = text('docs/scenario-format.md');
  for (const key of Object.keys(runScenarioSchema.shape)) {
    assert.ok(key === 'kind' || page.includes(`\`${key}\``), key);
  }
  for (const name of metricNames) assert.ok(page.includes(`| \`${name}\` | ${metrics[name].unit} |`), name);
});

test('the example in the documentation is a valid scenario', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(text('docs/scenario-format.md'))?.[1] ?? '';
  assert.equal(readScenario(example, 'docs/scenario-format.md').id, 'CT-002');
});

test("the example calibration is valid and carries the product's own figures", () => {
  const {
    name: _,
    measuredOn: __,
    ...figures
  } = loadCalibration(join(root, 'docs/calibration.example.yaml'));
  const { name: ___, measuredOn: ____, ...own } = defaultCalibration;
  assert.deepEqual(figures, own);
});
