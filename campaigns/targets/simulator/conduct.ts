/**
 * What happens above the messages of a simulated run: load, issuing, re-issuing, crashes and faults.
 * Owns: tickets (batches of transactions on their way into a vertex), client queues, the effect of fault actions.
 * Does not own: schedules (campaigns/workloads, campaigns/faults), message paths (simulation.ts), figures (recorder.ts).
 */

import { finalised } from '#campaigns/analysis/decision-record.ts';
import type { FaultAction } from '#campaigns/faults/action.ts';
import type { Recorder } from '#campaigns/measure/recorder.ts';
import type { Workload } from '#campaigns/run-spec.ts';
import type { Arrivals } from '#campaigns/workloads/arrivals.ts';
import { parentsWanted, tipsToKeep } from '#campaigns/workloads/shape.ts';
import { rejectedByConflict } from '#node/core/ports.ts';
import { below, mix, purpose, streamKey } from '#node/core/random.ts';
import { genesis, maximumParents } from '#node/core/vertex-table.ts';
import type { Calibration } from '#node/model/calibration.ts';
import { eventKind, nodeEvent } from './event.ts';
import { Memory } from './memory.ts';
import type { Conductor, Simulation } from './simulation.ts';

/** Transactions that were submitted together and are not in a vertex yet. */
interface Ticket {
  readonly node: number;
  readonly dueUs: number;
  readonly transactions: number;
  readonly conflictKey: number;
  sequence: number;
}

export interface ConductOptions {
  readonly seed: number;
  readonly workload: Workload;
  readonly calibration: Calibration;
  readonly attackers: Uint8Array;
  /** Attackers issue twins: two vertices with one sequence, each to half of the network. */
  readonly twins: boolean;
  /** Members a restarted node asks for what it missed. */
  readonly syncPeers: number;
  /** Of one node, by its resource profile. */
  readonly memoryBytes: number;
}

/** Poll intervals after which a node asks again for what it should have got. */
const reconcilePolls = 20;

/** Effect counters of faults, the evidence that they took place. */
export interface FaultTally {
  nodesDown: number;
  nodesUp: number;
}

export class Conduct implements Conductor {
  readonly tally: FaultTally = { nodesDown: 0, nodesUp: 0 };
  /** Transactions submitted and not issued yet. */
  queuedTransactions = 0;
  issuedTransactions = 0;
  dueTransactions = 0;
  reissued = 0;
  rejectedSubtrees = 0;
  crashesWithOpenPoll = 0;
  twinsIssued = 0;
  /** Honest nodes that hold a member convicted now. */
  readonly convictedHonest = new Map<number, number>();
  /** Times that an honest node let a convicted peer in again. */
  readmissions = 0;
  readonly #options: ConductOptions;
  readonly #recorder: Recorder;
  readonly #arrivals: Arrivals;
  #simulation: Simulation | null = null;
  #memory: Memory | null = null;
  readonly #tickets = new Map<number, Ticket>();
  #ticketNumber = 0;
  readonly #queues = new Map<number, Ticket[]>();
  #releasable = 0;
  #lookedUs = 0;
  #reconciled = 0;
  #shapeDraws = 0;
  readonly #inputsOf = new Map<number, number>();
  onRejoined: (node: number, atUs: number, tookUs: number) => void = () => {};
  onConvicted: (peer: number, byNodes: number, atUs: number) => void = () => {};

  constructor(options: ConductOptions, recorder: Recorder, arrivals: Arrivals) {
    this.#options = options;
    this.#recorder = recorder;
    this.#arrivals = arrivals;
    recorder.onSettled = (_serial, atUs) => this.#arrivals.release(Math.ceil(atUs));
  }

  attach(simulation: Simulation): void {
    this.#simulation = simulation;
    const { calibration, memoryBytes } = this.#options;
    this.#memory = new Memory({ limitBytes: memoryBytes, calibration }, simulation.core, simulation.cpu);
  }

