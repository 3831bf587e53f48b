/**
 * The FOCUS files under the FinOps Foundation's own validator, rules of FOCUS 1.2: nothing fails but what contradicts itself in its model.
 * Method: focus_validator as a process of its own; it ends with 0 whatever it found, so its lines are read. Half of its rules it skips
 * ("dynamic"), hence focus-checks.ts. Planted faults prove that a fault is found.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { focusRows } from '#reports/finance/finance-report.ts';
import { focusCsv, focusParquet } from '#reports/finance/focus-files.ts';
import { focusTool, missing } from '#test/bed/tools.ts';
import { ledgerOf, phase3Rows, planOf, reportInput } from '#test/reports/finance/finance-fixture.ts';
import { focusProblems } from '#test/reports/finance/focus-checks.ts';

const skip = missing(focusTool);
const folder = mkdtempSync(path.join(tmpdir(), 'focus-validator-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Rules of the validator's model 1.2 that no file can meet. InvoiceId-C-004-C says "MUST be null", -C-005-C "MUST NOT be null", both without
 * their condition: one of them always fails. The two Status rules ask for a value beside an id that is null.
 */
const CONTRADICTIONS: readonly string[] = [
  'InvoiceId-C-004-C',
  'InvoiceId-C-005-C',
  'CommitmentDiscountStatus-C-004-C',
  'CapacityReservationStatus-C-004-C',
];

interface Failure {
  readonly rule: string;
  readonly line: string;
  /** Rules that it is made of and that failed; empty for a rule of its own. */
  readonly parts: readonly string[];
}

function failureOf([line, rule = '']: RegExpMatchArray): Failure {
  const parts = line.split('failed child rules:')[1] ?? '';
  return { rule, line, parts: parts.match(/[A-Za-z]+-[ACD]-\d{3}-[A-Z]/g) ?? [] };
}

/** Without the contradictions, and without rules that fail for nothing but them. */
function unexplained(failures: readonly Failure[]): readonly string[] {
  const explained = new Set(CONTRADICTIONS);
  for (;;) {
    const more = failures.filter(
      ({ rule, parts }) =>
        !explained.has(rule) && parts.length > 0 && parts.every((one) => explained.has(one)),
    );
    if (more.length === 0) break;
    for (const { rule } of more) explained.add(rule);
  }
  return failures.filter(({ rule }) => !explained.has(rule)).map(({ line }) => line);
}

interface Verdict {
  readonly passed: number;
  /** Rule and message, without the contradictions. */
  readonly failed: readonly string[];
}

function validate(file: string): Verdict {
  const packages = path.join(focusTool.folder, 'lib');
  const python = readdirSync(packages).find((name) => name.startsWith('python')) ?? '';
  const ran = spawnSync(
    // Not by its first line: that names the folder it was built in, which was renamed since.
    path.join(focusTool.folder, 'bin', 'python'),
    [
      path.join(focusTool.folder, 'bin', 'focus-validator'),
      '--data-file',
      file,
      '--validate-version',
      '1.2.0.1',
      '--block-download',
      '--applicability-criteria',
      'ALL',
    ],
    // It reads a list of currencies from its working directory.
    { cwd: path.join(packages, python, 'site-packages'), encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  assert.equal(ran.error, undefined);
  const total = /^Total: (\d+) \| Pass: (\d+) \| Fail: (\d+)/m.exec(ran.stdout);
  assert.ok(ran.status === 0 && total !== null, `the validator gave no verdict: ${ran.stderr.slice(-2_000)}`);
  const failures = [...ran.stdout.matchAll(/^❌ (\S+): FAIL\s+\(.*$/gm)].map(failureOf);
  assert.equal(failures.length, Number(total[3]), 'a failure is counted and not listed');
  return { passed: Number(total[2]), failed: unexplained(failures) };
}

/** One run of LT-003 on 5,000 nodes: every component, spot and on demand, usage and adjustment; forecast, metered and billed. */
const input = reportInput(planOf('phase3', phase3Rows.slice(0, 1)));
const rows = focusRows({ ...input, ledger: ledgerOf(input) });
async function stored(name: string, some: typeof rows): Promise<string> {
  const file = path.join(folder, name);
  writeFileSync(file, await focusParquet(some));
  return file;
}

test('the FOCUS 1.2 Parquet of a cloud campaign: no rule fails but the contradictions of the model', {
  skip,
}, async () => {
  assert.deepEqual(
    [...new Set(rows.map(({ x_CostState }) => x_CostState))],
    ['FORECAST', 'METERED', 'BILLED'],
  );
  const { passed, failed } = validate(await stored('campaign.parquet', rows));
  assert.deepEqual(failed, []);
  assert.ok(passed >= 350, `only ${passed} rules were looked at`);
});

test('the FOCUS 1.2 CSV of the same rows fails no rule that the Parquet does not', { skip }, () => {
  const file = path.join(folder, 'campaign.csv');
  writeFileSync(file, focusCsv(rows));
  const { passed, failed } = validate(file);
  assert.deepEqual(failed, []);
  assert.ok(passed >= 300, `only ${passed} rules were looked at`);
});

test('a planted currency and a missing unit are found by the validator, a planted category by our own checks: it is blind there', {
  skip,
}, async () => {
  const planted = rows.map((row, i) =>
    i === 0 ? { ...row, BillingCurrency: 'DOLLARS', ChargeCategory: 'Rent', PricingUnit: null } : row,
  );
  const { failed } = validate(await stored('planted.parquet', planted));
  const rules = failed.join('\n');
  for (const column of ['BillingCurrency', 'PricingUnit'])
    assert.match(rules, new RegExp(`❌ ${column}-`), column);
  assert.ok(focusProblems(planted).some((problem) => problem.includes('charge category')));
});
