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
  /** No node crashes and no partition cuts in this run: what is on its way arrives. */
  readonly isCalm: boolean;
}

/** Slot of a record that asks for everything. */
const everything = -1;
/** Asks for everything old enough. */
const overdue = -2;
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
  readonly #parts: RelayParts;
  // Messages in flight: one record for all copies of a push.
  #slot = new Int32Array(1024);
  #serial = new Int32Array(1024);
  #from = new Int32Array(1024);
  #copies = new Int32Array(1024);
  readonly #free: number[] = [];
  #used = 0;
  #bytes = new Int32Array(1024); // per vertex slot
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
  /** Tick after the one in which the first copy on its way arrives, 0 = none: [slot][node]. Only in calm runs. */
  #firstCopy: Int32Array;
  readonly #nodes: number;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#row = (parts.core.standing.nodes + 31) >>> 5;
    this.#reached = new Int32Array(32 * parts.core.standing.words * this.#row);
    this.#promised = this.#reached.slice();
    this.#onWay = this.#reached.slice();
    this.#verifying = this.#reached.slice();
    this.#nodes = parts.core.standing.nodes;
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
    const { graph, core } = this.#parts;
    const record = this.#record(slot, node);
    if (graph.isDirect) {
      if (except < 0) {
        for (let peer = 0; peer < core.members; peer++) {
          if (peer !== node && (only === null || only(peer))) this.#send(record, node, peer, nowUs);
        }
      }
    } else {
      for (let edge = graph.offsets[node]!; edge < graph.offsets[node + 1]!; edge++) {
        const peer = graph.neighbours[edge]!;
        if (peer !== except && (only === null || only(peer))) this.#send(record, node, peer, nowUs);
      }
    }
    if (this.#copies[record] === 0) this.#free.push(record);
  }

  #send(record: number, node: number, peer: number, nowUs: number): void {
    const { network, calibration, wheel, isCalm } = this.#parts;
    const slot = this.#slot[record]!;
    if (this.#hasReached(peer, slot)) {
      network.bytesSent[node]! += calibration.wireBytes.vertexAnnouncement;
      return;
    }
    const word = slot * this.#row + (peer >>> 5);
    const bit = 1 << (peer & 31);
    const isFirst = (this.#onWay[word]! & bit) === 0;
    const bytes = isFirst ? this.#bytes[slot]! : calibration.wireBytes.vertexAnnouncement;
    network.bytesSent[node]! += bytes;
    if (isFirst) this.bodies += 1;
    const ticks = network.delay(this.#draw(node, peer, this.#serial[record]!), node, peer, bytes, nowUs);
    if (ticks < 0) return;
    this.#onWay[word]! |= bit;
    if (isCalm) {
      const at = slot * this.#nodes + peer;
      const first = this.#firstCopy[at]!;
      const arrival = wheel.now + ticks + 1;
      if (first !== 0 && first <= arrival) {
        // It will find the vertex there: nothing but the counters would notice it.
        this.delivered += 1;
        this.duplicates += 1;
        return;
      }
      this.#firstCopy[at] = arrival;
    }
    this.#copies[record]! += 1;
    wheel.push(ticks, nodeEvent(eventKind.body, peer), record);
  }

  #draw(node: number, peer: number, counter: number): number {
    return mix(streamKey(this.#parts.seed, node, purpose.gossip, peer), node, counter);
  }

  /** A body arrives: duplicates end here, others go to the signature workers. */
  onBody(node: number, record: number, nowUs: number): void {
    const { network, cpu, calibration, wheel, core } = this.#parts;
    this.delivered += 1;
    const slot = this.#slot[record]!;
    const alive = core.active[node] === 1 && !network.isCut(this.#from[record]!, node);
    const current = core.table.isLive(slot) && core.table.serial[slot] === this.#serial[record];
    if (!alive || !current || this.#hasReached(node, slot) || this.#isVerifying(node, slot)) {
      if (alive && current) {
        this.duplicates += 1;
        this.#markReached(node, slot);
      }
      // Nobody took it: whoever passes it on next sends the body.
      else if (current) this.#onWay[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
      this.#drop(record);
      return;
    }
    this.#markReached(node, slot);
    const times = calibration.serviceTimesUs;
    cpu.loop(node, times.handleVertex, nowUs);
    const hash = (times.hashPerKilobyte * this.#bytes[slot]!) / 1024;
    const doneUs = cpu.pool(node, times.verifyVertex + hash, nowUs);
    const ticks = Math.round((doneUs - nowUs) / network.tickUs);
    this.#verifying[slot * this.#row + (node >>> 5)]! |= 1 << (node & 31);
    if (ticks === 0) this.onVerified(node, record, nowUs);
    else wheel.push(ticks, nodeEvent(eventKind.verified, node), record);
  }

  onVerified(node: number, record: number, nowUs: number): void {
    const { core } = this.#parts;
    const slot = this.#slot[record]!;
    const from = this.#from[record]!;
    const current = core.table.isLive(slot) && core.table.serial[slot] === this.#serial[record];
    this.#drop(record);
    if (!current) return;
    this.#verifying[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
    if (core.active[node] === 0) return;
    // Pass it on before acting on it: neighbours should know it when they are polled about it.
    this.#push(node, slot, from, nowUs, null);
    const delivery = core.deliver(node, slot, from, nowUs);
    if (delivery === 'dropped') this.#unreach(node, slot);
  }

  /** Asks a peer for a vertex, or for everything the node lacks (slot = -1). */
  request(node: number, slot: number, peer: number, nowUs: number): void {
    const ticks = this.#requestTicks(node, peer, nowUs);
    if (ticks < 0) return;
    const record = this.#record(slot, node);
    this.#copies[record] = 1;
    this.#parts.wheel.push(ticks, nodeEvent(eventKind.request, peer), record);
  }

  /** A request leaves: ticks until it arrives, -1 when it is lost. */
  #requestTicks(node: number, peer: number, nowUs: number): number {
    const { network, calibration } = this.#parts;
    this.requests += 1;
    const bytes = calibration.wireBytes.vertexAnnouncement;
    network.bytesSent[node]! += bytes;
    return network.delay(this.#draw(node, peer, -this.requests), node, peer, bytes, nowUs);
  }

  requestEverything(node: number, peer: number, nowUs: number): void {
    this.request(node, everything, peer, nowUs);
  }

  /** Asks for what should have come long ago: copies and requests get lost, and nobody names a decided vertex again. */
  requestOverdue(node: number, peer: number, nowUs: number): void {
    const ticks = this.#requestTicks(node, peer, nowUs);
    // There are as many of them as polls, nearly: the event names the node itself instead of a record.
    if (ticks >= 0) this.#parts.wheel.push(ticks, nodeEvent(eventKind.request, peer), ~node);
  }

  /** `record`: of the request; of one for what is overdue, the node that asks, inverted. */
  onRequest(peer: number, record: number, nowUs: number): void {
    this.delivered += 1;
    const { core, network } = this.#parts;
    if (record < 0) {
      if (core.active[peer] === 1 && !network.isCut(~record, peer))
        this.#handOver(~record, peer, this.#missingAt(~record, peer, overdue), nowUs);
      return;
    }
    const node = this.#from[record]!;
    const slot = this.#slot[record]!;
    const stale = slot >= 0 && (!core.table.isLive(slot) || core.table.serial[slot] !== this.#serial[record]);
    this.#drop(record);
    if (stale || core.active[peer] === 0 || network.isCut(node, peer)) return;
    const missing = slot < 0 ? this.#missingAt(node, peer, slot) : this.#missingAncestors(node, peer, slot);
    this.#handOver(node, peer, missing, nowUs);
  }

  /** The peer answers a request of the node with these vertices, oldest first. */
  #handOver(node: number, peer: number, missing: readonly number[], nowUs: number): void {
    if (missing.length === 0) return;
    const { core, network } = this.#parts;
    const draw = this.#draw(peer, node, -this.requests);
    for (const each of missing.toSorted((a, b) => core.table.serial[a]! - core.table.serial[b]!)) {
      const bytes = this.#bytes[each]!;
      network.bytesSent[peer]! += bytes;
      this.bodies += 1;
      // One answer on one stream: the same draw keeps the order.
      const ticks = network.delay(draw, peer, node, bytes, nowUs);
      if (ticks < 0) return;
      this.#unreach(node, each);
      this.#promised[each * this.#row + (node >>> 5)]! |= 1 << (node & 31);
      const copy = this.#record(each, peer);
      this.#copies[copy] = 1;
      this.#parts.wheel.push(ticks, nodeEvent(eventKind.body, node), copy);
    }
  }

  #missingAncestors(node: number, peer: number, slot: number): number[] {
    const { core } = this.#parts;
    const found: number[] = [];
    const stack = [slot];
    const seen = new Set<number>();
    while (stack.length > 0) {
      const at = stack.pop()!;
      if (seen.has(at) || core.standing.isKnown(node, at) || !core.standing.isKnown(peer, at)) continue;
      if (at !== slot && this.#isPromised(node, at)) continue;
      seen.add(at);
      found.push(at);
      for (let i = 0; i < core.table.parentCount[at]!; i++) {
        const parent = core.table.parents[at * maximumParents + i]!;
        if (parent >= 0) stack.push(parent);
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
    this.#reached.fill(0, slot * this.#row, (slot + 1) * this.#row);
    this.#promised.fill(0, slot * this.#row, (slot + 1) * this.#row);
    this.#onWay.fill(0, slot * this.#row, (slot + 1) * this.#row);
    this.#verifying.fill(0, slot * this.#row, (slot + 1) * this.#row);
    if (this.#parts.isCalm) this.#firstCopy.fill(0, slot * this.#nodes, (slot + 1) * this.#nodes);
  }

  #record(slot: number, from: number): number {
    let record = this.#free.pop();
    if (record === undefined) {
      if (this.#used === this.#slot.length) this.#growRecords();
      record = this.#used++;
    }
    this.#slot[record] = slot;
    this.#serial[record] = slot < 0 ? 0 : this.#parts.core.table.serial[slot]!;
    this.#from[record] = from;
    this.#copies[record] = 0;
    return record;
  }

  #drop(record: number): void {
    this.#copies[record]! -= 1;
    if (this.#copies[record] === 0) this.#free.push(record);
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
    if (this.#parts.isCalm) this.#firstCopy[slot * this.#nodes + node] = 0;
    this.#reached[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
    this.#onWay[slot * this.#row + (node >>> 5)]! &= ~(1 << (node & 31));
  }

  #growRecords(): void {
    const wider = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.#slot = wider(this.#slot);
    this.#serial = wider(this.#serial);
    this.#from = wider(this.#from);
    this.#copies = wider(this.#copies);
  }

  /** Follows the growth of the vertex table. */
  #fit(): void {
    const slots = 32 * this.#parts.core.standing.words;
    if (this.#bytes.length < slots) {
      const bytes = new Int32Array(slots);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    if (this.#reached.length === slots * this.#row) return;
    const longer = (from: Int32Array, row: number): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(slots * row);
      to.set(from);
      return to;
    };
    this.#reached = longer(this.#reached, this.#row);
    this.#promised = longer(this.#promised, this.#row);
    this.#onWay = longer(this.#onWay, this.#row);
    this.#verifying = longer(this.#verifying, this.#row);
    if (this.#parts.isCalm) this.#firstCopy = longer(this.#firstCopy, this.#nodes);
  }
}
