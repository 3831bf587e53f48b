/**
 * `npm run resilience`: what each mechanism of resilience is worth, on and off; stored for the scale report. About half a minute.
 * Owns: the table and the file. Does not own: the scenarios (scenarios.ts), what must change (resilience.long.test.ts).
 */
import { renameSync, writeFileSync } from 'node:fs';
import { codeVersion } from '#campaigns/code-version.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import { type ResilienceTable, resilienceFile } from '#reports/scale/resilience-table.ts';
import { figureOf, scenarios } from './scenarios.ts';

async function measured(): Promise<ResilienceTable> {
  const rows: ResilienceTable['rows'] = [];
  for (const scenario of scenarios) {
    const { mechanism, name, figure, unit } = scenario;
    process.stderr.write(`${mechanism}: ${name}\n`);
    rows.push({
      mechanism,
      name,
      figure,
      unit,
      on: await figureOf(scenario, true),
      off: await figureOf(scenario, false),
    });
  }
  const at = new Date().toISOString().slice(0, 10);
  return { version: 1, at, codeVersion: codeVersion(), nodeVersion: process.version, rows };
}

const table = await measured();
// Whole or absent.
writeFileSync(`${resilienceFile}.partial`, `${JSON.stringify(table, null, 1)}\n`);
renameSync(`${resilienceFile}.partial`, resilienceFile);
const columns = [
  { title: 'mechanism' },
  { title: 'scenario', most: 60 },
  { title: 'figure', most: 40 },
  { title: 'on', align: 'right' as const },
  { title: 'off', align: 'right' as const },
];
const rows = table.rows.map(({ mechanism, name, figure, unit, on, off }) => [
  mechanism,
  name,
  figure,
  `${Math.round(on)} ${unit}`.trim(),
  `${Math.round(off)} ${unit}`.trim(),
]);
process.stdout.write(textTable(columns, rows));
