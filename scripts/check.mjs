/**
 * `npm run check`: types, lint and format, import rules, tidy rules. All run even when one fails; exit 1 on any.
 * Does not own the rules: tsconfig*.json, biome.json, .dependency-cruiser.cjs and test/tidy.test.ts do.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { nodeToUse, repositoryRoot } from './pinned-node.mjs';

const node = nodeToUse();
const installed = (file) => path.join(repositoryRoot, 'node_modules', file);

/** Only what changed since the last check of this clone is looked at again. */
const types = (project) => [
  node,
  installed('typescript/bin/tsc'),
  '--noEmit',
  '--incremental',
  '--tsBuildInfoFile',
  path.join(installed('.cache'), 'bft-scale-types', `${project}.tsbuildinfo`),
  '-p',
  `${project}.json`,
];

const checks = [
  { name: 'types', command: types('tsconfig') },
  { name: 'types of the pure folders', command: types('tsconfig.pure') },
  {
    name: 'lint and format',
    command: [node, installed('@biomejs/biome/bin/biome'), 'ci', '--colors=off', '--error-on-warnings', '.'],
  },
  {
    name: 'import rules',
    command: [
      node,
      installed('dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      'node',
      'campaigns',
      'budgets',
      'infra',
      'reports',
      'test',
    ],
  },
  { name: 'tidy rules', command: [node, '--test', '--test-reporter=spec', 'test/tidy.test.ts'] },
];

function run(check) {
  const started = performance.now();
  return new Promise((resolve) => {
    const [command, ...rest] = check.command;
    const child = spawn(command, rest, { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', (error) => {
      output += error.message;
    });
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'}  ${check.name} (${seconds} s)\n`);
      if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`);
      resolve(code === 0);
    });
  });
}

const waiting = [...checks];
const results = [];
async function worker() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift())
    results.push(await run(check));
}
await Promise.all([worker(), worker()]);
const failed = results.filter((passed) => !passed).length;
process.stdout.write(`${results.length - failed} checks passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
