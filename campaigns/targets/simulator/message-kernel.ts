/**
 * The loops over queries and answers in WebAssembly of our own, and the memory that they share with the core and the queues.
 * Owns: that memory, telling the module where everything stands, calling it. Does not own: the computation (message-kernel.c),
 * what is done without it (exchange.ts): the results are the same.
 *
 * The memory never grows: what no longer fits is made outside of it, and the loops of exchange.ts take over (`isAble`).
 */
import type { Core } from '#node/core/core.ts';
import type { Calibration } from '#node/model/calibration.ts';
import { type Cpu, longestBacklogUs } from './cpu.ts';
import { control, controlWords, times, timesCount } from './message-control.ts';
import { wasmBase64 } from './message-kernel-wasm.ts';
import { ModuleMemory } from './module-memory.ts';
import type { Network } from './network.ts';
import { chunkWords, endsWords, type TimingWheel, type WheelArrays } from './wheel.ts';

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
  readonly query_all: (poll: number, count: number, wait: number) => void;
  readonly query_all_roughly: (poll: number, count: number, wait: number) => void;
  readonly queries: (from: number, until: number) => number;
  readonly reply: (from: number, until: number) => void;
  readonly answers: (from: number, until: number) => number;
  readonly queries_carefully: (from: number, until: number) => number;
  readonly reply_carefully: (from: number, until: number) => void;
  readonly answers_carefully: (from: number, until: number) => number;
  readonly queries_roughly: (from: number, until: number) => number;
  readonly reply_roughly: (from: number, until: number) => void;
  readonly control_at: () => number;
  readonly times_at: () => number;
  readonly free_at: () => number;
}

const functions = [
  'query_all',
  'query_all_roughly',
  'queries',
  'reply',
  'answers',
  'queries_carefully',
  'reply_carefully',
  'answers_carefully',
  'queries_roughly',
  'reply_roughly',
  'control_at',
  'times_at',
  'free_at',
];

function isExports(exports: object): exports is Exports {
  return functions.every((name) => name in exports);
}

const nowAt = control.now;
const lossLimitAt = control.lossLimit;
const partitionedAt = control.partitioned;
const throttledAt = control.throttled;
const heldFromAt = control.heldFrom;
const isOverAt = control.isOver;
const hasExtraAt = control.hasExtra;
const beyondCountAt = control.beyondCount;
const nowUsAt = times.now;
const throttledUsAt = times.throttled;
const queryBytesAt = times.queryBytes;

/** What is left to do about a query in `unknown`, below its place in the pool. */
export const unknownMark = {
  /** What is answered is not known to the module. */
  kind: 1,
  /** The answer leaves later than the queue reaches. */
  far: 2,
  /** The peer asks for vertices that it lacks. */
  asks: 4,
} as const;
export const unknownAt = 3;

const pageBytes = 65_536;
/** Networks whose arrays do not fit from the beginning do without. Pages that nobody writes to take no memory. */
const mostBytes = 2 ** 31 - pageBytes;
/** A call of the module pushes no more events than this, and so needs no more chunks. */
const mostPushed = 1024;
/** Events of one call that its queue does not reach, copies included: ticks and both words of each. */
const mostBeyond = 2 * mostPushed;
const beyondWords = 3;
/** From so many messages of open polls on, whose slots fill chunks that wide; fewer would leave most lines of a chunk out of the caches. */
const manyMessages = 500_000;
const wideChunkWords = 1024;
/** Wider scopes are left to exchange.ts: so far there is room (within `mostBytes`) when the rows of nodes grow. */
const mostScopeWords = 512;
/** Answers whose exceptions are counted at once. */
const answersAtOnce = 16;
/** Words of a node's row of vertices with which the core begins. */
const leastWords = 2;

export interface KernelSize {
  readonly nodes: number;
  readonly polls: number;
  readonly wheelSlots: number;
  /** Words of a chunk. */
  readonly chunk: number;
  /** Chunks of each queue. */
  readonly chunks: number;
  readonly bytes: number;
}

