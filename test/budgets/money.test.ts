/** Money: exact parsing, formatting, rounding and allocation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BudgetError } from '#budgets/budget-error.ts';
import {
  addAmounts,
  allocate,
  amount,
  decimalUsd,
  divide,
  formatUnitPrice,
  formatUsd,
  formatWholeUsd,
  multiply,
  parseUsd,
  sum,
  times,
  usdMicros,
} from '#budgets/money.ts';

const seed = { seed: 20261121 };

test('a dollar text is read to the micro-dollar', () => {
  for (const [text, micros] of [
    ['$1,234.56', 1_234_560_000],
    ['0.11353', 113_530],
    ['-0.000001', -1],
    ['10,000', 10_000_000_000],
    ['.5', null],
    ['1,23', null],
    ['1.1234567', null],
    ['1e3', null],
    ['', null],
  ] as const) {
    if (micros === null) {
      assert.throws(
        () => parseUsd(text),
        (error) => error instanceof BudgetError && error.code === 'bad-amount',
      );
    } else assert.equal(parseUsd(text), micros);
  }
});

test('amounts print with cents, unit prices with at least five decimals, negatives in brackets', () => {
  assert.equal(formatUsd(parseUsd('1234567.895')), '$1,234,567.90');
  assert.equal(formatUsd(parseUsd('-12.344')), '($12.34)');
  assert.equal(formatUsd(parseUsd('0.005')), '$0.00');
  assert.equal(formatUsd(parseUsd('0.015')), '$0.02');
  assert.equal(formatUnitPrice(parseUsd('0.1')), '$0.10000');
  assert.equal(formatUnitPrice(parseUsd('0.935572')), '$0.935572');
  assert.equal(formatWholeUsd(parseUsd('7468.42')), '$7,468');
  assert.equal(decimalUsd(parseUsd('-0.000001')), '-0.000001');
  assert.equal(formatUsd(usdMicros(-0)), '$0.00');
});

test('rounding is half to even, up and down as asked, also below zero', () => {
  const cases = [
    [5n, 'half-even', 2n],
    [7n, 'half-even', 4n],
    [-5n, 'half-even', -2n],
    [-7n, 'half-even', -4n],
    [5n, 'up', 3n],
    [5n, 'down', 2n],
    [-5n, 'up', -2n],
    [-5n, 'down', -3n],
  ] as const;
  for (const [numerator, rounding, expected] of cases)
    assert.equal(divide(numerator, 2n, rounding), expected);
});

test('a product that leaves the safe range is an error, not a rounded figure', () => {
  assert.throws(() => times(usdMicros(Number.MAX_SAFE_INTEGER), 2), { code: 'amount-out-of-range' });
  assert.throws(() => usdMicros(0.5), { code: 'amount-out-of-range' });
  assert.throws(() => times(parseUsd('1'), 1.5), { code: 'bad-amount' });
});

test('a forecast is never added to a bill', () => {
  const parts = [amount('FORECAST', parseUsd('1')), amount('BILLED', parseUsd('1'))];
  assert.throws(() => addAmounts('FORECAST', parts), { code: 'mixed-amounts' });
});

test('printing and reading back gives the same amount (property, seed 20261121)', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (micros) => {
      assert.equal(parseUsd(decimalUsd(usdMicros(micros))), micros);
    }),
    seed,
  );
});

test('an allocation adds up to its total and differs from the exact share by less than a micro-dollar each (property, seed 20261121)', () => {
  const weights = fc
    .array(fc.nat(1_000_000), { minLength: 1, maxLength: 12 })
    .filter((all) => all.some((w) => w > 0));
  fc.assert(
    fc.property(fc.nat(1_000_000_000_000), weights, (total, all) => {
      const parts = allocate(usdMicros(total), all);
      const weight = BigInt(all.reduce((a, b) => a + b, 0));
      assert.equal(sum(parts), total);
      for (const [i, part] of parts.entries()) {
        const error = BigInt(part) * weight - BigInt(total) * BigInt(all[i]!);
        assert.ok(error > -weight && error <= weight);
      }
    }),
    seed,
  );
});

test('multiplying by a ratio is exact to half a micro-dollar (property, seed 20261121)', () => {
  fc.assert(
    fc.property(
      fc.nat(1_000_000_000),
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: 1_000_000 }),
      (micros, n, d) => {
        const product = multiply(usdMicros(micros), { times: BigInt(n), over: BigInt(d) });
        const twice = 2n * (BigInt(product) * BigInt(d) - BigInt(micros) * BigInt(n));
        assert.ok(twice <= BigInt(d) && twice >= -BigInt(d));
      },
    ),
    seed,
  );
});
