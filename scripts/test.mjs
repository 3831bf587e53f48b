/**
 * `npm test`: chooses the test files and runs them with the test runner of the pinned Node.
 * Default: every test/**\/*.test.ts except *.long, *.real, *.bed, *.scale, *.finance and *.deep.test.ts; `--long` and so on: only those.
 * Real ones run many node processes and those of the bed a cloud's programs: one file at a time. A plain argument keeps the files whose path
 * contains it; an argument that starts with a dash goes to the test runner.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { nodeToUse, repositoryRoot } from './pinned-node.mjs';

const kinds = ['long', 'real', 'bed', 'scale', 'finance', 'deep'];
const kindOf = (file) => kinds.find((kind) => file.endsWith(`.${kind}.test.ts`)) ?? 'quick';

function testFiles(kind) {
  return readdirSync(path.join(repositoryRoot, 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('test', file.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.test.ts') && kindOf(file) === kind)
    .sort();
}

const given = process.argv.slice(2);
const kind = kinds.find((name) => given.includes(`--${name}`)) ?? 'quick';
const passedOn = given.filter((argument) => argument.startsWith('-') && argument !== `--${kind}`);
const wanted = given.filter((argument) => !argument.startsWith('-'));
const all = wanted.some((part) => kindOf(part) !== 'quick')
  ? ['quick', ...kinds].flatMap(testFiles)
  : testFiles(kind);
const chosen = all.filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part.replace(/^\.\//, ''))),
);

if (chosen.length === 0) {
  process.stderr.write(
    `no ${kind === 'quick' ? '' : `${kind} `}test file matches ${wanted.join(', ') || 'test/**/*.test.ts'}\n`,
  );
  process.exit(1);
}

/**
 * Compiling and stripping the same modules is a third of what a short test file costs: it happens once, here and in every program
 * that a test starts. Keyed by content; removed with the packages. Whoever sets the variable decides otherwise.
 */
const compileCache = path.join(repositoryRoot, 'node_modules', '.cache', 'bft-scale-tests');

// One process per file: files that change the environment, the working directory or globals cannot disturb each other.
const run = spawnSync(
  nodeToUse(),
  [
    '--test',
    `--test-concurrency=${kind === 'real' || kind === 'bed' ? 1 : 2}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    // Last, so that what was not run is not lost among what was.
    '--test-reporter=./scripts/not-run-reporter.mjs',
    '--test-reporter-destination=stdout',
    ...passedOn,
    ...chosen,
  ],
  {
    cwd: repositoryRoot,
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
  },
);
process.exit(run.status ?? 1);