/** In each queue there is room for all messages of two polls in a row, a chunk that is not full in each slot, and those of a call. */
export function kernelSize(nodes: number, polls: number, k: number, wheelSlots: number): KernelSize {
  const chunk = polls * k < manyMessages ? chunkWords : wideChunkWords;
  const chunks = Math.ceil((4 * polls * k) / chunk) + wheelSlots + mostPushed;
  const perQueue = 4 * chunks * (chunk + 1) + 8 * wheelSlots;
  const fixed = 2 * perQueue + polls * (7 * k + 512) + nodes * 128 + 3 * pageBytes;
  const least = fixed + growing(nodes, polls, k, leastWords);
  // It grows by doubling, and what it leaves behind stays.
  const roomy = fixed + 2 * growing(nodes, polls, k, mostScopeWords);
  return { nodes, polls, wheelSlots, chunk, chunks, bytes: Math.max(least, Math.min(roomy, mostBytes)) };
}

/** Bytes of the arrays that grow: votes and marks of nodes; scopes, exceptions and their counts of polls. */
function growing(nodes: number, polls: number, k: number, words: number): number {
  const planes = 32 - Math.clz32(k);
  const perPoll = 2 * words + k * (2 * words + 1 + (words >>> 5)) + planes * (words + 3);
  return 4 * (nodes * 10 * words + polls * perPoll);
}

/** Compiled once in a thread: what the engine learns about it stays. */
let shared: object | null = null;

export function compiledKernel(wasm: Uint8Array<ArrayBuffer>): object {
  return new WebAssembly.Module(wasm);
}

/** Null where the processor has no vector instructions for it, or the network is too large for its memory. */
export function loadMessageKernel(size: KernelSize): MessageKernel | null {
  if (size.bytes > mostBytes) return null;
  try {
    shared ??= compiledKernel(Uint8Array.from(Buffer.from(wasmBase64, 'base64')));
    return new MessageKernel(size, shared);
  } catch (error) {
    // No vector instructions, or no address space.
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return null;
    throw error;
  }
}

export class MessageKernel extends ModuleMemory {
  /** Sends the queries of a poll, after that many ticks. */
  readonly queryAll: Exports['query_all'];
  /** Queries of the wheel's pool arrive; returns how many of them are `unknown`, and has answered all before `heldFrom`. */
  readonly queries: Exports['queries'];
  /** Answers them once their kinds are in the pool. */
  readonly reply: Exports['reply'];
  /** Answers arrive; returns where the first stands that exchange.ts has to look at. See `takeIsOver`. */
  readonly answers: Exports['answers'];
  /** The same where messages cost CPU, or a partition cuts them. */
  readonly queriesCarefully: Exports['queries'];
  readonly replyCarefully: Exports['reply'];
  readonly answersCarefully: Exports['answers'];
  /** The same on links with more than delay and loss; `takeBeyond` follows each of them. */
  readonly queryAllRoughly: Exports['query_all'];
  readonly queriesRoughly: Exports['queries'];
  readonly replyRoughly: Exports['reply'];
  /** Queries about which something is left to do: where they stand, above `unknownMark`s. */
  readonly unknown: Int32Array;
  /** Ticks until the queries that have just arrived are answered. Only of those that arrived carefully. */
  readonly waits: Int32Array;
  readonly asked: Int32Array;
  readonly pastKeys: Int32Array;
  /** By poll its sequence, -1 when it asks about nothing, and its key: what almost every query needs of it. */
  readonly abouts: Int32Array;
  readonly queues: { readonly queries: WheelArrays; readonly answers: WheelArrays };
  readonly #control: Int32Array;
  readonly #times: Float64Array;
  readonly #delays: Uint16Array;
  readonly #beyond: Int32Array;
  #core: Core | null = null;
  #scope: Int32Array | null = null;
  #isNear = false;
  #fixed: readonly (Uint8Array | Float64Array)[] = [];

