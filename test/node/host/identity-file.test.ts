/**
 * The file of an identity: created whole, once and for its owner only; whatever is damaged is named, never used.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { loadIdentity } from '#node/host/identity.ts';
import { IdentityError, type IdentityErrorCode } from '#node/host/identity-file.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'identity-'));
after(() => rmSync(folder, { recursive: true }));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

let files = 0;
function freshFile(): string {
  return path.join(folder, `node-${files++}`, 'identity.json');
}

function fileWith(content: string): string {
  const file = freshFile();
  mkdirSync(path.dirname(file));
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

async function code(file: string): Promise<IdentityErrorCode> {
  try {
    await loadIdentity(file);
  } catch (error) {
    assert.ok(error instanceof IdentityError, String(error));
    assert.ok(error.message.includes(file), error.message);
    return error.code;
  }
  return assert.fail(`${readFileSync(file, 'utf8')} was accepted`);
}

const model = freshFile();
const first = await loadIdentity(model);
const content = readFileSync(model, 'utf8');

test('the first start makes a file for its owner, later ones read it', async () => {
  assert.equal(statSync(model).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(path.dirname(model)), ['identity.json'], 'nothing is left aside');
  const again = await loadIdentity(model);
  assert.equal(hex(again.nodeId), hex(first.nodeId));
  assert.equal(hex(again.peerSeed), hex(first.peerSeed));
  assert.equal(readFileSync(model, 'utf8'), content);
  assert.equal(JSON.parse(content).nodeId, hex(first.nodeId));
});

test('two starts at once end with one identity', async () => {
  const file = freshFile();
  const both = await Promise.all([1, 2, 3, 4].map(() => loadIdentity(file)));
  const kept = JSON.parse(readFileSync(file, 'utf8')).nodeId;
  for (const { nodeId } of both) assert.equal(hex(nodeId), kept);
  assert.deepEqual(readdirSync(path.dirname(file)), ['identity.json']);
});

test('no damage is taken for another identity, and no error tells the secret', () => {
  const secret = String(JSON.parse(content).seed);
  return fc.assert(
    fc.asyncProperty(
      fc.nat({ max: content.length - 1 }),
      fc.oneof(fc.constantFrom('', ' ', '0', 'f', 'F', '"', '{', ','), fc.string({ maxLength: 3 })),
      async (at, instead) => {
        const damaged = content.slice(0, at) + instead + content.slice(at + 1);
        const file = fileWith(damaged);
        try {
          assert.equal(hex((await loadIdentity(file)).nodeId), hex(first.nodeId));
        } catch (error) {
          assert.ok(error instanceof IdentityError, String(error));
          assert.ok(
            !error.message.includes(secret.slice(0, 20)) && !error.message.includes(secret.slice(-20)),
          );
        }
        assert.equal(readFileSync(file, 'utf8'), damaged, 'the file is left for whoever can mend it');
      },
    ),
    { numRuns: 120 },
  );
});

test('every beginning of the file is damage', async () => {
  for (let length = 0; length < content.trimEnd().length; length += 7)
    assert.equal(await code(fileWith(content.slice(0, length))), 'corrupt');
});

test('what is wrong has its own name', async () => {
  const record = JSON.parse(content);
  const withChange = (change: object): string => fileWith(JSON.stringify({ ...record, ...change }));
  assert.equal(await code(withChange({ seed: '00'.repeat(32) })), 'mismatch');
  assert.equal(await code(withChange({ nodeId: '00'.repeat(32) })), 'mismatch');
  assert.equal(await code(withChange({ version: 2 })), 'version');
  assert.equal(await code(withChange({ kind: 'something else' })), 'corrupt');
  assert.equal(await code(withChange({ seed: 'ab' })), 'corrupt');
  assert.equal(await code(withChange({ more: 1 })), 'corrupt');
  assert.equal(await code(fileWith('null')), 'corrupt');
  assert.equal(await code(fileWith('x'.repeat(5_000))), 'corrupt');
  assert.equal(await code(folder), 'unreadable');
  assert.equal(await code(path.join(model, 'below')), 'unreadable');
  assert.equal(await code(path.join(folder, `${'long-'.repeat(48)}name`)), 'unwritable');
});

test('a file that others may open is refused with the remedy', {
  skip: process.platform === 'win32',
}, async () => {
  for (const mode of [0o640, 0o604, 0o644, 0o660]) {
    const file = fileWith(content);
    chmodSync(file, mode);
    assert.equal(await code(file), 'mode');
    await assert.rejects(loadIdentity(file), new RegExp(`chmod 600 ${file}`));
  }
});
