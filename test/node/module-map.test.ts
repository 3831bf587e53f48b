/** The map of imports: it answers instead of a search, and only as long as the packages are those it was written with. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const root = mkdtempSync(path.join(tmpdir(), 'module-map-'));
after(() => rmSync(root, { recursive: true, force: true }));
const folder = path.join(root, 'cache');
const lock = path.join(root, 'node_modules', '.package-lock.json');
const source = path.join(import.meta.dirname, '..', '..', 'node', 'module-map.ts');

function install(name: string, says: string): void {
  const at = path.join(root, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  writeFileSync(
    path.join(at, 'package.json'),
    JSON.stringify({ name, type: 'module', exports: './main.js' }),
  );
  writeFileSync(path.join(at, 'main.js'), `export const said = ${JSON.stringify(says)};`);
}

install('one', 'one');
install('two', 'two');
writeFileSync(lock, '{}');
writeFileSync(path.join(root, 'package.json'), JSON.stringify({ type: 'module' }));
writeFileSync(path.join(root, 'program.js'), "import { said } from 'one';\nprocess.stdout.write(said);\n");
writeFileSync(
  path.join(root, 'start.js'),
  `import { openModuleMap } from ${JSON.stringify(source)};
const map = openModuleMap(${JSON.stringify({ root, folder })});
await import('./program.js');
map.remember();
`,
);

function start(): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'start.js')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

const mapFile = (): string => path.join(folder, readdirSync(folder)[0] ?? assert.fail('no map was written'));

test('a map answers until the packages change, and a damaged one is no obstacle', () => {
  assert.equal(start(), 'one');
  assert.equal(readdirSync(folder).length, 1);
  // Led astray on purpose: that shows who answers.
  const led = readFileSync(mapFile(), 'utf8').replaceAll('/node_modules/one/', '/node_modules/two/');
  writeFileSync(mapFile(), led);
  assert.equal(start(), 'two');
  assert.equal(readFileSync(mapFile(), 'utf8'), led, 'nothing was news, and it was written again');
  utimesSync(lock, 1, 1);
  assert.equal(start(), 'one');
  for (const damaged of ['[1,2]', readFileSync(mapFile(), 'utf8').slice(0, -9)]) {
    writeFileSync(mapFile(), damaged);
    assert.equal(start(), 'one', damaged);
  }
});
