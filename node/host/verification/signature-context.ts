/**
 * The contexts that separate signatures by purpose: one made for a vertex proves nothing in a handshake.
 * Owns: their limits and their bytes. Does not own: the contexts of other parts, which name their own.
 */

export const vertexContext = 'qa/vertex/1';

/** FIPS 204. An empty context is allowed there; here every purpose has a name. */
const mostContextBytes = 255;
const mostKnown = 64;
const known = new Map<string, Uint8Array>();

/** The bytes of a context. Throws RangeError for an empty one or one of more than 255 bytes. */
export function contextBytes(context: string): Uint8Array {
  const found = known.get(context);
  if (found !== undefined) return found;
  const bytes = new TextEncoder().encode(context);
  if (bytes.length < 1 || bytes.length > mostContextBytes)
    throw new RangeError(
      `a signature context has 1 to ${mostContextBytes} bytes, not ${bytes.length}: ${context.slice(0, 40)}`,
    );
  if (known.size < mostKnown) known.set(context, bytes);
  return bytes;
}
