/**
 * Builds and starts the container image where a container engine exists, and otherwise says what is missing.
 * Usage: node scripts/container.mjs check | build | up SERVICE [...] | run SERVICE [...] | down
 * Owns: finding an engine that works. Does not own: the image (node/Dockerfile) or the services (compose.yaml).
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const exitDeployFailed = 30;
const exitInvalid = 20;

/** The first engine that answers, or why each does not. */
export function findEngine(run = spawnSync) {
  const missing = [];
  for (const engine of ['docker', 'podman']) {
    const program = run(engine, ['--version'], { encoding: 'utf8' });
    if (program.error !== undefined || program.status !== 0) {
      missing.push(`${engine}: not installed`);
      continue;
    }
    const service = run(engine, ['info'], { encoding: 'utf8', timeout: 10_000 });
    if (service.status !== 0) {
      const reason = (service.stderr ?? '').trim().split('\n').at(-1) ?? '';
      missing.push(`${engine}: installed, but its service does not answer (${reason.slice(0, 200)})`);
      continue;
    }
    const compose = run(engine, ['compose', 'version'], { encoding: 'utf8' });
    return { engine, hasCompose: compose.status === 0, missing };
  }
  return { engine: null, hasCompose: false, missing };
}

function fail(code, lines) {
  process.stderr.write(`${lines.join('\n')}\n`);
  return code;
}

function main([command = '', ...words]) {
  const known = ['check', 'build', 'up', 'run', 'down'];
  if (!known.includes(command)) {
    return fail(exitInvalid, [`"${command}" is no command: ${known.join(', ')}`]);
  }
  const { engine, hasCompose, missing } = findEngine();
  if (engine === null) {
    const remedy =
      'install docker or podman and start its service; everything else of bft-scale works without';
    return fail(exitDeployFailed, ['NOT RUN: no container engine', ...missing, remedy]);
  }
  if (command === 'check') {
    process.stdout.write(`${engine}${hasCompose ? ' with compose' : ', without compose'}\n`);
    return 0;
  }
  const start = (parts) =>
    spawnSync(engine, parts, { cwd: root, stdio: 'inherit' }).status ?? exitDeployFailed;
  if (command === 'build') return start(['build', '-f', 'node/Dockerfile', '-t', 'bft-scale', '.', ...words]);
  if (!hasCompose) {
    return fail(exitDeployFailed, [`NOT RUN: ${engine} has no compose`, 'install its compose plugin']);
  }
  const profiles = ['--profile', 'campaign', '--profile', 'node'];
  if (command === 'down') return start(['compose', ...profiles, 'down', ...words]);
  if (command === 'run') {
    const [service = 'campaign', ...rest] = words;
    const role = service === 'campaign' && rest.length > 0 ? ['campaign', ...rest] : rest;
    return start(['compose', ...profiles, 'run', '--rm', '--build', service, ...role]);
  }
  return start(['compose', ...profiles, 'up', '--build', ...words]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));
