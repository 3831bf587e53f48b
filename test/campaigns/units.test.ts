/**
 * Quantities: tables of what is read and of what is refused, and that printing reads back to the same number.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatDurationUs,
  formatRate,
  formatShare,
  formatSizeBytes,
  type Parsed,
  parseCount,
  parseDurationUs,
  parseNumber,
  parsePercent,
  parseRange,
  parseRateBitsPerSecond,
  parseShare,
  parseSizeBytes,
  parseUsdMicros,
} from '#campaigns/units.ts';

const seed = 20_261_121;

function accepts<T>(parse: (text: string) => Parsed<T>, table: Readonly<Record<string, T>>): void {
  for (const [text, value] of Object.entries(table)) assert.deepEqual(parse(text), { ok: true, value }, text);
}

function refuses<T>(parse: (text: string) => Parsed<T>, table: Readonly<Record<string, RegExp>>): void {
  for (const [text, reason] of Object.entries(table)) {
    const parsed = parse(text);
    assert.equal(parsed.ok, false, `${JSON.stringify(text)} was read`);
    assert.match(parsed.ok ? '' : parsed.reason, reason, text);
  }
}

test('durations are integer microseconds', () => {
  accepts(parseDurationUs, {
    '20us': 20,
    '250ms': 250_000,
    '1.5s': 1_500_000,
    '1m': 60_000_000,
    '1h': 3_600_000_000,
    '168h': 604_800_000_000,
    '7d': 604_800_000_000,
    '0s': 0,
    ' 2 s ': 2_000_000,
  });
  refuses(parseDurationUs, {
    '60': /one of us, ms, s, m, h, d, like 250ms/,
    '-1h': /negative/,
    '1H': /unit "H"/,
    '10MB': /unit "MB"/,
    '1h30m': /not a duration/,
    '1e3s': /not a duration/,
    NaN: /not a duration/,
    Infinity: /not a duration/,
    '': /not a duration/,
    '0.1us': /less than the smallest unit/,
    '9999999999h': /more than a duration can be/,
    '99999999999999999999s': /not a duration/,
    '1constructor': /unit "constructor"/,
  });
});

test('sizes are binary and rates are decimal', () => {
  accepts(parseSizeBytes, {
    '100B': 100,
    '1KB': 1_024,
    '512MB': 536_870_912,
    '2GB': 2_147_483_648,
    '0.5KB': 512,
  });
  refuses(parseSizeBytes, {
    '1kb': /unit "kb"/,
    '1': /not a size/,
    '-1KB': /negative/,
    '9999999TB': /more than/,
  });
  accepts(parseRateBitsPerSecond, { '100Mbps': 100_000_000, '1Gbps': 1_000_000_000, '64Kbps': 64_000 });
  refuses(parseRateBitsPerSecond, { '100MB': /unit "MB"; a rate is written in bps, Kbps, Mbps, Gbps/ });
});

test('shares are read from percentages and from fractions, and never exceed the whole', () => {
  accepts(parseShare, { '10%': 0.1, '0.1': 0.1, '0.01%': 0.0001, '33%': 0.33, '100%': 1, '0': 0, '1': 1 });
  refuses(parseShare, {
    '20': /write 20% if that is meant/,
    '101%': /more than the whole/,
    '-5%': /negative/,
    '0,1': /not a share/,
    '10 percent': /not a share/,
    '1e-3': /not a share/,
  });
  accepts(parsePercent, { '99.9%': 99.9, '-3%': -3, '250%': 250 });
  refuses(parsePercent, { '99.9': /not a percentage/ });
});

test('counts and numbers refuse what they are not', () => {
  accepts(parseCount, { '0': 0, '1000': 1000 });
  refuses(parseCount, {
    '1.5': /whole number/,
    '-1': /whole number/,
    '1e9': /whole number/,
    '': /whole number/,
  });
  accepts(parseNumber, { '0.5': 0.5, '1000': 1000 });
  refuses(parseNumber, { '0x10': /not a number/, NaN: /not a number/ });
});

test('a range has both ends in order, and one quantity is a range of one', () => {
  const counts = (text: string): Parsed<readonly [number, number]> => parseRange(text, parseCount);
  accepts(counts, { '2..4': [2, 4], '3': [3, 3] });
  refuses(counts, {
    '4..2': /start exceeds its end/,
    '1..2..3': /not a range/,
    '..4': /whole number/,
    '2..': /whole number/,
  });
  accepts((text) => parseRange(text, parseDurationUs), { '1ms..10ms': [1_000, 10_000] });
});

test('dollars become integer micro-dollars', () => {
  accepts(parseUsdMicros, { '$0.34': 340_000, '$10,000': 10_000_000_000, $1000: 1_000_000_000 });
  refuses(parseUsdMicros, {
    '10000': /dollars/,
    '$1,00': /dollars/,
    '$-1': /dollars/,
    '$0.1234567': /dollars/,
  });
});

test('a reason never repeats more than forty characters of what was written', () => {
  const parsed = parseDurationUs('x'.repeat(10_000));
  assert.ok(!parsed.ok && parsed.reason.length < 200);
});

test('what is printed reads back to the same number', () => {
  const positive = fc.integer({ min: 0, max: 2 ** 50 });
  fc.assert(
    fc.property(positive, fc.integer({ min: 0, max: 1_000_000 }), (value, millionths) => {
      const bounded = value % (366 * 86_400_000_000);
      assert.deepEqual(parseDurationUs(formatDurationUs(bounded)), { ok: true, value: bounded });
      assert.deepEqual(parseSizeBytes(formatSizeBytes(value)), { ok: true, value });
      assert.deepEqual(parseRateBitsPerSecond(formatRate(value % 1e12)), { ok: true, value: value % 1e12 });
      const share = parseShare(formatShare(millionths / 1e6));
      assert.ok(share.ok && Math.abs(share.value - millionths / 1e6) < 1e-12);
    }),
    { seed, numRuns: 2_000 },
  );
});
