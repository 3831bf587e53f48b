/**
 * ARCHITECTURE.md against the tree: every folder, file and rule it names exists, and no folder with code is left out.
 * Method: names are read from the document's code spans. The import rules themselves are dependency-cruiser's.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '..');
const text = readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8');
const rules = readFileSync(path.join(root, '.dependency-cruiser.cjs'), 'utf8');

function section(title: string): string {
  const [, body] = text.split(`\n## ${title}\n`);
  assert.ok(body !== undefined, `a section ${title}`);
  return body.split('\n## ')[0] ?? '';
}

const spans = (markdown: string): string[] =>
  [...markdown.matchAll(/`([^`\n]+)`/g)].map((found) => found[1] ?? '');
const firstCells = (markdown: string): string[] =>
  [...markdown.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap((found) => spans(found[1] ?? ''));

const sources = ['node', 'campaigns', 'budgets', 'infra', 'reports', 'scripts', 'test'];
const isCode = (file: string): boolean => /\.(ts|mjs|cjs)$/.test(file);
const filesOf = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
    path.posix.join(folder, file.split(path.sep).join('/')),
  );
const codeFiles = sources.flatMap(filesOf).filter(isCode);
const documented = firstCells(section('Folders'));

test('every folder and file of the tables exists', () => {
  assert.ok(documented.length > 30, `${documented.length} names found`);
  assert.deepEqual(
    documented.filter((name) => !existsSync(path.join(root, name))),
    [],
  );
});

test('every top-level folder with code, and every folder with code of the product, has its row', () => {
  const unseen = new Set(['node_modules', 'runs']);
  const top = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !unseen.has(entry.name))
    .map((entry) => entry.name)
    .filter((name) => filesOf(name).some(isCode));
  assert.deepEqual(
    top.filter((name) => !documented.some((row) => row === name || row.startsWith(`${name}/`))),
    [],
  );
  const folders = new Set(
    codeFiles.filter((file) => !file.startsWith('test/')).map((file) => path.posix.dirname(file)),
  );
  assert.deepEqual(
    [...folders].filter((folder) => !documented.includes(folder)),
    [],
  );
});

test('every source file that the document mentions exists', () => {
  const mentioned = spans(text).filter((span) => /^[\w./-]+\.(ts|mjs|yaml)$/.test(span));
  const known = [...codeFiles, ...filesOf('campaigns').filter((file) => file.endsWith('.yaml'))];
  assert.ok(mentioned.length > 60, `${mentioned.length} files mentioned`);
  assert.deepEqual(
    mentioned.filter((name) => !known.some((file) => file === name || file.endsWith(`/${name}`))),
    [],
  );
});

test('every invariant names a test that exists, or a rule that is enforced', () => {
  const invariants = section('Invariants')
    .split('\n')
    .filter((line) => line.startsWith('* '));
  assert.ok(invariants.length > 15);
  for (const line of invariants) {
    assert.match(line, /^\* Architecture invariant: /);
    const names = spans(line);
    const tests = names.filter((name) => /^test\/.+\.test\.ts$/.test(name));
    const at = names.indexOf('.dependency-cruiser.cjs');
    const enforced = at < 0 ? [] : names.slice(at + 1);
    assert.ok(tests.length + enforced.length > 0, line);
    for (const file of tests) assert.ok(existsSync(path.join(root, file)), file);
    for (const rule of enforced) assert.ok(rules.includes(`name: '${rule}'`), rule);
  }
});

test('every decision has a date and a reason', () => {
  const rows = section('Decisions')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| date'));
  assert.ok(rows.length > 10);
  for (const row of rows) assert.match(row, /^\| \d{4}-\d\d-\d\d \| [^|]{10,} \| [^|]{10,} \|$/);
});
