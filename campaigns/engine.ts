/**
 * Settings of the JavaScript engine that the simulator's hot path profits from.
 * Owns: the inlining budget and the compile cache, set once per process before threads start. Does not own: any threads.
 */
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

/** Lets V8 inline the whole path of a message into the loop over a chunk of events. */
export const engineFlags = [
  '--max-inlined-bytecode-size-cumulative=3000',
  '--max-inlined-bytecode-size=900',
] as const;

/** Where stripped modules are kept; removed together with the packages. */
export const compileCache = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '..',
  'node_modules',
  '.cache',
  'bft-scale',
);

let prepared = false;

/**
 * Stripping types runs WebAssembly, whose growing memory detaches a buffer; from then on V8 checks every typed array access
 * for detachment in that thread. A thread that finds its modules in the cache never strips any.
 */
export function prepareEngine(): void {
  if (prepared) return;
  prepared = true;
  for (const flag of engineFlags) setFlagsFromString(flag);
  enableCompileCache(compileCache);
}
