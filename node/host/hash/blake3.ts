/**
 * BLAKE3 as the node uses it: one call per message, the fastest of three implementations by length.
 * Owns: the choice by length and by what this machine has. Does not own: the implementations (small-blake3.ts,
 * native-blake3.ts, the package blake3-jit); they agree bit for bit.
 */
import { hashInto } from 'blake3-jit';
import { loadNativeBlake3, type NativeBlake3 } from './native-blake3.ts';
import { loadSmallBlake3, type SmallBlake3 } from './small-blake3.ts';

export const digestBytes = 32;

/** Above this length many chunks are worth the price of a call into machine code. Measured: `npm run bench -- hashing`. */
const nativeFromBytes = 3_073;

export type Blake3 = (data: Uint8Array, out?: Uint8Array) => Uint8Array;

/** `native` is null where this machine has none; blake3-jit, which runs everywhere, takes its place. */
export function chosenBlake3(
  { hash: hashSmall, mostBytes }: SmallBlake3,
  native: NativeBlake3 | null,
): Blake3 {
  const nativeFrom = native === null ? Number.POSITIVE_INFINITY : nativeFromBytes;
  const hashNative = native ?? ((data) => data);
  return (data, out = new Uint8Array(digestBytes)) => {
    if (out.length < digestBytes)
      throw new RangeError(`a digest has ${digestBytes} bytes, there is room for ${out.length}`);
    const { length } = data;
    if (length <= mostBytes) hashSmall(data, out);
    else if (length >= nativeFrom) out.set(hashNative(data));
    else hashInto(data, out, digestBytes);
    return out;
  };
}

/** The digest of `data`, written to the first 32 bytes of `out` when it is given. Returns `out`, or a new array of 32 bytes. */
export const blake3: Blake3 = chosenBlake3(loadSmallBlake3(), loadNativeBlake3());
