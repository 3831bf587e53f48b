/** finance.yaml: what is set is taken as written, what is not set stays unknown, and what is wrong is named with its place. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { converted, noFinanceSettings } from '#budgets/finance-settings.ts';
import { parseUsd } from '#budgets/money.ts';
import { loadFinanceSettings, parseFinanceSettings } from '#campaigns/schema/finance-settings.ts';
import { coverSection } from '#reports/finance/cover-section.ts';
import { focusRows } from '#reports/finance/finance-report.ts';
import { phase3Rows, planOf, reportInput } from '#test/reports/finance/finance-fixture.ts';

const example = path.resolve(import.meta.dirname, '../../../docs/finance.example.yaml');

test('the example of the documentation is read and stands on the cover and in every FOCUS row', () => {
  const { settings, sha256 } = loadFinanceSettings(example);
  assert.match(sha256 ?? '', /^[0-9a-f]{64}$/);
  const input = { ...reportInput(planOf('phase3', phase3Rows.slice(0, 1))), settings };
  const page = String(coverSection(input));
  for (const word of ['R&amp;D-4711', '6420', 'PO-2026-118', '1 USD = 0.8642 EUR'])
    assert.ok(page.includes(word), word);
  for (const row of focusRows(input)) {
    assert.deepEqual([row.BillingAccountId, row.SubAccountId], ['123456789012', '210987654321']);
    assert.equal(JSON.parse(row.Tags ?? '{}')['cost-centre'], 'R&D-4711');
  }
});

test('nothing set is nothing guessed', () => {
  assert.deepEqual(parseFinanceSettings('{}', 'finance.yaml'), noFinanceSettings);
  const [row] = focusRows(reportInput(planOf('phase3', phase3Rows.slice(0, 1))));
  assert.deepEqual([row?.BillingAccountId, row?.BillingAccountName], ['acct-not-set', 'not set']);
});

test('a conversion is the amount times the rate, half to even on the cent', () => {
  const rate = { currency: 'EUR', perUsd: '0.5', date: '2026-11-27', source: 'x' };
  assert.equal(converted(parseUsd('2469.13'), rate), 'EUR 1,234.56');
  assert.equal(converted(parseUsd('-0.01'), { ...rate, perUsd: '1.25' }), '(EUR 0.01)');
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ['costCenter: x', /finance\.yaml:1:1: costCenter.*costCentre/],
  ['glCode: 6420', /glCode/],
  [
    'exchangeRate: {currency: USD, perUsd: "1", date: 2026-11-27, source: x}',
    /exchangeRate\.currency.*other than USD/,
  ],
  ['exchangeRate: {currency: EUR, perUsd: "0", date: 2026-11-27, source: x}', /perUsd.*positive/],
  ['exchangeRate: {currency: EUR, perUsd: 0.9, date: 2026-11-27, source: x}', /perUsd.*text/],
  ['billingAccount: {id: "1"}', /billingAccount\.name/],
];
for (const [text, says] of wrong)
  test(`refused: ${text}`, () => {
    assert.throws(() => parseFinanceSettings(text, 'finance.yaml'), says);
  });
