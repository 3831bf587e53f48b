/**
 * BLAKE3 as machine code, where @napi-rs/blake-hash has a binary for this platform.
 * Owns: loading it, or doing without. Does not own: what is used instead (blake3.ts).
 */
import { createRequire } from 'node:module';

/** A new array with the digest. */
export type NativeBlake3 = (data: Uint8Array) => Uint8Array;

function isNative(module: unknown): module is { readonly blake3: NativeBlake3 } {
  return (
    typeof module === 'object' && module !== null && 'blake3' in module && typeof module.blake3 === 'function'
  );
}

/** Null when there is no binary for this platform: an import would end the process, so it is asked for. */
export function loadNativeBlake3(
  load: (name: string) => unknown = createRequire(import.meta.url),
): NativeBlake3 | null {
  try {
    const module = load('@napi-rs/blake-hash');
    return isNative(module) ? module.blake3 : null;
  } catch {
    return null;
  }
}
