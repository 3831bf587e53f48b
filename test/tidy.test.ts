/**
 * Code about code: the form that every file of the repository keeps, read from the files themselves.
 * Each rule lists its violations, so that the message of a failing rule is the list of what to mend.
 * The last tests plant a violation of each syntax rule, so that a rule that sees nothing cannot pass.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const linesMost = 450;
const functionLinesMost = 60;
const bytesMost = 1_048_576;

interface SourceText {
  /** Relative to the repository, with slashes. */
  readonly file: string;
  readonly text: string;
}

function walk(folder: string): string[] {
  const unseen = new Set(['node_modules', '.git', 'runs']);
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return unseen.has(entry.name) ? [] : walk(file);
    return entry.isFile() ? [file] : [];
  });
}

const files = walk('.');
const code: readonly SourceText[] = files
  .filter((file) => /\.(ts|mjs|cjs)$/.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
const product = code.filter(({ file }) => /^(node|campaigns|budgets|infra|reports)\//.test(file));
const isPure = (file: string): boolean => /^node\/(core|byzantine|chain|model)\//.test(file);

const parsed = new Map<string, ts.SourceFile>();
function parse(source: SourceText): ts.SourceFile {
  const kind = source.file.endsWith('.ts') ? ts.ScriptKind.TS : ts.ScriptKind.JS;
  const key = `${source.file}\n${source.text}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const tree = ts.createSourceFile(source.file, source.text, ts.ScriptTarget.Latest, true, kind);
  parsed.set(key, tree);
  return tree;
}

/** Every node of the tree, depth first. */
function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function at(tree: ts.SourceFile, node: ts.Node): string {
  return `${tree.fileName}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
}

type Rule = (source: SourceText) => string[];

/** A rule that looks at single syntax nodes: it says what is wrong, or null. */
function nodeRule(judge: (node: ts.Node, tree: ts.SourceFile) => string | null): Rule {
  return (source) => {
    const tree = parse(source);
    const found: string[] = [];
    visit(tree, (node) => {
      const wrong = judge(node, tree);
      if (wrong !== null) found.push(`${at(tree, node)} ${wrong}`);
    });
    return found;
  };
}

const lineCount = (text: string): number => text.trimEnd().split('\n').length;

const fileLength: Rule = ({ file, text }) =>
  lineCount(text) > linesMost ? [`${file} has ${lineCount(text)} lines, at most ${linesMost}`] : [];

/** `describe(...)` only groups tests: its callback is a chapter, not a function. */
function isChapter(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^(describe|suite)$/.test(node.parent.expression.getText());
}

const functionLength = nodeRule((node, tree) => {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined || isChapter(node))
    return null;
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  const lines = tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
  return lines > functionLinesMost ? `a function of ${lines} lines, at most ${functionLinesMost}` : null;
});

const header: Rule = ({ file, text }) => {
  const opening = text.replace(/^#!.*\n/, '');
  const block = /^\/\*\*?([\s\S]*?)\*\//.exec(opening);
  const lines =
    block === null
      ? (/^(?:\/\/.*\n)+/.exec(opening)?.[0].trimEnd().split('\n') ?? [])
      : block[1]!.split('\n').filter((line) => line.replace(/^\s*\*?/, '').trim() !== '');
  if (lines.length === 0) return [`${file} does not open with a comment on what it owns`];
  if (lines.length > 8) return [`${file} opens with ${lines.length} lines of comment: 2 to 6 are enough`];
  return file.startsWith('test/') || lines.join(' ').length > 40
    ? []
    : [`${file} opens with too short a comment: what does it own, what not?`];
};

const noDefaultExport = nodeRule((node) => {
  if (ts.isExportAssignment(node)) return 'a default export';
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)
    ? 'a default export'
    : null;
});

const noAny = nodeRule((node) => {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'the type any';
  const throughUnknown =
    ts.isAsExpression(node) &&
    ts.isAsExpression(node.expression) &&
    node.expression.type.kind === ts.SyntaxKind.UnknownKeyword;
  return throughUnknown ? 'a cast through unknown' : null;
});

const silencers = new RegExp(`@ts-(ignore|nocheck|expect-error)|\\b(TO${'DO'}|FIX${'ME'})\\b`);
const noSilencer: Rule = ({ file, text }) =>
  text
    .split('\n')
    .flatMap((line, index) => (silencers.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : []));

/** Pulumi runs the index of the folder that Pulumi.yaml names. */
const pulumiEntries: ReadonlySet<string> = new Set(['infra/index.ts', 'infra/guard/index.ts']);
const noBarrel: Rule = ({ file }) =>
  !pulumiEntries.has(file) && /(^|\/)(index|utils?|helpers?|common)\.(ts|mjs|cjs)$/.test(file)
    ? [`${file}: a file is named after its noun`]
    : [];

const forbiddenGlobals = new Set([
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'process',
  'Promise',
  'BigInt',
]);
const forbiddenMath = /^(random|exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan)$/;

/** Two machines must compute the same bits, and nothing but the arguments may decide. */
const pureGlobals = nodeRule((node) => {
  if (ts.isPropertyAccessExpression(node) && node.expression.getText() === 'Math') {
    return forbiddenMath.test(node.name.text) ? `Math.${node.name.text} in a pure folder` : null;
  }
  if (ts.isIdentifier(node) && forbiddenGlobals.has(node.text)) {
    const parent = node.parent;
    const isName =
      (ts.isPropertyAccessExpression(parent) && parent.name === node) || ts.isPropertyAssignment(parent);
    return isName ? null : `${node.text} in a pure folder`;
  }
  if (ts.isBigIntLiteral(node)) return 'a bigint in a pure folder';
  if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) return 'async in a pure folder';
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken) {
    const constant = ts.isNumericLiteral(node.left) && ts.isNumericLiteral(node.right);
    return constant ? null : 'the power operator in a pure folder';
  }
  return null;
});

