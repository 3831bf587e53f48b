/**
 * The command line as a shell sees it: stdout, stderr, exit code, files.
 * Method: the real program in a process of its own, npm itself for what npm does to options.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { bareEnvironment, campaignIn, type Ran } from '#test/support/campaign-program.ts';

const root = path.resolve(import.meta.dirname, '../..');
const runs = mkdtempSync(path.join(os.tmpdir(), 'cli-'));
after(() => rmSync(runs, { recursive: true }));

const campaign = campaignIn(root);

function document(ran: Ran): Record<string, unknown> {
  return JSON.parse(ran.stdout);
}

const commands = [
  'phase1',
  'phase2',
  'phase3',
  'phase4',
  'catalogue',
  'list',
  'show',
  'check',
  'simulate',
  'advise',
  'rare',
  'forecast',
  'approve',
  'prices',
  'status',
  'resume',
  'stop',
  'teardown',
  'guard',
  'inventory',
  'reap',
  'report',
  'verify',
  'compare',
];

test('every command is in the help', () => {
  const { status, stdout } = campaign('--help');
  assert.equal(status, 0);
  const listed = [...stdout.matchAll(/^ {2}(\w+) /gm)]
    .map((match) => match[1])
    .filter((name) => /^[a-z]/.test(name ?? ''));
  for (const name of commands) assert.ok(listed.includes(name), name);
});

test('the help of a command has its options, --json, --no-color and examples', () => {
  for (const name of ['phase3', 'simulate', 'status']) {
    const { status, stdout } = campaign(name, '--help');
    assert.equal(status, 0);
    for (const part of ['--json', '--no-color', 'Examples:', `npm run campaign ${name}`])
      assert.ok(stdout.includes(part), part);
  }
});

const wrongUses: ReadonlyArray<readonly [what: string, words: readonly string[], says: RegExp]> = [
  [
    'an unknown option',
    ['phase1', '--dry-rnu'],
    /unknown option '--dry-rnu'.*--dry-run.*campaign phase1 -- --help/,
  ],
  ['an unknown command', ['phase9'], /unknown command 'phase9'/],
  ['help of an unknown command', ['phase9', '--help'], /unknown command 'phase9'/],
  ['no command', [], /a command is missing/],
  ['a target that does not exist', ['phase3', '--target', 'kubernetes'], /--target.*choose from: simulator/],
  [
    'a tier that does not exist',
    ['simulate', 'LT-001', '--tier', 'guess'],
    /--tier.*choose from: auto, analytic, lumped, spliced, poll, message/,
  ],
  ['a seed that is no number', ['phase1', '--seed', 'x'], /--seed: "x"/],
  ['a scenario that the phase does not carry', ['phase1', '--scenario', 'SK-002'], /SK-002 is not in phase1/],
  ['an unknown scenario', ['simulate', 'LT-009'], /"LT-009" is not in the catalogue/],
  ['a missing file', ['check', './no-such-file.yaml'], /no-such-file\.yaml/],
  [
    'advice for nobody honest',
    ['advise', '--nodes', '10', '--byzantine', '0.9999999999'],
    /--byzantine: 99\.99999999% attackers among 10 nodes leave no honest node \(at most 90%\)/,
  ],
  ['advice within no polls', ['advise', '--rounds', '0'], /--rounds: 0 is not a whole number from 1 to 2000/],
  ['advice for a network of one', ['advise', '--nodes', '1'], /--nodes: 1 is not a whole number from 4 to/],
  [
    'a triple beyond its network',
    ['advise', '--nodes', '50', '--triple', '50/40/5'],
    /--triple: 50\/40\/5: k = 50 must lie between 1 and 49 \(like 30\/24\/20\)/,
  ],
  [
    'attackers that round to all nodes',
    ['simulate', 'LT-001', '--nodes', '10', '--byzantine', '99.999999999%', '--attack', 'random'],
    /byzantine\.share: .* attackers among 10 nodes leave no honest node \(at most 90%\)/,
  ],
  ['an unknown campaign', ['verify', 'no-such-run'], /no campaign "no-such-run"/],
];

for (const [what, words, says] of wrongUses) {
  test(`${what} ends with 20, one clear line and nothing written`, () => {
    const out = path.join(runs, 'wrong');
    const takesOut = words.length > 0 && /^(phase[1-4]|simulate|verify)$/.test(words[0] ?? '');
    const { status, stdout, stderr } = campaign(...words, ...(takesOut ? ['--out', out] : []));
    assert.equal(status, 20);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
    assert.ok(!existsSync(out));
  });
}

test('with --json an error, too, is one document', () => {
  const ran = campaign('show', 'LT-009', '--json');
  assert.equal(ran.status, 20);
  assert.equal(document(ran)['exit_code'], 20);
});

test('list, show, prices and advise answer as one JSON document each', () => {
  for (const words of [
    ['list'],
    ['show', 'CT-002'],
    ['prices'],
    ['advise', '--nodes', '50', '--byzantine', '10%', '--safety', '1e-6'],
  ]) {
    const ran = campaign(...words, '--json');
    assert.equal(ran.status, 0, words.join(' '));
    assert.deepEqual([document(ran)['tool'], document(ran)['exit_code']], ['bft-scale', 0]);
  }
});

test('check phase4 prints what cannot pass and ends with 11', () => {
  const { status, stdout } = campaign('check', 'phase4');
  assert.equal(status, 11);
  assert.match(stdout, /cannot pass, because/i);
});

test('a dry run shows plan, feasibility and forecast and writes nothing', () => {
  const out = path.join(runs, 'dry');
  const { status, stdout } = campaign('phase3', '--dry-run', '--out', out);
  assert.equal(status, 0);
  for (const part of ['LT-003', 'FORECAST', 'approval:', 'credentials:', 'nothing was written'])
    assert.ok(stdout.includes(part), part);
  assert.ok(!existsSync(out));
});

test('a forecast over its limits ends with 21, and what has to be approved is named by its hash', () => {
  assert.equal(campaign('forecast', 'phase3').status, 21);
  const ran = campaign('approve', 'phase3', '--json');
  assert.match(JSON.stringify(document(ran)['approval']), /"hash":"[0-9a-f]{64}"/);
});

test('an option that npm kept for itself is refused with the right command', () => {
  const words = ['run', 'campaign', 'phase3', '--dry-run'];
  const { status, stdout, stderr } = spawnSync('npm', words, {
    cwd: root,
    env: bareEnvironment,
    encoding: 'utf8',
  });
  assert.equal(status, 20);
  assert.equal(stdout, '');
  assert.match(stderr, /npm run campaign phase3 -- --dry-run/);
});

test('through npm, too, --json is exactly one document on stdout', () => {
  const words = ['run', 'campaign', 'list', '--', '--json'];
  const ran = spawnSync('npm', words, { cwd: root, env: bareEnvironment, encoding: 'utf8' });
  assert.equal(ran.status, 0);
  assert.equal(document(ran)['tool'], 'bft-scale');
});
