/**
 * The workbook and the PDF under programs that are not ours: LibreOffice computes every formula anew and finds the cached values, qpdf finds
 * a sound file. A planted wrong value proves that a difference is found.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readXlsx, writeXlsx } from 'hucre/xlsx';
import { financeHtml } from '#reports/finance/finance-report.ts';
import { findChromium, pagePdf } from '#reports/finance/pdf.ts';
import { allSheets } from '#reports/finance/sheets/all-sheets.ts';
import { workbookBytes } from '#reports/finance/workbook.ts';
import { ledgerOf, phase3Rows, planOf, reportInput } from '#test/reports/finance/finance-fixture.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'workbook-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function absent(program: string, debianPackage: string): string | false {
  const there = spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
  return there ? false : `NOT RUN: ${program} is not installed (Debian: apt-get install ${debianPackage})`;
}
const noOffice = absent('soffice', 'libreoffice-calc-nogui');
const noQpdf = absent('qpdf', 'qpdf');
const noChromium =
  findChromium() === null ? 'NOT RUN: no Chromium is installed (Debian: apt-get install chromium)' : false;

/** LibreOffice trusts cached values unless it is told to compute: 0 = always. */
const RECALCULATE = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
`;

/** The bytes after LibreOffice opened the workbook, computed it and saved it. */
function recalculated(name: string, bytes: Uint8Array): Uint8Array {
  const profile = path.join(folder, 'profile');
  mkdirSync(path.join(profile, 'user'), { recursive: true });
  writeFileSync(path.join(profile, 'user', 'registrymodifications.xcu'), RECALCULATE);
  const given = path.join(folder, `${name}.xlsx`);
  writeFileSync(given, bytes);
  const out = path.join(folder, 'recalculated');
  const words = [
    `-env:UserInstallation=${pathToFileURL(profile).href}`,
    '--headless',
    '--convert-to',
    'xlsx',
    '--outdir',
    out,
    given,
  ];
  const ran = spawnSync('soffice', words, { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  return readFileSync(path.join(out, `${name}.xlsx`));
}

interface Computed {
  readonly formulas: number;
  readonly different: readonly string[];
}

const blank = (value: unknown): boolean => value === null || value === undefined || value === '';

/** Every cell with a formula in `before`: its cached value there and in `after`. */
async function compared(before: Uint8Array, after: Uint8Array): Promise<Computed> {
  const [cached, computed] = await Promise.all([readXlsx(before), readXlsx(after)]);
  let formulas = 0;
  const different: string[] = [];
  for (const [i, sheet] of cached.sheets.entries()) {
    for (const [address, cell] of sheet.cells ?? []) {
      if (cell.formula === undefined) continue;
      formulas += 1;
      const [line = 0, column = 0] = address.split(',').map(Number);
      const [own, other] = [sheet.rows[line]?.[column], computed.sheets[i]?.rows[line]?.[column]];
      const equal =
        (blank(own) && blank(other)) ||
        (typeof own === 'number' && typeof other === 'number' ? Math.abs(own - other) < 5e-7 : own === other);
      if (!equal)
        different.push(`${sheet.name} ${address} ${cell.formula}: ${String(own)}, computed ${String(other)}`);
    }
  }
  return { formulas, different };
}

const input = reportInput(planOf('phase3', phase3Rows));
const metered = { ...input, ledger: ledgerOf(input) };

for (const [name, given] of [
  ['forecast', input],
  ['metered', metered],
] as const)
  test(`LibreOffice computes every formula of the ${name} workbook to its cached value`, {
    skip: noOffice,
  }, async () => {
    const bytes = await workbookBytes(allSheets(given), 'x', 'FORECAST', '2026-11-21T00:00:00Z');
    const { formulas, different } = await compared(bytes, recalculated(name, bytes));
    assert.deepEqual(different, []);
    assert.ok(formulas > 80, `${formulas} formulas`);
  });

test('a cached value that is not what its formula gives is found', { skip: noOffice }, async () => {
  const cells = new Map([
    ['0,0', { value: 2 }],
    ['1,0', { value: 5, type: 'formula' as const, formula: 'A1*2', formulaResult: 5 }],
  ]);
  const bytes = await writeXlsx({ sheets: [{ name: 'planted', rows: [[], []], cells }] });
  const { different } = await compared(bytes, recalculated('planted', bytes));
  assert.deepEqual(different, ['planted 1,0 A1*2: 5, computed 4']);
});

test('qpdf finds nothing wrong with the PDF', { skip: noQpdf || noChromium }, async () => {
  const chromium = findChromium();
  assert.ok(chromium !== null);
  const file = path.join(folder, 'report.pdf');
  writeFileSync(file, await pagePdf(await financeHtml(metered), chromium));
  const { status, stdout, stderr } = spawnSync('qpdf', ['--check', file], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