  get memory(): Memory {
    if (this.#memory === null) throw new Error('attach a simulation first');
    return this.#memory;
  }

  get #sim(): Simulation {
    if (this.#simulation === null) throw new Error('attach a simulation first');
    return this.#simulation;
  }

  /** Transactions that became due are submitted to their nodes. */
  submitDue(nowUs: number): void {
    const arrivals = this.#arrivals;
    while (arrivals.nextDueUs >= 0 && arrivals.nextDueUs <= nowUs) {
      const ticket: Ticket = {
        node: arrivals.creator,
        dueUs: arrivals.nextDueUs,
        transactions: this.#options.workload.batch,
        conflictKey: arrivals.conflictKey,
        sequence: 0,
      };
      arrivals.advance();
      if (this.#options.attackers[ticket.node] === 0) this.dueTransactions += ticket.transactions;
      this.#submit(ticket, nowUs);
    }
  }

  get nextDueUs(): number {
    return this.#arrivals.nextDueUs < 0 ? Number.POSITIVE_INFINITY : this.#arrivals.nextDueUs;
  }

  /** `leastTicks`: before which nothing is published, whatever signing takes. */
  #submit(ticket: Ticket, nowUs: number, leastTicks = 0): void {
    const { core, disk } = this.#sim;
    const waits =
      core.active[ticket.node] === 0 ||
      !disk.works(ticket.node) ||
      core.standing.undecidedCount[ticket.node]! >= core.params.maxUndecided ||
      this.#queues.has(ticket.node);
    if (!waits) {
      this.#prepare(ticket, nowUs, leastTicks);
      return;
    }
    const queue = this.#queues.get(ticket.node);
    if (queue === undefined) this.#queues.set(ticket.node, [ticket]);
    else queue.push(ticket);
    this.queuedTransactions += ticket.transactions;
  }

  /** Signs, and makes the own sequence durable, before anything is sent. */
  #prepare(ticket: Ticket, nowUs: number, leastTicks = 0): void {
    const { cpu, disk, wheel, tickUs } = this.#sim;
    ticket.sequence = disk.nextSequence(ticket.node);
    const times = this.#options.calibration.serviceTimesUs;
    const signedUs = cpu.pool(ticket.node, times.signVertex, nowUs);
    const readyUs = Math.max(signedUs, disk.durableAt(nowUs));
    const number = this.#ticketNumber++;
    this.#tickets.set(number, ticket);
    const ticks = Math.max(leastTicks, Math.ceil((readyUs - nowUs) / tickUs));
    if (ticks === 0) this.publish(number, nowUs);
    else wheel.push(ticks, nodeEvent(eventKind.publish, ticket.node), number);
  }

