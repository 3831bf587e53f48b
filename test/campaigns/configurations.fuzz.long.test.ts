/** Configurations that nobody would write, many of them: only clear errors, nothing else thrown, nothing written. */
import { test } from 'node:test';
import { assertRefused } from '#test/support/fuzzed-configurations.ts';

test('10,000 mutated or arbitrary configurations give a value or a clear error, and write nothing', () =>
  assertRefused(10_000));