/** A member of an exported record that is a number of a physical quantity says its unit: `timeoutMs`, not `timeout`. */
const unitsInNames = nodeRule((node) => {
  if (!ts.isPropertySignature(node) || node.type?.kind !== ts.SyntaxKind.NumberKeyword) return null;
  const owner = node.parent;
  const exported =
    ts.isInterfaceDeclaration(owner) && (ts.getCombinedModifierFlags(owner) & ts.ModifierFlags.Export) !== 0;
  const name = node.name.getText();
  return exported &&
    /(latency|duration|timeout|delay|interval|elapsed|memory|bandwidth|deadline)$/i.test(name)
    ? `${name} is a number without a unit in its name`
    : null;
});

function listed(rule: Rule, sources: readonly SourceText[]): void {
  assert.deepEqual(sources.flatMap(rule), []);
}

const machinePath = new RegExp(`(^|[\\s'"\`(=:])/(${['root', 'home', 'work'].join('|')})/`);
const internalWords = new RegExp(
  `\\b(${['shared', 'reference'].join('/')}|${['issue', '#?\\d+'].join(' ')})\\b`,
  'i',
);

/** Made up: one digit again and again, or digits in a row. */
const account = /(?<![\w.-])(?!(\d)\1{11}|123456789012|210987654321)\d{12}(?![\w.-])/;
const secret =
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{36}|\bsecret_?access_?key\W{1,4}[\w/+]{40}\b/i;
const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
/** Loopback, private, shared, link-local, multicast, those for documents; and a release of the FOCUS format. */
const unroutable =
  '(0|10|127|22[4-9]|2[345]\\d)\\.|169\\.254\\.|172\\.(1[6-9]|2\\d|3[01])\\.|192\\.168\\.|100\\.(6[4-9]|[7-9]\\d|1[01]\\d|12[0-7])\\.|' +
  '1\\.2\\.0\\.1\\b|192\\.0\\.2\\.|198\\.51\\.100\\.|203\\.0\\.113\\.';
const publicAddress = new RegExp(`(?<![\\w.-])(?!${unroutable})${octet}(\\.${octet}){3}(?![\\w.-])`);

function linesOf(pattern: RegExp): string[] {
  return files
    .filter((file) => /\.(ts|mjs|cjs|js|json|ya?ml|md|html|css)$/.test(file) && file !== 'package-lock.json')
    .flatMap((file) =>
      readFileSync(path.join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          pattern.test(line) ? [`${file}:${index + 1} ${line.trim().slice(0, 120)}`] : [],
        ),
    );
}

/** Types vanish at run time: a file of types alone has nothing that a test could run. */
function isTypesOnly(source: SourceText): boolean {
  return parse(source).statements.every(
    (statement) =>
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      (ts.isImportDeclaration(statement) &&
        statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword),
  );
}

/** What a file imports of ours, in any way: statically, dynamically, as a worker's URL. */
function importsOf(source: SourceText): string[] {
  const found: string[] = [];
  visit(parse(source), (node) => {
    if (!ts.isStringLiteral(node)) return;
    if (/^#(node|campaigns|budgets|infra|reports|test)\/.+\.ts$/.test(node.text))
      found.push(node.text.slice(1));
    else if (/^\.\.?\/.+\.ts$/.test(node.text))
      found.push(path.posix.join(path.posix.dirname(source.file), node.text));
  });
  return found;
}

const tests = code.filter(({ file }) => file.startsWith('test/'));

/** Files with code that no test reaches: neither by imports nor by its name, as for programs that tests start. */
function unreached(): string[] {
  const byFile = new Map(code.map((source) => [source.file, source]));
  const texts = tests.map(({ text }) => text).join('\n');
  const reached = new Set<string>();
  const waiting = [
    ...tests.flatMap(importsOf),
    ...product.filter(({ file }) => texts.includes(file)).map(({ file }) => file),
  ];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const source = byFile.get(file);
    if (source === undefined || reached.has(file)) continue;
    reached.add(file);
    waiting.push(...importsOf(source));
  }
  return product
    .filter((source) => !isTypesOnly(source) && !reached.has(source.file))
    .map(({ file }) => file);
}

