/**
 * The draws of whole polls in WebAssembly of our own: samples of peers, delays, the answer that ends a poll.
 * Owns: its memory and calling it. Does not own: the computation (poll-draws.c), what is done without it and for other polls
 * (node/core/sampler.ts, foresight.ts): the results are the same.
 */
import { maximumSampleSize } from '#node/core/params.ts';
import { wasmBase64 } from './poll-draws-wasm.ts';

/** What is used of the engine's WebAssembly: it belongs to no library of types that the project loads. */
interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
  readonly Memory: new () => Memory;
  readonly CompileError: new () => Error;
};

/** Where the results of `look` stand. */
export const drawn = {
  /** The answer that ends the poll, or `noArrival`. */
  end: 0,
  /** Answers until the end that say yes to everything, and those that refuse. */
  voters: 1,
  refusals: 2,
  /** Answers that are not lost. */
  answers: 3,
  lostQueries: 4,
  lostAnswers: 5,
} as const;
const results = 6;
const delayTableSize = 4096;

interface Exports {
  readonly memory: Memory;
  readonly sample: (self: number, k: number, keyA: number, keyB: number, others: number) => void;
  readonly look: (
    key: number,
    k: number,
    lossLimit: number,
    refuse: number,
    alphaConfidence: number,
    alphaPreference: number,
    earlyEnd: number,
  ) => void;
  readonly asked_at: () => number;
  readonly delays_at: () => number;
  readonly peers_at: () => number;
  readonly refusals_at: () => number;
  readonly result_at: () => number;
}

const functions = ['sample', 'look', 'asked_at', 'delays_at', 'peers_at', 'refusals_at', 'result_at'];

function isExports(exports: object): exports is Exports {
  return (
    'memory' in exports &&
    exports.memory instanceof WebAssembly.Memory &&
    functions.every((name) => name in exports)
  );
}

export class PollDraws {
  readonly members: number;
  /** Queries received by each member; the top bit marks those that refuse. */
  readonly asked: Int32Array;
  /** Ticks by the low 12 bits of a draw. */
  readonly delays: Uint16Array;
  /** The last sample; `look` takes the peers of its poll from here. */
  readonly peers: Int32Array;
  /** Words of the answers that refuse, in the order of arrival. */
  readonly refusals: Int32Array;
  readonly result: Int32Array;
  /** See `node/core/sampler.ts`; `others`: members without `self`, at least 2k. */
  readonly sample: Exports['sample'];
  /** Looks at a poll and counts its queries; `refuse`: 1 when attackers say no to everything, else 0. */
  readonly look: Exports['look'];
  /** Whose sample the peers are, -1 when they are none. */
  sampledBy = -1;
  sampledWith = 0;

  /** `module`: see `compiled`. */
  constructor(members: number, module: object) {
    const { exports } = new WebAssembly.Instance(module);
    if (!isExports(exports)) throw new TypeError('the module is not poll-draws');
    const { buffer } = exports.memory;
    this.members = members;
    this.asked = new Int32Array(buffer, exports.asked_at(), members);
    this.delays = new Uint16Array(buffer, exports.delays_at(), delayTableSize);
    this.peers = new Int32Array(buffer, exports.peers_at(), maximumSampleSize);
    this.refusals = new Int32Array(buffer, exports.refusals_at(), maximumSampleSize);
    this.result = new Int32Array(buffer, exports.result_at(), results);
    this.sample = exports.sample;
    this.look = exports.look;
  }
}

/** Throws WebAssembly.CompileError on a processor without vector instructions. */
export function compiled(wasm: Uint8Array<ArrayBuffer>): object {
  return new WebAssembly.Module(wasm);
}

/** Compiled once in a thread: what the engine learns about it stays. */
let shared: object | null = null;

/** Null where the processor has no vector instructions for it. */
export function loadPollDraws(members: number): PollDraws | null {
  try {
    shared ??= compiled(Uint8Array.from(Buffer.from(wasmBase64, 'base64')));
    return new PollDraws(members, shared);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}
