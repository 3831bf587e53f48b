/**
 * Set-up before every npm script: node_modules is what package-lock.json says, or it is installed now.
 * Plain JavaScript for any Node >= 20, nothing on stdout. The check alone takes milliseconds.
 * Does not own: which Node then runs the script (npm puts node_modules/.bin first on the PATH).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isRecentEnough, pinnedNode, repositoryRoot } from './pinned-node.mjs';

const marker = path.join(repositoryRoot, 'node_modules', '.bft-scale-installed');
const lockFile = path.join(repositoryRoot, 'package-lock.json');

function fail(message) {
  process.stderr.write(`bft-scale set-up: ${message}\n`);
  process.exit(1);
}

/** What the marker must say: the lock's hash and the platform it was installed for. */
function wanted() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

function isInstalled(expected) {
  try {
    return readFileSync(marker, 'utf8') === expected;
  } catch {
    return false;
  }
}

/**
 * npm hands the options it swallowed on to its children as npm_config_*; `--dry-run` among them would make the
 * installation do nothing. Only what says where packages come from is passed on.
 */
function installEnvironment() {
  const kept =
    /^npm_config_(registry|cache|proxy|https[-_]proxy|noproxy|cafile|ca|strict[-_]ssl|userconfig|globalconfig|offline|prefer[-_]offline|fetch[-_].*|@.*|\/\/.*)$/i;
  const environment = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.toLowerCase().startsWith('npm_') || kept.test(name)) environment[name] = value;
  }
  return environment;
}

function npmCommand() {
  const fromNpm = process.env['npm_execpath'];
  if (fromNpm && /npm-cli\.c?js$/.test(fromNpm)) return { command: process.execPath, first: [fromNpm] };
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', first: [] };
}

function runInstallation() {
  const { command, first } = npmCommand();
  const options = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...options], {
      cwd: repositoryRoot,
      env: installEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: command.endsWith('.cmd'),
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-8_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 1, output: `cannot start npm: ${error.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** One set-up per clone at a time. The directory lives outside the clone because the installation empties node_modules. */
function lockDirectory() {
  const name = createHash('sha256').update(repositoryRoot).digest('hex').slice(0, 16);
  return path.join(os.tmpdir(), `bft-scale-setup-${name}`);
}

function ownerIsAlive(directory) {
  try {
    const owner = Number(readFileSync(path.join(directory, 'pid'), 'utf8'));
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function tryLock(directory) {
  try {
    mkdirSync(directory);
    writeFileSync(path.join(directory, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** True when this process must install; false when another one did it meanwhile. */
async function lockOrSeeInstalled(directory, expected) {
  let ownerSeenDead = 0;
  let told = false;
  for (;;) {
    if (tryLock(directory)) {
      process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
      return !isInstalled(expected);
    }
    if (isInstalled(expected)) return false;
    // A fresh owner has not written its pid yet: it is dead only when it looks dead twice.
    ownerSeenDead = ownerIsAlive(directory) ? 0 : ownerSeenDead + 1;
    if (ownerSeenDead >= 3) {
      const stale = `${directory}.stale-${process.pid}`;
      try {
        renameSync(directory, stale);
        rmSync(stale, { recursive: true, force: true });
      } catch {
        // Another process removed it first; the next turn of the loop decides.
      }
      ownerSeenDead = 0;
    }
    if (!told) process.stderr.write('bft-scale: another set-up of this clone is running, waiting for it\n');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function install(expected) {
  const started = process.hrtime.bigint();
  process.stderr.write('bft-scale: installing the locked dependencies, once ...');
  const { code, output } = await runInstallation();
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (code !== 0) {
    process.stderr.write(' failed\n');
    fail(`npm ci ended with code ${code}\n${output.trim().split('\n').slice(0, 12).join('\n')}`);
  }
  checkNode();
  const temporary = `${marker}.${process.pid}`;
  writeFileSync(temporary, expected);
  renameSync(temporary, marker);
  process.stderr.write(` done in ${seconds.toFixed(1)} s\n`);
}

/** The Node that will run the scripts exists and starts. */
function checkNode() {
  const pinned = pinnedNode();
  if (pinned !== null) {
    const tried = spawnSync(pinned, ['--version'], { encoding: 'utf8' });
    if (tried.status === 0) return;
    fail(
      `the pinned Node (${pinned}) does not start on this machine: ${tried.error?.message ?? tried.stderr}`,
    );
  }
  if (isRecentEnough(process.versions.node)) return;
  fail(
    `no pinned Node for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}: ` +
      'install Node 24.21 or newer and run the command again',
  );
}

async function main() {
  if (!existsSync(lockFile)) fail(`package-lock.json is missing from ${repositoryRoot}`);
  const expected = wanted();
  if (isInstalled(expected)) {
    if (pinnedNode() === null) checkNode();
    return;
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  if (!(await lockOrSeeInstalled(lockDirectory(), expected))) return;
  await install(expected);
}

await main();
