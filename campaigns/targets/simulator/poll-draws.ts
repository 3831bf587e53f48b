/**
 * The draws of whole polls in WebAssembly of our own: samples of peers, delays, the answer that ends a poll; and the memory that it
 * shares with the core. Owns: that memory and calling it. Does not own: the computation (poll-draws.c), what is done without it and for
 * other polls (node/core/sampler.ts, foresight.ts, poll-exchange.ts): the results are the same.
 */
import { maximumSampleSize } from '#node/core/params.ts';
import type { PollBook } from '#node/core/poll-book.ts';
import { ModuleMemory } from './module-memory.ts';
import { wasmBase64 } from './poll-draws-wasm.ts';

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

/** In place of the ticks until a query arrives: it is lost. */
export const lostQuery = 0x7fff;

interface Exports {
  readonly sample: (self: number, k: number, keyA: number, keyB: number, others: number, to: number) => void;
  readonly look: (
    peers: number,
    key: number,
    k: number,
    lossLimit: number,
    refuse: number,
    alphaConfidence: number,
    alphaPreference: number,
    earlyEnd: number,
  ) => void;
  readonly follow: (peers: number, key: number, k: number, lossLimit: number) => number;
  readonly turns: (from: number, until: number) => number;
  readonly follow_near: (poll: number, count: number, lossLimit: number, canBeCertain: number) => number;
  readonly possible_end: (
    poll: number,
    count: number,
    least: number,
    without: number,
    votes: number,
    refusals: number,
    leastVotes: number,
    leastRefusals: number,
  ) => number;
  readonly arrivals: (from: number, until: number) => number;
  readonly pass: (ticks: number) => number;
  readonly turns_at: () => number;
  readonly turn_times_at: () => number;
  readonly asked_at: () => number;
  readonly delays_at: () => number;
  readonly peers_at: () => number;
  readonly asks_at: () => number;
  readonly refusals_at: () => number;
  readonly result_at: () => number;
  readonly free_at: () => number;
}

const functions = [
  'sample',
  'look',
  'follow',
  'turns',
  'pass',
  'follow_near',
  'possible_end',
  'arrivals',
  'turns_at',
  'turn_times_at',
  'asked_at',
  'delays_at',
  'peers_at',
  'asks_at',
  'refusals_at',
];

function isExports(exports: object): exports is Exports {
  return functions.every((name) => name in exports);
}

const pageBytes = 65_536;
const ownBytes = 12 * pageBytes;
/** Samples are written eight at a time. */
const lineBytes = 64;
/** Larger networks copy their samples. */
const mostBytes = 2 ** 30;
const mostTurnBytes = 2 ** 31 - pageBytes;

/** Bytes for what the core and the exchange keep of each poll and node, and for the votes with which a core begins. */
export function roomFor(nodes: number, polls: number, k: number): number {
  const bytes = polls * (7 * k + 512) + nodes * 256;
  return bytes > mostBytes ? 0 : bytes;
}

/** The same with what turns of polls touch (poll-turns.ts), also after the core has grown twice; 0: too much. */
export function roomForTurns(nodes: number, polls: number, k: number): number {
  const bytes = polls * (25 * k + 900) + 96 * pageBytes + nodes * (5_600 + Math.min(4_096, nodes));
  return bytes > mostTurnBytes ? 0 : bytes;
}

export class PollDraws extends ModuleMemory {
  readonly members: number;
  /** Queries received by each member; the top bit marks those that refuse. */
  readonly asked: Int32Array;
  /** Ticks by the low 12 bits of a draw. */
  readonly delays: Uint16Array;
  /** Room for a sample that has none in this memory. */
  readonly peers: Int32Array;
  /** Of the poll that was looked at last, by slot: ticks until the query arrives, or `lostQuery`. */
  readonly asks: Uint16Array;
  /** Words of the answers that refuse, or of all of a poll that is followed, in the order of arrival. */
  readonly refusals: Int32Array;
  readonly words: Int32Array;
  readonly result: Int32Array;
  /** See `node/core/sampler.ts`; `others`: members without `self`, at least 2k; `to`: an address. */
  readonly sample: Exports['sample'];
  /** Looks at a poll and counts its queries; `refuse`: 1 when attackers say no to everything, else 0. */
  readonly look: Exports['look'];
  /** Counts the queries of a poll; returns how many answers it has, `words`. */
  readonly follow: Exports['follow'];
  /** See poll-turns.ts. */
  readonly turns: Exports['turns'];
  readonly pass: Exports['pass'];
  /** See followed-polls.ts, possible-end.ts and poll-exchange.ts: of polls whose arrays are all here (poll-memory.ts). */
  readonly followNear: Exports['follow_near'];
  readonly possibleEnd: Exports['possible_end'];
  readonly arrivals: Exports['arrivals'];
  /** Where the module's blocks for these begin. */
  readonly controlAt: number;
  readonly timesAt: number;
  /** The array that was asked for last, and where it is. */
  #array: Int32Array | null = null;
  #arrayAt = -1;

  /** `module`: see `compiled`; `room`: bytes for arrays of others. */
  constructor(members: number, module: object, room = 0) {
    const pages = Math.ceil((ownBytes + room) / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    if (!isExports(exports)) throw new TypeError('the module is not poll-draws');
    const { buffer } = memory;
    super(buffer, exports.free_at(), lineBytes);
    this.members = members;
    this.asked = new Int32Array(buffer, exports.asked_at(), members);
    this.delays = new Uint16Array(buffer, exports.delays_at(), delayTableSize);
    this.peers = new Int32Array(buffer, exports.peers_at(), maximumSampleSize);
    this.asks = new Uint16Array(buffer, exports.asks_at(), maximumSampleSize);
    this.refusals = new Int32Array(buffer, exports.refusals_at(), maximumSampleSize);
    this.words = this.refusals;
    this.result = new Int32Array(buffer, exports.result_at(), results);
    this.sample = exports.sample;
    this.look = exports.look;
    this.follow = exports.follow;
    this.turns = exports.turns;
    this.pass = exports.pass;
    this.followNear = exports.follow_near;
    this.possibleEnd = exports.possible_end;
    this.arrivals = exports.arrivals;
    this.controlAt = exports.turns_at();
    this.timesAt = exports.turn_times_at();
  }

  /** Where the array begins in this memory, -1 when it is elsewhere. */
  addressOf(array: Int32Array): number {
    if (array !== this.#array) {
      this.#array = array;
      this.#arrayAt = array.buffer === this.buffer ? array.byteOffset : -1;
    }
    return this.#arrayAt;
  }

  /** Where the peers of a poll stand in this memory; they are copied when they are elsewhere. */
  peersOf({ peers, k }: PollBook, poll: number): number {
    const at = this.addressOf(peers);
    if (at >= 0) return at + 4 * poll * k;
    for (let slot = 0; slot < k; slot++) this.peers[slot] = peers[poll * k + slot]!;
    return this.peers.byteOffset;
  }
}

/** Throws WebAssembly.CompileError on a processor without vector instructions. */
export function compiled(wasm: Uint8Array<ArrayBuffer>): object {
  return new WebAssembly.Module(wasm);
}

/** Compiled once in a thread: what the engine learns about it stays. */
let shared: object | null = null;

/** Null where the processor has no vector instructions for it, or there is no address space; `room`: see `roomFor`. */
export function loadPollDraws(members: number, room = 0): PollDraws | null {
  try {
    shared ??= compiled(Uint8Array.from(Buffer.from(wasmBase64, 'base64')));
    return new PollDraws(members, shared, room);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return null;
    throw error;
  }
}