  publish(number: number, nowUs: number): void {
    const ticket = this.#tickets.get(number)!;
    this.#tickets.delete(number);
    const sim = this.#sim;
    if (sim.core.active[ticket.node] === 0) {
      // It crashed meanwhile: the client submits again, under a new sequence.
      this.#submit(ticket, nowUs);
      return;
    }
    const parents = this.#parents(ticket.node);
    const isAttacker = this.#options.attackers[ticket.node] === 1;
    const contested = ticket.conflictKey > 0 || (isAttacker && this.#options.twins);
    const slot = this.#issue(ticket, parents, contested, !isAttacker);
    const payload = ticket.transactions * this.#options.workload.payloadBytes;
    if (!(isAttacker && this.#options.twins)) {
      sim.relay.publish(ticket.node, slot, payload, nowUs, null);
      return;
    }
    const twin = this.#issue(ticket, parents, contested, false);
    this.twinsIssued += 1;
    sim.relay.publish(ticket.node, slot, payload, nowUs, (peer) => peer % 2 === 0);
    sim.relay.publish(ticket.node, twin, payload, nowUs, (peer) => peer % 2 === 1);
  }

  #issue(ticket: Ticket, parents: readonly number[], contested: boolean, honest: boolean): number {
    const sim = this.#sim;
    const inputs = ticket.conflictKey > 0 ? [ticket.conflictKey] : [];
    const slot = sim.register({ creator: ticket.node, sequence: ticket.sequence, parents, inputs });
    const serial = sim.core.table.serial[slot]!;
    this.#recorder.issued({
      record: {
        creator: ticket.node,
        sequence: ticket.sequence,
        parents: parents.map((parent) => (parent === genesis ? -1 : sim.core.table.serial[parent]!)),
        keys: [...inputs, -(ticket.node * 4_294_967_296 + ticket.sequence)],
        createdByHonest: honest,
      },
      dueUs: ticket.dueUs,
      transactions: ticket.transactions,
      contested,
    });
    if (ticket.conflictKey > 0) this.#inputsOf.set(serial, ticket.conflictKey);
    if (honest) this.issuedTransactions += ticket.transactions;
    return slot;
  }

  #parents(node: number): number[] {
    const { workload, seed } = this.#options;
    const { core } = this.#sim;
    if (workload.kind === 'single') return [genesis];
    const draw = mix(streamKey(seed, node, purpose.shape, 0), node, this.#shapeDraws++);
    const keep = tipsToKeep(workload.parents);
    if (keep === 0) return core.parentsFor(node, parentsWanted(workload.parents, draw));
    const tips = core.parentsFor(node, maximumParents * 2);
    // A wide DAG is kept open: with too few tips the vertex starts a new branch from the finalised past.
    return tips.length > keep ? tips.slice(-1) : [core.decisions.lastFinalised(node)];
  }

  /** Uncontested transactions of honest nodes that were due in [fromUs, untilUs) and are in no vertex yet. */
  unissued(fromUs: number, untilUs: number): number {
    let open = 0;
    for (const ticket of [...[...this.#queues.values()].flat(), ...this.#tickets.values()]) {
      const isHonest = this.#options.attackers[ticket.node] === 0;
      const isDue = ticket.dueUs >= fromUs && ticket.dueUs < untilUs;
      if (isHonest && isDue && ticket.conflictKey === 0) open += ticket.transactions;
    }
    return open;
  }

  /** Client queues drain when their node is up and below maxUndecided. */
  drainQueues(nowUs: number): void {
    const { core, disk } = this.#sim;
    for (const [node, queue] of this.#queues) {
      if (core.active[node] === 0 || !disk.works(node)) continue;
      let room = core.params.maxUndecided - core.standing.undecidedCount[node]!;
      while (queue.length > 0 && room > 0) {
        const ticket = queue.shift()!;
        this.queuedTransactions -= ticket.transactions;
        room -= 1;
        this.#prepare(ticket, nowUs);
      }
      if (queue.length === 0) this.#queues.delete(node);
    }
  }

  /** Releases the slots that were decided everywhere when last looked at, once those decisions are durable. */
  release(nowUs: number): void {
    const { core, disk } = this.#sim;
    if (this.#releasable > 0 && disk.durableAt(this.#lookedUs) > nowUs) return;
    core.decisions.release(this.#releasable);
    this.#releasable = core.decisions.releasable.length;
    this.#lookedUs = nowUs;
  }

  decided(
    node: number,
    slot: number,
    serial: number,
    status: number,
    rounds: number,
    confidence: number,
    atUs: number,
  ): void {
    this.#recorder.decided(node, slot, serial, status, rounds, confidence, atUs);
    if (status === finalised && this.#inputsOf.size > 0) this.#inputsOf.delete(serial);
  }

  /** The creator issues the valid transactions of its rejected vertex again: all, or all but the one that lost its input. */
  rejected(node: number, slot: number, cause: number, nowUs: number): void {
    const { core } = this.#sim;
    if (core.table.creator[slot] !== node || this.#options.attackers[node] === 1) return;
    const serial = core.table.serial[slot]!;
    const own = cause === rejectedByConflict;
    if (!own) this.rejectedSubtrees += 1;
    const key = own ? 0 : (this.#inputsOf.get(serial) ?? 0);
    const transactions = this.#recorder.transactionsOf(serial) - (own ? 1 : 0);
    this.#recorder.supersede(serial, nowUs);
    if (transactions <= 0) return;
    this.reissued += 1;
    const ticket = {
      node,
      dueUs: this.#recorder.dueUsOf(serial),
      transactions,
      conflictKey: key,
      sequence: 0,
    };
    // Not before the rejection is through its subtree: until then its tips are parents to choose, and what is issued on one is rejected with it.
    this.#submit(ticket, nowUs, 1);
  }

  undecidedAtLimit(node: number, slot: number, nowUs: number): void {
    this.#recorder.undecidedAtLimit(node, this.#sim.core.table.serial[slot]!, nowUs);
  }

  convicted(node: number, peer: number, nowUs: number): void {
    if (this.#options.attackers[node] === 1) return;
    const by = (this.convictedHonest.get(peer) ?? 0) + 1;
    this.convictedHonest.set(peer, by);
    this.onConvicted(peer, by, nowUs);
  }

  readmitted(node: number, peer: number): void {
    if (this.#options.attackers[node] === 1) return;
    this.readmissions += 1;
    this.convictedHonest.set(peer, (this.convictedHonest.get(peer) ?? 0) - 1);
  }

  // Faults.

  apply(action: FaultAction, nowUs: number): void {
    const { network, cpu, disk, skewPpm } = this.#sim;
    switch (action.kind) {
      case 'partition-on':
      case 'partition-off':
        network.partition(action.groupOf);
        break;
      case 'node-down':
        this.memory.forget(action.node);
        this.#down(action.node, nowUs);
        break;
      case 'node-up':
        this.#up(action.node, action.disk, nowUs);
        break;
      case 'latency-on':
        network.addLatency(action.nodes, action.addUs);
        break;
      case 'latency-off':
        network.addLatency(action.nodes, -action.addUs);
        break;
      case 'loss-on':
      case 'loss-off':
        network.setExtraLoss(action.loss);
        break;
      case 'throttle-on':
      case 'throttle-off':
        cpu.setFactor(action.nodes, action.factor, action.kind === 'throttle-on');
        break;
      case 'skew-on':
      case 'skew-off':
        for (const node of action.nodes)
          skewPpm[node]! += action.kind === 'skew-on' ? action.ppm : -action.ppm;
        break;
      case 'disk-fail-on':
      case 'disk-fail-off':
        disk.setFailed(action.nodes, action.kind === 'disk-fail-on');
        break;
      case 'memory-on':
      case 'memory-off':
        this.memory.setPressure(action.nodes, action.factor, action.kind === 'memory-on');
        break;
      case 'stall-on':
      case 'stall-off':
        break; // not a capability of the simulator: such runs are SKIPPED before they start
    }
  }

  /** Nodes beyond their memory die and come back. */
  watchMemory(nowUs: number): void {
    this.memory.look(
      nowUs,
      (node) => this.#down(node, nowUs),
      (node) => this.#up(node, 'kept', nowUs),
    );
  }

  #down(node: number, nowUs: number): void {
    const { core, disk, relay, cpu } = this.#sim;
    if (core.active[node] === 0) return;
    this.tally.nodesDown += 1;
    if (core.polls.isOpen(node * core.params.concurrentPolls)) this.crashesWithOpenPoll += 1;
    const lost = disk.crash(node);
    core.crash(node, (slot) => !lost.has(slot));
    relay.crash(node);
    cpu.reset(node, nowUs);
    this.#recorder.unwatch(node);
    this.#releasable = 0;
    this.#recorder.trace(node, 7, nowUs);
  }

  #up(node: number, diskState: 'kept' | 'lost', nowUs: number): void {
    const { core, relay } = this.#sim;
    if (core.active[node] === 1) return;
    this.tally.nodesUp += 1;
    if (diskState === 'lost') {
      core.crash(node, () => false);
      relay.crash(node);
      this.#releasable = 0;
      this.#recorder.wiped(node);
    }
    core.restart(node, nowUs);
    this.#askPeers(node, nowUs);
    const open = new Map<number, number>();
    this.#addUndecided(node, open);
    this.#recorder.watch(open, node, nowUs, (atUs) => this.onRejoined(node, atUs, atUs - nowUs));
  }

  #askPeers(node: number, nowUs: number): void {
    const { core, relay } = this.#sim;
    const key = streamKey(this.#options.seed, node, purpose.fault, this.tally.nodesUp);
    for (let i = 0; i < this.#options.syncPeers; i++) {
      const draw = (mix(key, node, i) >>> 0) % (core.members - 1);
      relay.requestEverything(node, draw >= node ? draw + 1 : draw, nowUs);
    }
  }

  /** Adds the live, uncontested vertices that the node has not decided, by serial. */
  #addUndecided(node: number, open: Map<number, number>): void {
    const { standing, table } = this.#sim.core;
    for (let slot = 0; slot < table.highWord * 32; slot++) {
      const serial = table.serial[slot]!;
      if (!table.isLive(slot) || this.#recorder.isContested(serial)) continue;
      if (!standing.has(standing.finalised, node, slot) && !standing.has(standing.rejected, node, slot))
        open.set(serial, (open.get(serial) ?? 0) + 1);
    }
  }

  /** Pairs (live honest node, uncontested live vertex) that are not decided, by serial: what has to heal. */
  openPairs(): Map<number, number> {
    const { core } = this.#sim;
    const open = new Map<number, number>();
    for (let node = 0; node < core.members; node++) {
      if (this.#options.attackers[node] === 0 && core.active[node] === 1) this.#addUndecided(node, open);
    }
    return open;
  }

  /** In turn, each node once in `reconcilePolls` poll intervals, live nodes ask a random member for what is overdue. */
  reconcile(nowUs: number): void {
    const { core, relay } = this.#sim;
    const { seed } = this.#options;
    const everyUs = (reconcilePolls * core.params.pollIntervalUs) / core.members;
    for (; this.#reconciled * everyUs <= nowUs; this.#reconciled += 1) {
      const node = this.#reconciled % core.members;
      if (core.active[node] === 0) continue;
      const draw = mix(streamKey(seed, node, purpose.gossip, -1), node, this.#reconciled);
      const peer = below(draw, core.members - 1);
      relay.requestOverdue(node, peer >= node ? peer + 1 : peer, nowUs);
    }
  }

  /** Restarts and healed partitions: every live node asks peers for what it lacks. */
  resynchronise(nowUs: number): void {
    const { core } = this.#sim;
    for (let node = 0; node < core.members; node++) if (core.active[node] === 1) this.#askPeers(node, nowUs);
  }
}
