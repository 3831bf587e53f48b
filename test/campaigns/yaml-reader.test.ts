/**
 * The reader: where things are, and what it refuses before any schema sees it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, formatProblem } from '#campaigns/config-error.ts';
import { configurationBytesMost } from '#campaigns/limits.ts';
import { formatPath, readConfiguration, readConfigurationText } from '#campaigns/yaml-reader.ts';

function problems(text: string): string[] {
  return readConfiguration(text, 'f.yaml').problems.map(formatProblem);
}

test('YAML and JSON with tabs read to the same data', () => {
  const yaml = readConfiguration('a: 1\nb: [x, 2..4, 10%]\n', 'f.yaml');
  const json = readConfiguration('{\n\t"a": 1,\n\t"b": ["x", "2..4", "10%"]\n}\n', 'f.json');
  assert.deepEqual(yaml.value, { a: 1, b: ['x', '2..4', '10%'] });
  assert.deepEqual(json.value, yaml.value);
  assert.deepEqual(json.problems, []);
});

test('a problem points at the value, at the key, or at the nearest part that exists', () => {
  const read = readConfiguration('a:\n  b: 1\n  c: [2, 30]\n', 'f.yaml');
  assert.equal(formatProblem(read.at(['a', 'c', 1], 'm')), 'f.yaml:3:10: a.c[1]: m');
  assert.equal(formatProblem(read.atKey(['a', 'b'], 'm', 'r')), 'f.yaml:2:3: a.b: m (r)');
  assert.equal(formatProblem(read.at(['a', 'missing'], 'm')), 'f.yaml:1:1: a.missing: m');
});

const refused: readonly (readonly [string, string, string])[] = [
  ['a key that is written twice', 'a: 1\na: 2\n', 'f.yaml:2:1: a: is written twice (keep one of the two)'],
  [
    'a prototype key',
    'x: { __proto__: { y: 1 } }\n',
    'f.yaml:1:6: x.__proto__: the key "__proto__" is not allowed (remove it)',
  ],
  [
    'a constructor key',
    'constructor: 1\n',
    'f.yaml:1:1: constructor: the key "constructor" is not allowed (remove it)',
  ],
  ['NaN', 'a: .nan\n', 'f.yaml:1:4: a: .nan is not a finite number'],
  ['infinity', 'a: -.inf\n', 'f.yaml:1:4: a: -.inf is not a finite number'],
  ['a number too large for a double', 'a: 1e999\n', 'f.yaml:1:4: a: 1e999 is not a finite number'],
  ['a key that is no text', '1: x\n', 'f.yaml:1:1: has a key that is not text (quote it)'],
  ['a key that is a list', '? [a]\n: 1\n', 'f.yaml:1:3: has a key that is not text (quote it)'],
  [
    'a tag',
    'a: !!js/function 1\n',
    'f.yaml:1:18: a: the tag tag:yaml.org,2002:js/function is not supported (leave it out)',
  ],
  ['several documents', 'a: 1\n---\nb: 2\n', 'f.yaml:2:1: holds more than one document (keep one)'],
];

for (const [what, text, expected] of refused) {
  test(`${what} is one clear problem`, () => assert.deepEqual(problems(text), [expected]));
}

test('an anchor bomb is refused without being expanded', () => {
  const lines = ['a0: &a0 [x, x]'];
  for (let level = 1; level < 30; level += 1) {
    lines.push(`a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`);
  }
  const found = problems(lines.join('\n'));
  assert.equal(found.length, 30 + 29 * 2);
  assert.match(found[0]!, /the anchor &a0 is not supported/);
  assert.match(found[2]!, /the alias \*a0 is not supported/);
});

test('text that is no YAML is one problem, not its echoes', () => {
  const found = problems('a: [1,\n  b\nc: }\n');
  assert.equal(found.length, 1);
  assert.match(found[0]!, /^f\.yaml:\d+:\d+: cannot be read: /);
});

test('depth, number of values and length have limits', () => {
  assert.match(problems(`${'['.repeat(40)}${']'.repeat(40)}`)[0]!, /nested deeper than 12 levels/);
  const many = problems(`a: [${'1,'.repeat(30_000)}1]`);
  assert.equal(many.length, 1);
  assert.match(many[0]!, /more than 20000 values/);
  assert.match(problems('#'.repeat(configurationBytesMost + 1))[0]!, /is longer than/);
});

test('a path prints names and indexes, and quotes what is no name', () => {
  assert.equal(formatPath(['faults', 0, 'at']), 'faults[0].at');
  assert.equal(formatPath(['a\u001b[31m', 'b']), '"a\\u001b[31m".b');
});

test('a file that cannot be read is a configuration error', () => {
  for (const [path, reason] of [
    ['/does/not/exist.yaml', /cannot be opened \(ENOENT\)/],
    [import.meta.dirname, /is not a file/],
  ] as const) {
    assert.throws(
      () => readConfigurationText(path),
      (error) => error instanceof ConfigError && error.exitCode === 20 && reason.test(error.message),
    );
  }
});
