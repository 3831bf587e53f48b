/**
 * `npm test`: chooses the test files and runs them with the test runner of the pinned Node.
 * Default: every test/**\/*.test.ts except *.long.test.ts; `--long`: only those. A plain argument keeps the files whose
 * path contains it; an argument that starts with a dash goes to the test runner.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { nodeToUse, repositoryRoot } from './pinned-node.mjs';

function testFiles(long) {
  return readdirSync(path.join(repositoryRoot, 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('test', file.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.test.ts') && file.endsWith('.long.test.ts') === long)
    .sort();
}

const given = process.argv.slice(2);
const long = given.includes('--long');
const passedOn = given.filter((argument) => argument.startsWith('-') && argument !== '--long');
const wanted = given.filter((argument) => !argument.startsWith('-'));
const all = wanted.some((part) => part.endsWith('.long.test.ts'))
  ? [...testFiles(false), ...testFiles(true)]
  : testFiles(long);
const chosen = all.filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part.replace(/^\.\//, ''))),
);

if (chosen.length === 0) {
  process.stderr.write(
    `no ${long ? 'long ' : ''}test file matches ${wanted.join(', ') || 'test/**/*.test.ts'}\n`,
  );
  process.exit(1);
}

// One process per file: files that change the environment, the working directory or globals cannot disturb each other.
const run = spawnSync(
  nodeToUse(),
  [
    '--test',
    '--test-concurrency=2',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    ...passedOn,
    ...chosen,
  ],
  { cwd: repositoryRoot, stdio: 'inherit' },
);
process.exit(run.status ?? 1);
