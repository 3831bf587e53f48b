/**
 * Configurations that nobody would write: only clear errors with exit code 20, nothing else thrown, nothing written.
 * Ten thousand of them: configurations.fuzz.long.test.ts. Keys of the catalogue mistyped: configuration-typos.long.test.ts.
 */
import { test } from 'node:test';
import { assertRefused } from '#test/support/fuzzed-configurations.ts';

test('400 mutated or arbitrary configurations give a value or a clear error, and write nothing', () =>
  assertRefused(400));
