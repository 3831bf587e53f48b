/**
 * The state of a stack in a file back end, made readable again after the engine was killed or the power went while it was written.
 * Owns: which files are torn, and what stands in for them: the checkpoint before (the engine keeps one), no file of attributes at all.
 * Does not own: what that older state does not know; it is found by tag (sweep.ts). `npm run stacks:mend -- STACK [PROJECT]`
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { PROJECT } from '#infra/config.ts';

/** Of what lies in a bucket as its neighbour: written in place, not needed, and in the way when it is torn. */
const ATTRIBUTES = '.attrs';
const endings = ['.json', '.json.gz', '.json.zst'] as const;

export class TornStateError extends Error {}

/** Folder of a back end `file://...` with `.pulumi` in it; null for back ends whose writes are whole or absent. */
export function fileBackend(url: string): string | null {
  if (!url.startsWith('file://')) return null;
  const [written = ''] = url.slice('file://'.length).split('?');
  return path.resolve(written.replace(/^~(?=$|\/)/, os.homedir()));
}

function isWhole(file: string): boolean {
  try {
    const bytes = readFileSync(file);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const isZstd = bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528;
    const text = isGzip ? gunzipSync(bytes) : isZstd ? zstdDecompressSync(bytes) : bytes;
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(text.toString())).success;
  } catch {
    return false;
  }
}

function filesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

/** Puts the checkpoint before in the place of a torn one, which is kept beside it. */
function mendCheckpoint(file: string): string {
  const before = `${file}.bak`;
  if (!isWhole(before)) {
    throw new TornStateError(
      `${file}: cannot be read, and neither can the checkpoint before it: sweep by tag, then pulumi stack rm --force`,
    );
  }
  writeFileSync(`${file}.new`, readFileSync(before), { mode: 0o600 });
  renameSync(file, `${file}.torn`);
  renameSync(`${file}.new`, file);
  return `${path.basename(file)}: torn, the checkpoint before stands in for it`;
}

/** One line per mended file; none when nothing was torn. Throws TornStateError when there is nothing to fall back to. */
export function mendState(backend: string, stack: string, project = PROJECT): readonly string[] {
  const stacks = path.join(backend, '.pulumi', 'stacks', project);
  const locks = path.join(backend, '.pulumi', 'locks', 'organization', project, stack);
  const own = filesOf(stacks).filter((file) => path.basename(file).startsWith(`${stack}.json`));
  const mended: string[] = [];
  for (const file of [...own, ...filesOf(locks)]) {
    if (!file.endsWith(ATTRIBUTES) || isWhole(file)) continue;
    rmSync(file, { force: true });
    mended.push(`${path.basename(file)}: torn, removed`);
  }
  for (const ending of endings) {
    const file = path.join(stacks, `${stack}${ending}`);
    if (existsSync(file) && !isWhole(file)) mended.push(mendCheckpoint(file));
  }
  return mended;
}

/** Where the engine is logged in to. */
function backendUrl(): string {
  const written = process.env['PULUMI_BACKEND_URL'];
  if (written !== undefined && written !== '') return written;
  const { stdout } = spawnSync('pulumi', ['whoami', '--json'], { encoding: 'utf8' });
  const answer = z.object({ url: z.string() }).safeParse(JSON.parse(stdout || '{}'));
  if (!answer.success) throw new TornStateError('pulumi is not logged in: pulumi login URL');
  return answer.data.url;
}

function main(): number {
  const [stack, project = PROJECT] = process.argv.slice(2);
  if (stack === undefined || !/^[\w-]{1,64}$/.test(stack)) {
    process.stderr.write('usage: npm run stacks:mend -- STACK [PROJECT]\n');
    return 20;
  }
  try {
    const backend = fileBackend(backendUrl());
    const mended = backend === null ? [] : mendState(backend, stack, project);
    process.stdout.write(mended.length === 0 ? 'nothing is torn\n' : `${mended.join('\n')}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof TornStateError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 31;
  }
}

if (import.meta.main) process.exitCode = main();