  constructor(size: KernelSize, module: object) {
    const pages = Math.ceil(size.bytes / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    if (!isExports(exports)) throw new TypeError('the module is not message-kernel');
    super(memory.buffer, exports.free_at(), 0);
    this.#control = new Int32Array(memory.buffer, exports.control_at(), controlWords);
    this.#times = new Float64Array(memory.buffer, exports.times_at(), timesCount);
    this.queryAll = exports.query_all;
    this.queries = exports.queries;
    this.reply = exports.reply;
    this.answers = exports.answers;
    this.queriesCarefully = exports.queries_carefully;
    this.replyCarefully = exports.reply_carefully;
    this.answersCarefully = exports.answers_carefully;
    this.queryAllRoughly = exports.query_all_roughly;
    this.queriesRoughly = exports.queries_roughly;
    this.replyRoughly = exports.reply_roughly;
    this.asked = this.int32(size.nodes);
    this.pastKeys = this.int32(size.polls << 4);
    this.abouts = this.int32(2 * size.polls).fill(-1);
    this.#control[control.abouts] = this.abouts.byteOffset;
    this.unknown = this.int32(size.chunk / 2);
    this.waits = this.int32(size.chunk / 2);
    // The last vector of them may reach beyond a chunk.
    this.#control[control.keys] = this.int32(size.chunk / 2 + 4).byteOffset;
    this.#control[control.left] = this.int32(size.chunk / 2 + 1).byteOffset;
    this.#delays = this.uint16(4096);
    this.#control[control.draws] = this.int32(mostPushed).byteOffset;
    this.#control[control.refusedWords] = this.int32(mostScopeWords).byteOffset;
    this.#control[control.lanes] = this.int32(answersAtOnce * mostScopeWords).byteOffset;
    this.#control[control.noPlane] = this.int32(mostScopeWords).byteOffset;
    this.#beyond = this.int32(beyondWords * mostBeyond);
    this.#control[control.beyond] = this.#beyond.byteOffset;
    this.#control[control.chunk] = size.chunk;
    this.queues = { queries: this.#room(size, control.queries), answers: this.#room(size, control.answers) };
  }

  #room(size: KernelSize, at: number): WheelArrays {
    const arrays = {
      chunk: size.chunk,
      pool: this.int32(size.chunks * size.chunk),
      next: this.int32(size.chunks),
      write: this.int32(size.wheelSlots),
      first: this.int32(size.wheelSlots),
      ends: this.int32(endsWords),
    };
    const { pool, next, write, first, ends } = arrays;
    this.#control.set(
      [pool, next, write, first, ends].map(({ byteOffset }) => byteOffset),
      at,
    );
    this.#control[control.slotMask] = size.wheelSlots - 1;
    return arrays;
  }

  /** `attack`: the kind of every answer of an attacker, 0 when they differ. */
  attach(core: Core, network: Network, cpu: Cpu, attack: number, calibration: Calibration): void {
    this.#core = core;
    this.#delays.set(network.delayTable);
    this.#attachNode(core, network, cpu, calibration);
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

  #attachNode(core: Core, network: Network, cpu: Cpu, calibration: Calibration): void {
    const { loopFreeUs, loopBusyUs, factor } = cpu;
    const { group, tickUs, bytesSent } = network;
    const { repeatAtUs } = core.standing;
    const to = this.#control;
    to[control.planes] = core.polls.exceptions.planes;
    to[control.bytesSent] = bytesSent.byteOffset;
    to[control.repeatAt] = repeatAtUs.byteOffset;
    to[control.group] = group.byteOffset;
    to[control.loopFree] = loopFreeUs.byteOffset;
    to[control.loopBusy] = loopBusyUs.byteOffset;
    to[control.factor] = factor.byteOffset;
    to[control.waits] = this.waits.byteOffset;
    to[control.mostDelay] = network.longestTicks;
    this.#times[times.tick] = tickUs;
    const { askQuery, answerQuery } = calibration.serviceTimesUs;
    to[control.hasWeight] = askQuery > 0 || answerQuery > 0 ? 1 : 0;
    this.#times[times.answer] = answerQuery;
    this.#times[times.exceptionBytes] = calibration.wireBytes.answerPerException;
    this.#times[times.longestBacklog] = longestBacklogUs;
    this.#fixed = [group, loopFreeUs, loopBusyUs, factor, bytesSent, repeatAtUs];
    this.#attachLinks(network, calibration);
  }

