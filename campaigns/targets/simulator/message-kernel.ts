/**
 * The loops over queries and answers in WebAssembly of our own, and the memory that they share with the core and the queues.
 * Owns: that memory, telling the module where everything stands, calling it. Does not own: the computation (message-kernel.c),
 * what is done without it (exchange.ts): the results are the same.
 *
 * The memory never grows: what no longer fits is made outside of it, and the loops of exchange.ts take over (`isAble`).
 */
import type { ArrayMaker } from '#node/core/arrays.ts';
import type { Core } from '#node/core/core.ts';
import { wasmBase64 } from './message-kernel-wasm.ts';
import { chunkWords, type TimingWheel, type WheelArrays } from './wheel.ts';

/** What is used of the engine's WebAssembly: it belongs to no library of types that the project loads. */
interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly CompileError: new () => Error;
};

interface Exports {
  readonly query_all: (poll: number, count: number) => void;
  readonly queries: (from: number, until: number) => number;
  readonly reply: (from: number, until: number) => void;
  readonly answers: (from: number, until: number) => number;
  readonly control_at: () => number;
  readonly free_at: () => number;
}

const functions = ['query_all', 'queries', 'reply', 'answers', 'control_at', 'free_at'];

function isExports(exports: object): exports is Exports {
  return functions.every((name) => name in exports);
}

/** Words of the module's control block, in its order. */
const control = {
  head: 0,
  stride: 1,
  k: 2,
  concurrent: 3,
  odd: 4,
  peers: 5,
  scope: 6,
  scopeWords: 7,
  open: 8,
  openWords: 9,
  votes: 10,
  row: 11,
  active: 12,
  asked: 13,
  pastKeys: 14,
  attack: 15,
  alpha: 16,
  preference: 17,
  slotMask: 18,
  queries: 19,
  answers: 24,
  delays: 29,
  draws: 30,
  unknown: 31,
  now: 32,
  lossLimit: 33,
  delivered: 34,
  lost: 35,
  ignored: 36,
} as const;
const controlWords = 37;
const nowAt = control.now;
const lossLimitAt = control.lossLimit;

const pageBytes = 65_536;
const lineBytes = 64;
/** Larger networks do without. */
const mostBytes = 2 ** 30;
/** A call of the module pushes no more events than this, and so needs no more chunks. */
const mostPushed = 1024;
/** For arrays that grow while it runs: bytes of a node. */
const growingBytes = 1024;

export interface KernelSize {
  readonly nodes: number;
  readonly polls: number;
  readonly wheelSlots: number;
  /** Chunks of each queue. */
  readonly chunks: number;
  readonly bytes: number;
}

/** In each queue there is room for all messages of two polls in a row, and a chunk that is not full in each tick of the longest delay. */
export function kernelSize(nodes: number, polls: number, k: number, wheelSlots: number): KernelSize {
  const chunks = Math.ceil((4 * polls * k) / chunkWords) + 2 * mostPushed;
  const perQueue = chunks * 4 * (chunkWords + 1) + 8 * wheelSlots;
  const bytes = 2 * perQueue + polls * (7 * k + 512) + nodes * (16 + growingBytes) + 2 * pageBytes;
  return { nodes, polls, wheelSlots, chunks, bytes };
}

/** Compiled once in a thread: what the engine learns about it stays. */
let shared: object | null = null;

export function compiledKernel(wasm: Uint8Array<ArrayBuffer>): object {
  return new WebAssembly.Module(wasm);
}

