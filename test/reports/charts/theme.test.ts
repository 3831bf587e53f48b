/** Goal: colours can be read and told apart. Method: WCAG contrast, and distances after a simulation of deuteranopia. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { palette } from '#reports/charts/theme.ts';

type Rgb = readonly [number, number, number];

function linear(hex: string): Rgb {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(linear(one)), luminance(linear(other))].toSorted((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear values. */
function deuteranope(hex: string): Rgb {
  const [red, green, blue] = linear(hex);
  return [
    0.367 * red + 0.861 * green - 0.228 * blue,
    0.28 * red + 0.673 * green + 0.047 * blue,
    -0.012 * red + 0.043 * green + 0.969 * blue,
  ];
}

test('words in charts have a contrast of at least 4.5 on paper', () => {
  for (const name of ['ink', 'muted', 'limit', 'vermillion'] as const) {
    assert.ok(
      contrast(palette[name], palette.paper) >= 4.5,
      `${name}: ${contrast(palette[name], palette.paper)}`,
    );
  }
});

test('lines that share a panel stay apart for a reader without green cones', () => {
  const pairs = [
    ['blue', 'faint'],
    ['sky', 'vermillion'],
    ['blue', 'limit'],
  ] as const;
  for (const [one, other] of pairs) {
    const a = deuteranope(palette[one]);
    const b = deuteranope(palette[other]);
    const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    assert.ok(distance > 0.12, `${one} and ${other}: ${distance}`);
  }
});
