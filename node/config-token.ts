/**
 * Tokens in configurations: what counts as one, and reading it from a file of its own.
 * Owns: that form and its errors, for nodes and the conductor. Does not own: which token opens what.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const tokenLeast = 16;
export const token = z
  .string()
  .max(512)
  .refine((text) => text.length >= tokenLeast && /^[\x21-\x7e]+$/.test(text), {
    message: `is no token: at least ${tokenLeast} printable characters without blanks`,
    params: { remedy: 'draw one, for example with: openssl rand -hex 32' },
  });

/** The token that stands alone in a file, or null after `refuse` was told why there is none. */
export function readToken(file: string, refuse: (message: string, remedy: string) => void): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (token.safeParse(text).success) return text;
    refuse('holds no token', `at least ${tokenLeast} printable characters without blanks`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    refuse(`names a file that cannot be read (${code})`, 'check the name of the file');
  }
  return null;
}