/** Files that a test reaches only through others. */
function withoutOwnTest(): string[] {
  const own = new Set(tests.flatMap(importsOf));
  const mirrors = new Set(
    tests.map(({ file }) => file.replace(/(\.(prop|sim|int|fuzz|contract|crash|long))*\.test\.ts$/, '')),
  );
  return product
    .filter((source) => !isTypesOnly(source))
    .filter(({ file }) => !own.has(file) && !mirrors.has(`test/${file.replace(/\.ts$/, '')}`))
    .map(({ file }) => file);
}

test('no file has more than 450 lines', () => listed(fileLength, code));
test('no function has more than 60 lines', () => listed(functionLength, code));
test('every file opens with a comment on what it owns', () => listed(header, code));
test('nothing is exported by default', () =>
  listed(
    noDefaultExport,
    code.filter(({ file }) => file.endsWith('.ts')),
  ));
test('the type any and casts through unknown are not used', () => listed(noAny, code));
test('no compiler silencer and no note to self is left in the code', () => listed(noSilencer, code));
test('no barrel and no catch-all file exists', () => listed(noBarrel, code));
test('the pure folders use no clock, no chance and no inexact mathematics', () =>
  listed(
    pureGlobals,
    code.filter(({ file }) => isPure(file)),
  ));
test('numbers of physical quantities carry their unit in the name', () => listed(unitsInNames, product));
test('every source file with code is reached by a test', (context) => {
  const indirect = withoutOwnTest();
  context.diagnostic(`${indirect.length} files are reached only through others: ${indirect.join(', ')}`);
  assert.deepEqual(unreached(), []);
});
test('no file names a path of one machine', () => assert.deepEqual(linesOf(machinePath), []));
test('no file refers to documents outside the repository', () =>
  assert.deepEqual(linesOf(internalWords), []));
for (const [what, pattern] of Object.entries({ account, secret, publicAddress })) {
  test(`no file names a real one: ${what}`, () => assert.deepEqual(linesOf(pattern), []));
}
test('accounts, secrets and public addresses are seen', () => {
  const seen = [
    `iam::${'42'.repeat(6)}:role/x`,
    `key: AKIA${'A'.repeat(16)}`,
    `listen ${'8.'.repeat(3)}8:53`,
  ];
  const patterns = [account, secret, publicAddress];
  assert.deepEqual(
    seen.map((line) => patterns.map((pattern) => pattern.test(line))),
    [
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ],
  );
});
test('no file is larger than 1 MiB', () => {
  assert.deepEqual(
    files.filter((file) => statSync(path.join(root, file)).size > bytesMost),
    [],
  );
});

/** npm drops from the lock what its registry did not serve; `npm ci` then refuses the lock on another machine. */
test('the lock file names every optional package of every platform', () => {
  const lock: unknown = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  assert.ok(typeof lock === 'object' && lock !== null && 'packages' in lock);
  const packages = Object.entries(
    lock.packages as Record<string, { optionalDependencies?: Record<string, string> }>,
  );
  const present = new Set(packages.map(([name]) => name.replace(/^.*node_modules\//, '')));
  const wanted = packages.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
  assert.deepEqual(
    wanted.filter((name) => !present.has(name)),
    [],
  );
});

const planted: ReadonlyArray<readonly [name: string, rule: Rule, text: string, file?: string]> = [
  ['a file of 451 lines', fileLength, 'x;\n'.repeat(451)],
  ['a function of 61 lines', functionLength, `function f() {\n${'x;\n'.repeat(59)}}`],
  ['a file without a header', header, "import 'x';\n"],
  ['a default export', noDefaultExport, 'export default 1;'],
  ['a default function', noDefaultExport, 'export default function f() {}'],
  ['the type any', noAny, ['let x: an', 'y;'].join('')],
  ['a compiler silencer', noSilencer, `// @ts-${'ignore'}`],
  ['a barrel', noBarrel, '', 'node/core/index.ts'],
  ['a clock', pureGlobals, 'const now = Date.now();'],
  ['chance', pureGlobals, 'const x = Math.random();'],
  ['inexact mathematics', pureGlobals, 'const x = Math.log(2);'],
  ['an asynchronous function', pureGlobals, 'const f = async () => 1;'],
  ['a bigint', pureGlobals, 'const x = 1n;'],
  ['a power', pureGlobals, 'const x = (y: number) => y ** 0.5;'],
  ['a number without a unit', unitsInNames, 'export interface A { readonly timeout: number }'],
];

for (const [name, rule, text, file] of planted) {
  test(`the rules see ${name}`, () =>
    assert.equal(rule({ file: file ?? 'node/planted.ts', text }).length, 1));
}
