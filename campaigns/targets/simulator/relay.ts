/**
 * How vertices reach nodes: pushed along the relay graph, asked for when missing, handed over after a restart.
 * Owns: vertex bodies and requests in flight, their sizes, signature checks before a vertex enters a node.
 * Does not own: the graph (topology.ts), delays (network.ts), the consensus core.
 *
 * A node passes a verified vertex once to every neighbour that has not got it; to the others it sends the announcement only. Of the
 * copies that are on their way to one node only the first is a body: a real node asks once for what is announced. The others travel
 * like it, so that the fastest way counts, with the bytes of an announcement.
 * A request is answered with the vertex and every ancestor that the asking node lacks, oldest first.
 */

import type { Core } from '#node/core/core.ts';
import { mix, purpose, streamKey } from '#node/core/random.ts';
import { maximumParents } from '#node/core/vertex-table.ts';
import type { Calibration } from '#node/model/calibration.ts';
import type { Cpu } from './cpu.ts';
import { eventKind, nodeEvent } from './event.ts';
import type { Network } from './network.ts';
import type { RelayGraph } from './topology.ts';
import type { TimingWheel } from './wheel.ts';

export interface RelayParts {
  readonly core: Core;
  readonly network: Network;
  readonly wheel: TimingWheel;
  readonly cpu: Cpu;
  readonly graph: RelayGraph;
  readonly calibration: Calibration;
  readonly seed: number;
  /** No fault is planned in this run: what is on its way arrives, unless its receiver is killed for its memory. */
  readonly isCalm: boolean;
}

// What a message is about: everything, everything old enough, or a vertex.
const everything = 0;
const overdue = 1;
const firstVertex = 2;
/** A vertex that a member polled this often has arrived wherever its copies were not lost. */
const overdueRounds = 4;
/** Of most requests for what is overdue nothing comes. */
const nothing: readonly number[] = [];

