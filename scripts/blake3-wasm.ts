/**
 * Compiles node/host/hash/small-blake3.c and writes small-blake3-wasm.ts beside it: `node scripts/blake3-wasm.ts`. Needs clang and lld.
 * Owns: the compiler's options and the form of the file. Does not own: the source, or the check that both agree
 * (test/node/host/hash/small-blake3.test.ts).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../node/host/hash/', import.meta.url));
const sourceFile = path.join(folder, 'small-blake3.c');
const moduleFile = path.join(folder, 'small-blake3-wasm.ts');

const exported = ['hash', 'input_at', 'digest_at', 'most_bytes'];
const options = [
  '--target=wasm32',
  '-O3',
  '-nostdlib',
  '-ffreestanding',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wl,--no-entry',
  '-Wl,--strip-all',
  '-Wl,-z,stack-size=1024',
  '-Wl,--initial-memory=65536',
  '-Wl,--max-memory=65536',
  ...exported.map((name) => `-Wl,--export=${name}`),
];

export interface Build {
  readonly compiler: string;
  readonly wasm: Uint8Array;
}

export function sourceSha256(): string {
  return createHash('sha256').update(readFileSync(sourceFile)).digest('hex');
}

/** A fresh build, or the reason why there is none. */
export function buildWasm(): Build | string {
  const compiler = spawnSync('clang', ['--version'], { encoding: 'utf8' });
  if (compiler.error !== undefined || compiler.status !== 0) return 'clang is not installed';
  const linker = spawnSync('wasm-ld', ['--version'], { encoding: 'utf8' });
  if (linker.error !== undefined || linker.status !== 0) return 'wasm-ld (package lld) is not installed';
  const aside = mkdtempSync(path.join(os.tmpdir(), 'blake3-wasm-'));
  try {
    const file = path.join(aside, 'small-blake3.wasm');
    const run = spawnSync('clang', [...options, '-o', file, sourceFile], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`clang failed:\n${run.stderr}`);
    return { compiler: compiler.stdout.split('\n')[0]!.trim(), wasm: new Uint8Array(readFileSync(file)) };
  } finally {
    rmSync(aside, { recursive: true });
  }
}

function moduleText({ compiler, wasm }: Build): string {
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(/.{1,104}/g) ?? [];
  return `/**
 * small-blake3.c as WebAssembly, base64. Written by scripts/blake3-wasm.ts: change the source and run that.
 * Owns: the bytes and what they were made of. Does not own: how they are called (small-blake3.ts).
 */
export const builtWith = '${compiler}';
export const builtFromSha256 = '${sourceSha256()}';
export const wasmBase64 = \`
${lines.join('\n')}
\`;
`;
}

if (import.meta.main) {
  const build = buildWasm();
  if (typeof build === 'string') {
    process.stderr.write(`${build}: apt-get install clang lld\n`);
    process.exit(1);
  }
  writeFileSync(moduleFile, moduleText(build));
  process.stdout.write(`${moduleFile}: ${build.wasm.length} bytes, ${build.compiler}\n`);
}
