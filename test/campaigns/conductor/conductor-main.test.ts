// Goal: the program of a standing conductor ends with the exit codes of the table, and stops in order when it is told to.
// Method: the program itself, started as a container starts it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../campaigns/conductor-main.ts', import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'conductor-main-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** Programs of tests share what was compiled. */
const cache = process.env['NODE_COMPILE_CACHE'];
const bare = { PATH: '', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) };
const tokenFile = path.join(folder, 'token');
writeFileSync(tokenFile, 'a-token-of-the-program-test\n');

test('a wrong configuration is told with variable and remedy, exit 20', () => {
  const env = { ...bare, BFT_CONDUCTOR_TOKEN_FIL: tokenFile };
  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', env });
  assert.equal(status, 20, stderr);
  assert.match(stderr, /TOKEN_FIL: is not known \(did you mean "BFT_CONDUCTOR_TOKEN_FILE"\?\)/);
  assert.match(stderr, /BFT_CONDUCTOR_AGENTS: is missing/);
});

test('it listens, answers health without a token, and stops in order when told to', async () => {
  const env = {
    ...bare,
    BFT_CONDUCTOR_TOKEN_FILE: tokenFile,
    BFT_CONDUCTOR_AGENTS: '2',
    BFT_CONDUCTOR_LISTEN_PORT: '0',
    BFT_CONDUCTOR_OUT: path.join(folder, 'out'),
  };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  after(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /ws:(\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (found !== undefined) resolve(`http:${found}`);
    });
    ended.then(() => reject(new Error(said))).catch(reject);
  });
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal((await fetch(`${url}/metrics`)).status, 401);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
});