  #attachLinks(network: Network, calibration: Calibration): void {
    const links = network.moveLinks(this);
    const { extraUs, sendFreeUs, receiveFreeUs } = links;
    const to = this.#control;
    to[control.extra] = extraUs.byteOffset;
    to[control.sendFree] = sendFreeUs.byteOffset;
    to[control.receiveFree] = receiveFreeUs.byteOffset;
    to[control.pairKey] = links.pairKey;
    to[control.ofPairs] = links.ofPairs ? 1 : 0;
    to[control.reorderTicks] = links.reorderTicks;
    this.#times[times.reorder] = links.reorder;
    this.#times[times.duplication] = links.duplication;
    this.#times[times.perByte] = links.usPerByte;
    this.#times[times.longestQueue] = links.longestQueueUs;
    this.#times[times.answerBytes] = calibration.wireBytes.answerFixed;
    this.#fixed = [...this.#fixed, extraUs, sendFreeUs, receiveFreeUs];
  }

  /** Before a tick: whether all arrays are here. */
  begin(now: number, nowUs: number, network: Network, cpu: Cpu): boolean {
    const to = this.#control;
    to[nowAt] = now;
    to[lossLimitAt] = network.lossLimit;
    to[partitionedAt] = network.partitioned ? 1 : 0;
    to[throttledAt] = cpu.isThrottled ? 1 : 0;
    to[hasExtraAt] = network.hasExtra ? 1 : 0;
    this.#times[nowUsAt] = nowUs;
    this.#times[throttledUsAt] = cpu.throttledUs;
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
    to[control.marks] = standing.marks.byteOffset;
    const { head, odd, peers, scope, open } = polls;
    const { stored, count } = polls.exceptions;
    to[control.stored] = stored.byteOffset;
    to[control.count] = count.byteOffset;
    const { votes, marks } = standing;
    const all = [head, odd, peers, scope, open.maps, stored, count, votes, marks, active, ...this.#fixed];
    this.#isNear = all.every(({ buffer }) => buffer === this.buffer);
  }

  /** A call can push all its events; `copies`: how many there may be of each that is sent. */
  hasRoom(wheel: TimingWheel, copies = 1): boolean {
    return wheel.chunksLeft >= copies * mostPushed;
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

  takeQueueDrops(): number {
    return this.#taken(control.queueDrops);
  }

  takeDelayed(): number {
    return this.#taken(control.delayed);
  }

  /** Bytes of a query of the poll that is asked next. */
  set queryBytes(bytes: number) {
    this.#times[queryBytesAt] = bytes;
  }

  /** Queues what the last call sent and its queue does not reach. */
  takeBeyond(wheel: TimingWheel): void {
    const words = beyondWords * this.#control[beyondCountAt]!;
    this.#control[beyondCountAt] = 0;
    const beyond = this.#beyond;
    for (let i = 0; i < words; i += beyondWords) wheel.push(beyond[i]!, beyond[i + 1]!, beyond[i + 2]!);
  }

  /** From this query on the caller sends the answers. */
  get heldFrom(): number {
    return this.#control[heldFromAt]!;
  }

  /** The last answer is counted, and its poll is over. */
  takeIsOver(): boolean {
    return this.#taken(isOverAt) === 1;
  }

  takeCut(): number {
    return this.#taken(control.cut);
  }

  /** With what throttling has added to the queries that arrived last. */
  get throttledUs(): number {
    return this.#times[throttledUsAt]!;
  }

  takeRefused(): number {
    return this.#taken(control.refused);
  }

  #taken(at: number): number {
    const count = this.#control[at]!;
    this.#control[at] = 0;
    return count;
  }
}