export class Relay {
  /** Vertices and requests delivered. */
  delivered = 0;
  bodies = 0;
  duplicates = 0;
  requests = 0;
  /** Keeps the engine from leaving out what is read ahead. */
  seen = 0;
  readonly #parts: RelayParts;
  // The second word of an event is what a message is about and who sent it: no record per message, for a record has left the near
  // caches when the message arrives. A vertex has a number that it keeps while messages about it are in flight, released or not.
  readonly #senderBits: number;
  readonly #senderMask: number;
  /** By number: the slot of the vertex, and its messages in flight. */
  #slotOf = new Int32Array(1024);
  #flying = new Int32Array(1024);
  readonly #free: number[] = [];
  #used = firstVertex;
  /** Its number, 0 = none yet: per vertex slot. */
  #numberOf = new Int32Array(1024);
  #bytes = new Int32Array(1024); // per vertex slot
  /** The last walk through ancestors that came by, per vertex slot. */
  #walked = new Int32Array(1024);
  #walk = 0;
  // A vertex is passed on by all nodes within a short time: bits of one vertex lie together.
  /** Nodes that a vertex reached, checked or being checked: [slot][node / 32]. */
  #reached: Int32Array;
  /** Nodes that asked for a vertex that is on its way: [slot][node / 32]. It is not sent along with its descendants again. */
  #promised: Int32Array;
  /** Nodes to which a copy is on its way: [slot][node / 32]. */
  #onWay: Int32Array;
  readonly #row: number;
  /** Nodes that hold a copy which waits for its verification: another one ends there, whoever sent it: [slot][node / 32]. */
  #verifying: Int32Array;
  /** Tick in which the first copy arrives, where one is on its way, else anything: [slot][node]. Only in calm runs. */
  #firstCopy: Int32Array;
  readonly #nodes: number;
  readonly #everybody: Int32Array;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#row = (parts.core.standing.nodes + 31) >>> 5;
    this.#reached = new Int32Array(32 * parts.core.standing.words * this.#row);
    this.#promised = this.#reached.slice();
    this.#onWay = this.#reached.slice();
    this.#verifying = this.#reached.slice();
    this.#nodes = parts.core.standing.nodes;
    this.#senderBits = 32 - Math.clz32(this.#nodes - 1);
    this.#everybody = Int32Array.from({ length: parts.graph.isDirect ? this.#nodes : 0 }, (_, node) => node);
    this.#senderMask = (1 << this.#senderBits) - 1;
    this.#firstCopy = new Int32Array(parts.isCalm ? 32 * parts.core.standing.words * this.#nodes : 0);
  }

  /** A node publishes its own vertex; `only` restricts the push to part of the network (equivocation). */
  publish(
    node: number,
    slot: number,
    payloadBytes: number,
    nowUs: number,
    only: ((peer: number) => boolean) | null,
  ): void {
    const { core, calibration } = this.#parts;
    this.#fit();
    const wire = calibration.wireBytes;
    this.#bytes[slot] =
      wire.vertexFixed + core.table.parentCount[slot]! * wire.vertexPerParent + payloadBytes;
    this.#markReached(node, slot);
    this.#push(node, slot, -1, nowUs, only);
    core.deliver(node, slot, -1, nowUs);
  }

  #push(
    node: number,
    slot: number,
    except: number,
    nowUs: number,
    only: ((peer: number) => boolean) | null,
  ): void {
    const { graph, network, calibration, isCalm, wheel, core } = this.#parts;
    // Who published it has sent it to all.
    if (graph.isDirect && except >= 0) return;
    const number = this.#number(slot);
    const what = (number << this.#senderBits) | node;
    const serial = core.table.serial[slot]!;
    const body = this.#bytes[slot]!;
    const announcement = calibration.wireBytes.vertexAnnouncement;
    const reached = this.#reached;
    const onWay = this.#onWay;
    const row = slot * this.#row;
    let copies = 0;
    let sent = network.bytesSent[node]!;
    const peers = graph.isDirect ? this.#everybody : graph.neighbours;
    const until = graph.isDirect ? peers.length : graph.offsets[node + 1]!;
    for (let edge = graph.isDirect ? 0 : graph.offsets[node]!; edge < until; edge++) {
      const peer = peers[edge]!;
      if (peer === except || peer === node || (only !== null && !only(peer))) continue;
      const word = row + (peer >>> 5);
      const bit = 1 << (peer & 31);
      if ((reached[word]! & bit) !== 0) {
        sent += announcement;
        continue;
      }
      const isFirst = (onWay[word]! & bit) === 0;
      const bytes = isFirst ? body : announcement;
      sent += bytes;
      if (isFirst) this.bodies += 1;
      const ticks = network.delay(this.#draw(node, peer, serial), node, peer, bytes, nowUs);
      if (ticks < 0) continue;
      if (isCalm && !this.#comesFirst(slot * this.#nodes + peer, wheel.now + ticks, isFirst)) continue;
      onWay[word]! |= bit;
      copies += 1;
      wheel.push(ticks, nodeEvent(eventKind.body, peer), what);
    }
    network.bytesSent[node] = sent;
    this.#flying[number]! += copies;
  }

  /** False when a copy will find the vertex there: nothing but the counters would notice it. */
  #comesFirst(at: number, arrival: number, isFirst: boolean): boolean {
    // Where none is on its way nothing is read.
    if (!isFirst && this.#firstCopy[at]! <= arrival) {
      this.delivered += 1;
      this.duplicates += 1;
      return false;
    }
    this.#firstCopy[at] = arrival;
    return true;
  }

  /** A message about a vertex is on its way. */
  #post(ticks: number, kind: number, to: number, number: number, from: number): void {
    this.#flying[number]! += 1;
    this.#parts.wheel.push(ticks, nodeEvent(kind, to), (number << this.#senderBits) | from);
  }

  #draw(node: number, peer: number, counter: number): number {
    return mix(streamKey(this.#parts.seed, node, purpose.gossip, peer), node, counter);
  }

  /** A body arrives: duplicates end here, others go to the signature workers. `what`: vertex and sender. */
  onBody(node: number, what: number, nowUs: number): void {
    const { network, cpu, calibration, wheel, core } = this.#parts;
    this.delivered += 1;
    const number = what >>> this.#senderBits;
    const slot = this.#slotOf[number]!;
    const alive = core.active[node] === 1 && !network.isCut(what & this.#senderMask, node);
    const current = this.#numberOf[slot] === number;
    if (!alive || !current || this.#hasReached(node, slot) || this.#isVerifying(node, slot)) {
      if (alive && current) {
        this.duplicates += 1;
        this.#markReached(node, slot);
      }
      // Nobody took it: whoever passes it on next sends the body.
      else if (current) this.#onWay[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
      this.#landed(number);
      return;
    }
    this.#markReached(node, slot);
    const times = calibration.serviceTimesUs;
    cpu.loop(node, times.handleVertex, nowUs);
    const hash = (times.hashPerKilobyte * this.#bytes[slot]!) / 1024;
    const doneUs = cpu.pool(node, times.verifyVertex + hash, nowUs);
    const ticks = Math.round((doneUs - nowUs) / network.tickUs);
    if (ticks === 0) {
      this.onVerified(node, what, nowUs);
      return;
    }
    this.#verifying[slot * this.#row + (node >>> 5)]! |= 1 << (node & 31);
    wheel.push(ticks, nodeEvent(eventKind.verified, node), what);
  }

  onVerified(node: number, what: number, nowUs: number): void {
    const { core } = this.#parts;
    const number = what >>> this.#senderBits;
    const from = what & this.#senderMask;
    const slot = this.#slotOf[number]!;
    const current = this.#numberOf[slot] === number;
    this.#landed(number);
    if (!current) return;
    this.#verifying[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
    if (core.active[node] === 0) return;
    this.#readAhead(node, slot);
    // Pass it on before acting on it: neighbours should know it when they are polled about it.
    this.#push(node, slot, from, nowUs, null);
    const delivery = core.deliver(node, slot, from, nowUs);
    if (delivery === 'dropped') this.#unreach(node, slot);
  }

  /** Reads what passing a vertex on and entering it reads or writes, all at once: why, see node/core/read-ahead.ts. */
  #readAhead(node: number, slot: number): void {
    const { core, graph, isCalm, network } = this.#parts;
    const { votes, marks, seen, words, stride, capacity, undecidedCount, arrivals, pendingCount } =
      core.standing;
    const word = node * words + (slot >>> 5);
    let sum = votes[2 * word]! + marks[stride * word]! + seen[node * capacity + slot]!;
    sum += undecidedCount[node]! + arrivals[node]! + pendingCount[node]! + network.bytesSent[node]!;
    if (!graph.isDirect) {
      const row = slot * this.#nodes;
      for (let edge = graph.offsets[node]!; edge < graph.offsets[node + 1]!; edge++) {
        const peer = graph.neighbours[edge]!;
        sum += isCalm ? this.#firstCopy[row + peer]! : peer;
      }
    }
    this.seen = sum | 0;
  }

  /** Asks a peer for a vertex. */
  request(node: number, slot: number, peer: number, nowUs: number): void {
    this.#ask(node, this.#number(slot), peer, nowUs);
  }

  requestEverything(node: number, peer: number, nowUs: number): void {
    this.#ask(node, everything, peer, nowUs);
  }

  /** Asks for what should have come long ago: copies and requests get lost, and nobody names a decided vertex again. */
  requestOverdue(node: number, peer: number, nowUs: number): void {
    this.#ask(node, overdue, peer, nowUs);
  }

  #ask(node: number, number: number, peer: number, nowUs: number): void {
    const { network, calibration } = this.#parts;
    this.requests += 1;
    const bytes = calibration.wireBytes.vertexAnnouncement;
    network.bytesSent[node]! += bytes;
    const ticks = network.delay(this.#draw(node, peer, -this.requests), node, peer, bytes, nowUs);
    if (ticks >= 0) this.#post(ticks, eventKind.request, peer, number, node);
  }

  /** `what`: what is asked for, and who asks. */
  onRequest(peer: number, what: number, nowUs: number): void {
    this.delivered += 1;
    const { core, network } = this.#parts;
    const node = what & this.#senderMask;
    const number = what >>> this.#senderBits;
    const slot = this.#slotOf[number]!;
    const stale = number >= firstVertex && this.#numberOf[slot] !== number;
    this.#landed(number);
    if (stale || core.active[peer] === 0 || network.isCut(node, peer)) return;
    const missing =
      number < firstVertex ? this.#missingAt(node, peer, number) : this.#missingAncestors(node, peer, slot);
    this.#handOver(node, peer, missing, nowUs);
  }

  /** The peer answers a request of the node with these vertices, oldest first. */
  #handOver(node: number, peer: number, missing: readonly number[], nowUs: number): void {
    if (missing.length === 0) return;
    const { core, network } = this.#parts;
    const draw = this.#draw(peer, node, -this.requests);
    const sorted =
      missing.length === 1
        ? missing
        : missing.toSorted((a, b) => core.table.serial[a]! - core.table.serial[b]!);
    for (const each of sorted) {
      const bytes = this.#bytes[each]!;
      network.bytesSent[peer]! += bytes;
      this.bodies += 1;
      // One answer on one stream: the same draw keeps the order.
      const ticks = network.delay(draw, peer, node, bytes, nowUs);
      if (ticks < 0) return;
      this.#unreach(node, each);
      this.#promised[each * this.#row + (node >>> 5)]! |= 1 << (node & 31);
      this.#post(ticks, eventKind.body, node, this.#number(each), peer);
    }
  }

  #missingAncestors(node: number, peer: number, slot: number): readonly number[] {
    const { table, standing } = this.#parts.core;
    // Most often it came while the request was on its way.
    if (standing.isKnown(node, slot) || !standing.isKnown(peer, slot)) return nothing;
    const found = [slot];
    const walk = ++this.#walk;
    for (let next = 0; next < found.length; next++) {
      const at = found[next]!;
      for (let i = 0; i < table.parentCount[at]!; i++) {
        const parent = table.parents[at * maximumParents + i]!;
        if (parent < 0 || this.#walked[parent] === walk) continue;
        this.#walked[parent] = walk;
        if (standing.isKnown(node, parent) || !standing.isKnown(peer, parent)) continue;
        if (!this.#isPromised(node, parent)) found.push(parent);
      }
    }
    return found;
  }

  #missingAt(node: number, peer: number, which: number): readonly number[] {
    const { standing, table } = this.#parts.core;
    let found: number[] | null = null;
    for (let w = 0; w < table.highWord; w++) {
      const own = standing.votes[2 * (node * standing.words + w) + 1]!;
      const theirs = standing.votes[2 * (peer * standing.words + w) + 1]!;
      for (let rest = theirs & ~own; rest !== 0; rest &= rest - 1) {
        const slot = (w << 5) + (31 - Math.clz32(rest & -rest));
        const isOld =
          !standing.has(standing.undecided, peer, slot) ||
          standing.rounds[peer * standing.capacity + slot]! >= overdueRounds;
        if (which !== everything && !isOld) continue;
        found ??= [];
        found.push(slot);
      }
    }
    return found ?? nothing;
  }

  /** What is lost on its way is asked for by name: its descendant waits for it. */
  #isPromised(node: number, slot: number): boolean {
    return (this.#promised[slot * this.#row + (node >>> 5)]! & (1 << (node & 31))) !== 0;
  }

  /** A crash forgets what reached the node but is not known there any more. */
  crash(node: number): void {
    this.#fit();
    const { standing } = this.#parts.core;
    const bit = 1 << (node & 31);
    for (let slot = 0; slot < 32 * standing.words; slot++) {
      const at = slot * this.#row + (node >>> 5);
      if (standing.isKnown(node, slot)) this.#reached[at]! |= bit;
      else this.#reached[at]! &= ~bit;
      this.#promised[at]! &= ~bit;
      this.#onWay[at]! &= ~bit;
      this.#verifying[at]! &= ~bit;
    }
  }

  released(slot: number): void {
    const number = this.#numberOf[slot]!;
    this.#numberOf[slot] = 0;
    if (number !== 0 && this.#flying[number] === 0) this.#free.push(number);
    this.#reached.fill(0, slot * this.#row, (slot + 1) * this.#row);
    this.#promised.fill(0, slot * this.#row, (slot + 1) * this.#row);
    this.#onWay.fill(0, slot * this.#row, (slot + 1) * this.#row);
    this.#verifying.fill(0, slot * this.#row, (slot + 1) * this.#row);
  }

  /** The number of the vertex in a slot. */
  #number(slot: number): number {
    const known = this.#numberOf[slot]!;
    if (known !== 0) return known;
    const number = this.#free.pop() ?? this.#used++;
    if (number >= this.#slotOf.length) {
      if (number >= 2 ** (32 - this.#senderBits)) throw new RangeError('too many vertices in flight');
      this.#slotOf = longer(this.#slotOf, 2 * number);
      this.#flying = longer(this.#flying, 2 * number);
    }
    this.#slotOf[number] = slot;
    this.#numberOf[slot] = number;
    return number;
  }

  /** A message arrived, or is verified. */
  #landed(number: number): void {
    this.#flying[number]! -= 1;
    if (this.#flying[number] !== 0 || number < firstVertex) return;
    if (this.#numberOf[this.#slotOf[number]!] !== number) this.#free.push(number);
  }

  #hasReached(node: number, slot: number): boolean {
    return (this.#reached[slot * this.#row + (node >>> 5)]! & (1 << (node & 31))) !== 0;
  }

  #isVerifying(node: number, slot: number): boolean {
    return (this.#verifying[slot * this.#row + (node >>> 5)]! & (1 << (node & 31))) !== 0;
  }

  #markReached(node: number, slot: number): void {
    this.#reached[slot * this.#row + (node >>> 5)]! |= 1 << (node & 31);
  }

  /** A pending vertex that never completed, or one that is sent again on request. */
  #unreach(node: number, slot: number): void {
    this.#reached[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
    this.#onWay[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
  }

  /** Follows the growth of the vertex table. */
  #fit(): void {
    const slots = 32 * this.#parts.core.standing.words;
    if (this.#bytes.length < slots) {
      this.#bytes = longer(this.#bytes, slots);
      this.#walked = longer(this.#walked, slots);
      this.#numberOf = longer(this.#numberOf, slots);
    }
    if (this.#reached.length === slots * this.#row) return;
    this.#reached = longer(this.#reached, slots * this.#row);
    this.#promised = longer(this.#promised, slots * this.#row);
    this.#onWay = longer(this.#onWay, slots * this.#row);
    this.#verifying = longer(this.#verifying, slots * this.#row);
    if (this.#parts.isCalm) this.#firstCopy = longer(this.#firstCopy, slots * this.#nodes);
  }
}

function longer(from: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length);
  to.set(from);
  return to;
}
