/**
 * A fresh build of a C source beside the WebAssembly that is committed.
 * Owns: comparing the two where the compiler is the same. Does not own: compiling (scripts/wasm-modules.ts), what a module computes.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { buildWasm, type WasmSource } from '../../scripts/wasm-modules.ts';

export interface CommittedWasm {
  readonly builtWith: string;
  readonly bytes: Uint8Array;
}

/** Another compiler makes other bytes: `agrees` then looks at what they compute. NOT RUN without a compiler. */
export function compareFreshBuild(
  context: TestContext,
  source: WasmSource,
  { builtWith, bytes }: CommittedWasm,
  agrees: (fresh: Uint8Array<ArrayBuffer>) => void,
): void {
  const build = buildWasm(source);
  if (typeof build === 'string') {
    context.skip(`NOT RUN: ${build}`);
    return;
  }
  if (build.compiler === builtWith) {
    assert.equal(Buffer.from(build.wasm).toString('base64'), Buffer.from(bytes).toString('base64'));
  } else {
    context.diagnostic(
      `${build.compiler} is not ${builtWith}: the build is compared by what it computes, not by its bytes`,
    );
    agrees(Uint8Array.from(build.wasm));
  }
}