/** Null where the processor has no vector instructions for it, or the network is too large. */
export function loadMessageKernel(size: KernelSize): MessageKernel | null {
  if (size.bytes > mostBytes) return null;
  try {
    shared ??= compiledKernel(Uint8Array.from(Buffer.from(wasmBase64, 'base64')));
    return new MessageKernel(size, shared);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}

export class MessageKernel implements ArrayMaker {
  /** Sends the queries of a poll. */
  readonly queryAll: Exports['query_all'];
  /** Queries of the wheel's pool arrive; returns how many of them are `unknown`, and has answered all when none is. */
  readonly queries: Exports['queries'];
  /** Answers them once their kinds are in the pool. */
  readonly reply: Exports['reply'];
  /** Answers arrive; returns where the first stands that exchange.ts has to look at. */
  readonly answers: Exports['answers'];
  /** Where queries stand whose answers are not known to the module. */
  readonly unknown: Int32Array;
  readonly asked: Int32Array;
  readonly pastKeys: Int32Array;
  readonly queryArrays: WheelArrays;
  readonly answerArrays: WheelArrays;
  readonly #buffer: ArrayBuffer;
  readonly #control: Int32Array;
  readonly #delays: Uint16Array;
  #next: number;
  #core: Core | null = null;
  #scope: Int32Array | null = null;
  #isNear = false;

  constructor(size: KernelSize, module: object) {
    const pages = Math.ceil(size.bytes / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    if (!isExports(exports)) throw new TypeError('the module is not message-kernel');
    this.#buffer = memory.buffer;
    this.#next = exports.free_at();
    this.#control = new Int32Array(memory.buffer, exports.control_at(), controlWords);
    this.queryAll = exports.query_all;
    this.queries = exports.queries;
    this.reply = exports.reply;
    this.answers = exports.answers;
    this.asked = this.int32(size.nodes);
    this.pastKeys = this.int32(size.polls << 4);
    this.unknown = this.int32(chunkWords / 2);
    this.#delays = this.uint16(4096);
    this.#control[control.draws] = this.int32(mostPushed).byteOffset;
    this.queryArrays = this.#wheelArrays(size, control.queries);
    this.answerArrays = this.#wheelArrays(size, control.answers);
  }

  #wheelArrays(size: KernelSize, at: number): WheelArrays {
    const { chunks } = size;
    const arrays = {
      pool: this.int32(chunks * chunkWords),
      next: this.int32(chunks),
      write: this.int32(size.wheelSlots),
      first: this.int32(size.wheelSlots),
      ends: this.int32(2),
    };
    const { pool, next, write, first, ends } = arrays;
    this.#control.set(
      [pool, next, write, first, ends].map(({ byteOffset }) => byteOffset),
      at,
    );
    this.#control[control.slotMask] = size.wheelSlots - 1;
    return arrays;
  }

  int32(length: number): Int32Array {
    const at = this.#take(4 * length);
    return at < 0 ? new Int32Array(length) : new Int32Array(this.#buffer, at, length);
  }

  uint16(length: number): Uint16Array {
    const at = this.#take(2 * length);
    return at < 0 ? new Uint16Array(length) : new Uint16Array(this.#buffer, at, length);
  }

  uint8(length: number): Uint8Array {
    const at = this.#take(length);
    return at < 0 ? new Uint8Array(length) : new Uint8Array(this.#buffer, at, length);
  }

  /** Where that many bytes begin, on a cache line of their own; -1 when there is no room. */
  #take(bytes: number): number {
    const at = Math.ceil(this.#next / lineBytes) * lineBytes;
    if (at + bytes > this.#buffer.byteLength) return -1;
    this.#next = at + bytes;
    return at;
  }

  /** `attack`: the kind of every answer of an attacker, 0 when they differ. */
  attach(core: Core, delays: Int32Array, attack: number): void {
    this.#core = core;
    this.#delays.set(delays);
    const { polls } = core;
    const to = this.#control;
    to[control.head] = polls.head.byteOffset;
    to[control.stride] = polls.stride;
    to[control.k] = polls.k;
    to[control.concurrent] = core.params.concurrentPolls;
    to[control.odd] = polls.odd.byteOffset;
    to[control.peers] = polls.peers.byteOffset;
    to[control.active] = core.active.byteOffset;
    to[control.asked] = this.asked.byteOffset;
    to[control.pastKeys] = this.pastKeys.byteOffset;
    to[control.attack] = attack;
    to[control.alpha] = core.params.alphaConfidence;
    to[control.preference] = core.params.alphaPreference;
    to[control.delays] = this.#delays.byteOffset;
    to[control.unknown] = this.unknown.byteOffset;
  }

  /** Before a tick: whether all arrays are here. */
  begin(now: number, lossLimit: number): boolean {
    this.#control[nowAt] = now;
    this.#control[lossLimitAt] = lossLimit;
    if (this.#scope !== this.#core!.polls.scope) this.#look();
    return this.#isNear;
  }

  /** The arrays that grow, all at once, have been made anew. */
  #look(): void {
    const { polls, standing, active } = this.#core!;
    this.#scope = polls.scope;
    const to = this.#control;
    to[control.scope] = polls.scope.byteOffset;
    to[control.scopeWords] = polls.words;
    to[control.open] = polls.open.maps.byteOffset;
    to[control.openWords] = polls.open.stride;
    to[control.votes] = standing.votes.byteOffset;
    to[control.row] = standing.words;
    const { head, odd, peers, scope, open } = polls;
    const all = [head, odd, peers, scope, open.maps, standing.votes, active];
    this.#isNear = all.every(({ buffer }) => buffer === this.#buffer);
  }

  /** A call can push all its events. */
  hasRoom(wheel: TimingWheel): boolean {
    return wheel.chunksLeft >= mostPushed;
  }

  /** Counted since the last look. */
  takeDelivered(): number {
    return this.#taken(control.delivered);
  }

  takeLost(): number {
    return this.#taken(control.lost);
  }

  takeIgnored(): number {
    return this.#taken(control.ignored);
  }

  #taken(at: number): number {
    const count = this.#control[at]!;
    this.#control[at] = 0;
    return count;
  }
}
