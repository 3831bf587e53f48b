/**
 * A state that was cut off while it was written: at every byte it is seen as torn and the checkpoint before stands in for it.
 */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileBackend, mendState, TornStateError } from '#infra/guard/torn-state.ts';

const stateOf = (serial: number): Buffer =>
  Buffer.from(JSON.stringify({ version: 3, checkpoint: { stack: 's', latest: { serial, resources: [] } } }));
let backend: string;
let stacks: string;

beforeEach(() => {
  backend = mkdtempSync(path.join(os.tmpdir(), 'bft-torn-'));
  stacks = path.join(backend, '.pulumi/stacks/bft-scale');
  mkdirSync(stacks, { recursive: true });
});
afterEach(() => rmSync(backend, { recursive: true, force: true }));

const write = (name: string, bytes: Buffer): void => writeFileSync(path.join(stacks, name), bytes);
const read = (name: string): Buffer => readFileSync(path.join(stacks, name));

test('wherever a checkpoint was cut off, the one before stands in for it', () => {
  const whole = stateOf(7);
  for (let bytes = 0; bytes < whole.length; bytes += 1) {
    write('local.json', whole.subarray(0, bytes));
    write('local.json.bak', stateOf(6));
    assert.equal(mendState(backend, 'local').length, 1, `${bytes} bytes`);
    assert.deepEqual(read('local.json'), stateOf(6));
    assert.deepEqual(read('local.json.torn'), whole.subarray(0, bytes));
  }
});

test('a compressed one, too', () => {
  const whole = gzipSync(stateOf(7));
  write('local.json.gz', whole.subarray(0, whole.length - 9));
  write('local.json.gz.bak', gzipSync(stateOf(6)));
  assert.equal(mendState(backend, 'local').length, 1);
  assert.deepEqual(read('local.json.gz'), gzipSync(stateOf(6)));
});

test('torn attributes go, whole ones stay; other stacks are left alone', () => {
  write('local.json', stateOf(7));
  write('local.json.attrs', Buffer.from(''));
  write('local.json.bak.attrs', Buffer.from('{"md5":'));
  write('1k-nodes.json', Buffer.from('{'));
  write('1k-nodes.json.attrs', Buffer.from(''));
  const locks = path.join(backend, '.pulumi/locks/organization/bft-scale/local');
  mkdirSync(locks, { recursive: true });
  writeFileSync(path.join(locks, 'a.json.attrs'), '{"md5":"x"}');
  writeFileSync(path.join(locks, 'b.json.attrs'), '{"md');
  assert.equal(mendState(backend, 'local').length, 3);
  assert.deepEqual(readdirSync(stacks).sort(), ['1k-nodes.json', '1k-nodes.json.attrs', 'local.json']);
  assert.deepEqual(readdirSync(locks), ['a.json.attrs']);
  assert.deepEqual(mendState(backend, 'local'), []);
});

test('with nothing to fall back to it says so and changes nothing', () => {
  write('local.json', Buffer.from('{"version":3,'));
  assert.throws(() => mendState(backend, 'local'), TornStateError);
  write('local.json.bak', Buffer.from('{'));
  assert.throws(() => mendState(backend, 'local'), /local\.json: cannot be read.*sweep by tag/);
  assert.equal(existsSync(path.join(stacks, 'local.json.torn')), false);
});

test('only file back ends are written in place', () => {
  assert.equal(fileBackend('s3://somewhere?region=us-west-2'), null);
  assert.equal(fileBackend('file:///var/state?metadata=skip'), '/var/state');
  assert.equal(fileBackend('file://~'), os.homedir());
});
