/**
 * Whole campaigns through the command line (campaigns/cli.ts): simulate, verify, report, compare, Ctrl-C and resume.
 * Method: the real program in a process of its own with simulations of a second.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { runFolderLink } from '#campaigns/guard/run-link.ts';
import { bareEnvironment, campaignIn, campaignMain, type Ran } from '#test/support/campaign-program.ts';

const root = path.resolve(import.meta.dirname, '../..');
const runs = mkdtempSync(path.join(os.tmpdir(), 'cli-campaign-'));
after(() => rmSync(runs, { recursive: true }));

const campaign = campaignIn(root);

function document(ran: Ran): Record<string, unknown> {
  return JSON.parse(ran.stdout);
}

const tiny = ['LT-001', '--nodes', '20', '--consensus', 'k=10,alpha=8,beta=5,rounds=50', '--duration', '1s'];
test('simulate answers the record of design with the same trace hash for the same seed, progress on stderr alone', () => {
  const words = ['simulate', ...tiny, '--replications', '1', '--seed', '7', '--json', '--out'];
  const first = campaign(...words, path.join(runs, 'a'));
  const second = campaign(...words, path.join(runs, 'b'));
  const [a, b] = [document(first), document(second)];
  for (const key of [
    'tool',
    'version',
    'node_version',
    'scenario',
    'tier',
    'seed',
    'trace_hash',
    'runs',
    'summary',
  ])
    assert.ok(key in a, key);
  assert.equal(a['seed'], 7);
  assert.equal(a['trace_hash'], b['trace_hash']);
  assert.notEqual(a['trace_hash'], null);
  assert.match(first.stderr, /\[1\/1\] LT-001/);
  assert.ok(!first.stderr.includes('\u001b'));
});

test('a stored campaign is verified, reported with the same bytes, compared with itself, and damage is found', () => {
  const out = path.join(runs, 'a'); // of the test above
  const verified = campaign('verify', 'latest', '--out', out, '--json');
  assert.equal(document(verified)['verified'], true);
  campaign('report', 'latest', '--out', out);
  const page = path.join(out, 'latest', 'reports', 'scale', 'index.html');
  const bytes = readFileSync(page, 'utf8');
  campaign('report', 'latest', '--out', out);
  assert.equal(readFileSync(page, 'utf8'), bytes);
  assert.equal(campaign('compare', 'latest', 'latest', '--out', out).status, 0);
  const cells = path.join(out, 'latest', 'cells');
  const file = path.join(cells, readdirSync(cells)[0] ?? '', 'series.json');
  writeFileSync(file, `${readFileSync(file, 'utf8')} `);
  const damaged = campaign('verify', 'latest', '--out', out);
  assert.equal(damaged.status, 20);
  assert.match(damaged.stderr, /series\.json was changed/);
});

/** Ends when the process does; `onLine` sees each line of stderr. */
function watched(
  words: readonly string[],
  onLine: (line: string, interrupt: () => void) => void,
): Promise<number | null> {
  const child = spawn(process.execPath, [campaignMain, ...words], {
    cwd: root,
    env: bareEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += String(chunk);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) onLine(line, () => child.kill('SIGINT'));
  });
  return new Promise((resolve) => child.on('close', resolve));
}

test('Ctrl-C ends with 130, the guard’s stop with 22, and resume finishes the rest without repeating a run', async () => {
  const out = path.join(runs, 'interrupted');
  const words = ['simulate', ...tiny, '--replications', '12', '--out', out];
  const status = await watched(words, (line, interrupt) => {
    if (line.startsWith('[1/12]')) interrupt();
  });
  assert.equal(status, 130);
  const folder = path.join(out, 'latest');
  const guarded = runFolderLink(realpathSync(folder));
  let isTold = false;
  const stopped = await watched(['resume', '--out', out], (line) => {
    if (isTold || !/^\[\d+\/\d+\]/.test(line)) return;
    isTold = true;
    assert.match(guarded.stop('run-cap: of a test'), /was asked to stop/);
  });
  assert.equal(stopped, 22);
  const resumed = campaign('resume', '--out', out, '--json');
  assert.notEqual(resumed.status, 130);
  const journal = readFileSync(path.join(out, 'latest', 'journal.jsonl'), 'utf8');
  const done = [...journal.matchAll(/"cell":"([0-9a-f]{16})","kind":"cell-done"/g)].map((match) => match[1]);
  const everyDone = [...journal.matchAll(/"kind":"cell-done"/g)];
  assert.equal(everyDone.length, 12);
  assert.ok(done.length === 0 || new Set(done).size === done.length);
});
