/**
 * The file that keeps an identity: one line of strict JSON with a version, readable by its owner only.
 * Owns: format, atomic creation, the errors a person can act on. Does not own: what is derived
 * from the seed (identity.ts).
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

export type IdentityErrorCode = 'unreadable' | 'corrupt' | 'version' | 'mode' | 'mismatch' | 'unwritable';

export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const kind = 'bft-scale identity';
const version = 1;
const seedBytes = 32;
/** Far more than the format needs: a wrong file is not read into memory. */
const mostFileBytes = 4_096;
const ownerOnly = 0o600;

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits are needed');
const fileSchema = z.strictObject({
  kind: z.literal(kind),
  version: z.literal(version),
  /** Secret. */
  seed: hex32,
  /** Tells a damaged seed from a good one. */
  nodeId: hex32,
});
const headSchema = z.looseObject({ kind: z.literal(kind), version: z.number() });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const restore = 'restore the file from a copy, or move it away to let the node make a new identity';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The node id that a seed leads to: tells a damaged seed from a good one. */
export type NodeIdOf = (seed: Uint8Array) => Uint8Array;

function parsed(file: string, content: string, nodeIdOf: NodeIdOf): Uint8Array {
  let record: unknown;
  try {
    record = JSON.parse(content);
  } catch {
    // The parser's message quotes what it read, which may be the secret.
    throw new IdentityError('corrupt', `${file} is no identity file (no JSON): ${restore}`);
  }
  const head = headSchema.safeParse(record);
  if (!head.success) throw new IdentityError('corrupt', `${file} is no identity file: ${restore}`);
  if (head.data.version !== version)
    throw new IdentityError(
      'version',
      `${file} has version ${head.data.version}; this node reads version ${version}: use the release that wrote it`,
    );
  const whole = fileSchema.safeParse(record);
  if (!whole.success) {
    const found = whole.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
    throw new IdentityError('corrupt', `${file} is damaged (${found.join('; ')}): ${restore}`);
  }
  const seed = Buffer.from(whole.data.seed, 'hex');
  if (hex(nodeIdOf(seed)) !== whole.data.nodeId)
    throw new IdentityError('mismatch', `${file} is damaged: its seed does not give its node id; ${restore}`);
  return seed;
}

/** The content, or null when there is no such file. */
async function read(file: string): Promise<string | null> {
  try {
    const handle = await open(file, constants.O_RDONLY);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new IdentityError('unreadable', `${file} is not a file`);
      if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
        throw new IdentityError(
          'mode',
          `${file} holds a secret and others may open it (mode ${(stat.mode & 0o777).toString(8)}): chmod 600 ${file}`,
        );
      if (stat.size > mostFileBytes)
        throw new IdentityError(
          'corrupt',
          `${file} has ${stat.size} bytes, too many for an identity: ${restore}`,
        );
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    if (error instanceof IdentityError) throw error;
    throw new IdentityError('unreadable', `${file} cannot be read: ${text(error)}`, { cause: error });
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Whole or absent: written aside, synced, then linked to its name, which fails when another process was first. False then.
 */
async function write(file: string, content: string): Promise<boolean> {
  const folder = path.dirname(file);
  const aside = path.join(folder, `.${path.basename(file)}.${randomBytes(8).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(aside, 'wx', ownerOnly);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(aside, file);
    await syncFolder(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new IdentityError('unwritable', `no identity can be written to ${file}: ${text(error)}`, {
      cause: error,
    });
  } finally {
    await unlink(aside).catch(() => undefined);
  }
}

/** The seed that the file keeps; a new one, written there first, when there is no file. Throws IdentityError. */
export async function keptSeed(file: string, nodeIdOf: NodeIdOf): Promise<Uint8Array> {
  const content = await read(file);
  if (content !== null) return parsed(file, content, nodeIdOf);
  const seed = randomBytes(seedBytes);
  const record = { kind, version, seed: hex(seed), nodeId: hex(nodeIdOf(seed)) };
  if (await write(file, `${JSON.stringify(record)}\n`)) return seed;
  const other = await read(file);
  if (other === null) throw new IdentityError('unreadable', `${file} came and went: start again`);
  return parsed(file, other, nodeIdOf);
}
