/**
 * Compiles the C sources that run as WebAssembly and writes a module beside each: `node scripts/wasm-modules.ts`. Needs clang and lld.
 * Owns: which there are, the compiler's options, the form of the file. Does not own: the sources, or the checks that both agree
 * (test/node/host/hash/small-blake3.test.ts; poll-draws.test.ts and message-kernel.test.ts in test/campaigns/targets/simulator).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface WasmSource {
  /** From the root of the repository, without an extension. */
  readonly file: string;
  /** What it includes of ours. */
  readonly headers?: readonly string[];
  readonly exported: readonly string[];
  readonly hasVectors: boolean;
  /** A multiple of 64 KiB. It never grows: that would slow down every typed array of the thread (campaigns/engine.ts). */
  readonly memoryBytes: number;
  /** The caller makes the memory, of at least `memoryBytes` and at most this. */
  readonly mostBytes?: number;
}

export const smallBlake3: WasmSource = {
  file: 'node/host/hash/small-blake3',
  exported: ['hash', 'input_at', 'digest_at', 'most_bytes'],
  hasVectors: false,
  memoryBytes: 65_536,
};

export const pollDraws: WasmSource = {
  file: 'campaigns/targets/simulator/poll-draws',
  headers: ['poll-memory', 'poll-turns', 'poll-stretch', 'poll-follow'].map(
    (name) => `campaigns/targets/simulator/${name}`,
  ),
  exported: [
    'sample',
    'look',
    'follow',
    'turns',
    'pass',
    'follow_near',
    'possible_end',
    'arrivals',
    'turns_at',
    'turn_times_at',
    'asked_at',
    'delays_at',
    'peers_at',
    'asks_at',
    'refusals_at',
    'result_at',
    'free_at',
  ],
  hasVectors: true,
  memoryBytes: 11 * 65_536,
  mostBytes: 2 ** 31,
};

export const messageKernel: WasmSource = {
  file: 'campaigns/targets/simulator/message-kernel',
  headers: ['message-kernel', 'message-links', 'message-votes'].map(
    (name) => `campaigns/targets/simulator/${name}`,
  ),
  exported: [
    'query_all',
    'queries',
    'reply',
    'answers',
    'queries_carefully',
    'reply_carefully',
    'answers_carefully',
    'query_all_roughly',
    'queries_roughly',
    'reply_roughly',
    'control_at',
    'times_at',
    'free_at',
  ],
  hasVectors: true,
  memoryBytes: 65_536,
  mostBytes: 2 ** 31,
};

const sources = [smallBlake3, pollDraws, messageKernel];

function optionsFor({ exported, hasVectors, memoryBytes, mostBytes }: WasmSource): string[] {
  return [
    '--target=wasm32',
    '-O3',
    '-nostdlib',
    '-ffreestanding',
    ...(hasVectors ? ['-msimd128'] : []),
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Wl,--no-entry',
    '-Wl,--strip-all',
    '-Wl,-z,stack-size=1024',
    `-Wl,--initial-memory=${memoryBytes}`,
    `-Wl,--max-memory=${mostBytes ?? memoryBytes}`,
    ...(mostBytes === undefined ? [] : ['-Wl,--import-memory']),
    ...exported.map((name) => `-Wl,--export=${name}`),
  ];
}

export interface Build {
  readonly compiler: string;
  readonly wasm: Uint8Array;
}

function pathOf(file: string, ending: string): string {
  return fileURLToPath(new URL(`../${file}${ending}`, import.meta.url));
}

export function sourceSha256(source: WasmSource): string {
  const hash = createHash('sha256').update(readFileSync(pathOf(source.file, '.c')));
  for (const header of source.headers ?? []) hash.update(readFileSync(pathOf(header, '.h')));
  return hash.digest('hex');
}

/** A fresh build, or the reason why there is none. */
export function buildWasm(source: WasmSource): Build | string {
  const compiler = spawnSync('clang', ['--version'], { encoding: 'utf8' });
  if (compiler.error !== undefined || compiler.status !== 0) return 'clang is not installed';
  const linker = spawnSync('wasm-ld', ['--version'], { encoding: 'utf8' });
  if (linker.error !== undefined || linker.status !== 0) return 'wasm-ld (package lld) is not installed';
  const aside = mkdtempSync(path.join(os.tmpdir(), 'wasm-'));
  try {
    const file = path.join(aside, 'module.wasm');
    const args = [...optionsFor(source), '-o', file, pathOf(source.file, '.c')];
    const run = spawnSync('clang', args, { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`clang failed:\n${run.stderr}`);
    return { compiler: compiler.stdout.split('\n')[0]!.trim(), wasm: new Uint8Array(readFileSync(file)) };
  } finally {
    rmSync(aside, { recursive: true });
  }
}

function moduleText(source: WasmSource, { compiler, wasm }: Build): string {
  const name = path.basename(source.file);
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(/.{1,104}/g) ?? [];
  return `/**
 * ${name}.c as WebAssembly, base64. Written by scripts/wasm-modules.ts: change the source and run that.
 * Owns: the bytes and what they were made of. Does not own: how they are called (${name}.ts).
 */
export const builtWith = '${compiler}';
export const builtFromSha256 = '${sourceSha256(source)}';
export const wasmBase64 = \`
${lines.join('\n')}
\`;
`;
}

if (import.meta.main) {
  for (const source of sources) {
    const build = buildWasm(source);
    if (typeof build === 'string') {
      process.stderr.write(`${build}: apt-get install clang lld\n`);
      process.exit(1);
    }
    const file = pathOf(source.file, '-wasm.ts');
    writeFileSync(file, moduleText(source, build));
    process.stdout.write(`${file}: ${build.wasm.length} bytes, ${build.compiler}\n`);
  }
}
