/**
 * The error of configurations: order, form, and the nearest name.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, optionProblem } from '#campaigns/config-error.ts';
import { nearestName, suggestion } from '#node/config-names.ts';

test('problems are printed in the order of the file, one line each', () => {
  const at = (line: number, column: number) => ({
    file: 'f',
    line,
    column,
    path: 'p',
    message: 'm',
    remedy: '',
  });
  const error = new ConfigError([at(3, 1), at(2, 9), at(2, 1)]);
  assert.equal(error.message, 'f:2:1: p: m\nf:2:9: p: m\nf:3:1: p: m');
  assert.equal(error.code, 'invalid-config');
  assert.equal(error.exitCode, 20);
});

test('a problem of an option has no line', () => {
  assert.equal(new ConfigError([optionProblem('--seed', 'm', 'r')]).message, 'command line: --seed: m (r)');
});

test('the nearest name is found through typos, transpositions and case, and not through coincidence', () => {
  const known = ['network', 'nodes', 'kind', 'k', 'at', 'for'];
  assert.equal(nearestName('netwrok', known), 'network');
  assert.equal(nearestName('Nodes', known), 'nodes');
  assert.equal(nearestName('knid', known), 'kind');
  assert.equal(nearestName('kk', known), 'k');
  assert.equal(nearestName('completely-different', known), null);
  assert.equal(nearestName('x'.repeat(100_000), known), null);
  assert.equal(suggestion('zzzzzz', ['a1', 'b2']), 'known: a1, b2');
});
