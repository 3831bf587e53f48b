/**
 * Compiles the C sources of the node to WebAssembly and writes a module beside each: `node scripts/wasm-modules.ts`. Needs clang and lld.
 * Owns: the compiler's options and the form of the files. Does not own: the sources, or the check that both agree
 * (test/node/host/hash/small-blake3.test.ts, test/node/host/session/small-aead.test.ts).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface WasmSource {
  readonly name: string;
  readonly folder: string;
  readonly exported: readonly string[];
  readonly flags: readonly string[];
}

const folderOf = (name: string): string => fileURLToPath(new URL(`../node/host/${name}/`, import.meta.url));

export const blake3Source: WasmSource = {
  name: 'small-blake3',
  folder: folderOf('hash'),
  exported: ['hash', 'input_at', 'digest_at', 'most_bytes'],
  flags: ['-msimd128'],
};

export const aeadSource: WasmSource = {
  name: 'small-aead',
  folder: folderOf('session'),
  exported: ['seal', 'open', 'key_at', 'nonce_at', 'data_at', 'tag_at', 'most_bytes'],
  flags: [],
};

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
];

export interface Build {
  readonly compiler: string;
  readonly wasm: Uint8Array;
}

const sourceFile = ({ folder, name }: WasmSource): string => path.join(folder, `${name}.c`);

export function sourceSha256(source: WasmSource): string {
  return createHash('sha256')
    .update(readFileSync(sourceFile(source)))
    .digest('hex');
}

/** A fresh build, or the reason why there is none. */
export function buildWasm(source: WasmSource): Build | string {
  const compiler = spawnSync('clang', ['--version'], { encoding: 'utf8' });
  if (compiler.error !== undefined || compiler.status !== 0) return 'clang is not installed';
  const linker = spawnSync('wasm-ld', ['--version'], { encoding: 'utf8' });
  if (linker.error !== undefined || linker.status !== 0) return 'wasm-ld (package lld) is not installed';
  const aside = mkdtempSync(path.join(os.tmpdir(), `${source.name}-`));
  try {
    const file = path.join(aside, `${source.name}.wasm`);
    const exported = source.exported.map((name) => `-Wl,--export=${name}`);
    const words = [...options, ...source.flags, ...exported, '-o', file, sourceFile(source)];
    const run = spawnSync('clang', words, { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`clang failed:\n${run.stderr}`);
    return { compiler: compiler.stdout.split('\n')[0]!.trim(), wasm: new Uint8Array(readFileSync(file)) };
  } finally {
    rmSync(aside, { recursive: true });
  }
}

function moduleText(source: WasmSource, { compiler, wasm }: Build): string {
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(/.{1,104}/g) ?? [];
  return `/**
 * ${source.name}.c as WebAssembly, base64. Written by scripts/wasm-modules.ts: change the source and run that.
 * Owns: the bytes and what they were made of. Does not own: how they are called (${source.name}.ts).
 */
export const builtWith = '${compiler}';
export const builtFromSha256 = '${sourceSha256(source)}';
export const wasmBase64 = \`
${lines.join('\n')}
\`;
`;
}

if (import.meta.main) {
  for (const source of [blake3Source, aeadSource]) {
    const build = buildWasm(source);
    if (typeof build === 'string') {
      process.stderr.write(`${build}: apt-get install clang lld\n`);
      process.exit(1);
    }
    const file = path.join(source.folder, `${source.name}-wasm.ts`);
    writeFileSync(file, moduleText(source, build));
    process.stdout.write(`${file}: ${build.wasm.length} bytes, ${build.compiler}\n`);
  }
}
