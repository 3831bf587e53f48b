/**
 * The agent of a process: takes its assignment from the conductor, runs the nodes accordingly, pushes what they do.
 * Owns: the phases, the order of the conductor's orders, the regular push, going on for a bounded time without a conductor.
 * Does not own: the connection (agent-link.ts), the nodes (hosted-node.ts), timing of load and faults (load-queue, fault-board).
 */
import { randomBytes } from 'node:crypto';
import { batchEntriesMost } from '#node/agent-fields.ts';
import {
  type AgentPhase,
  type Assignment,
  agentProtocolVersion,
  type ConductorMessage,
  type FaultEffect,
} from '#node/agent-protocol.ts';
import type { PushBody } from '#node/agent-push.ts';
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import type { Log } from '#node/host/log.ts';
import type { ProcessMeter } from '#node/host/metrics/process-meter.ts';
import { AgentLink } from './agent-link.ts';
import { ClockOffset } from './clock-offset.ts';
import { FaultBoard } from './fault-board.ts';
import { ProcessHands } from './fault-hands.ts';
import { type HostLimits, limitProblem } from './host-limits.ts';
import type { HostedNode, NodeFactory, NodeListener } from './hosted-node.ts';
import { transactionsOf } from './load-content.ts';
import { type LoadItem, LoadQueue } from './load-queue.ts';
import { progressReport } from './progress-report.ts';
import { PushBuffer } from './push-buffer.ts';
import { SafetyFeed } from './safety-feed.ts';

export interface AgentOptions {
  readonly name: string;
  readonly conductor: { readonly url: string; readonly token: string };
  readonly isCampaign: boolean;
  readonly factory: NodeFactory;
  readonly clock: Clock;
  readonly meter: ProcessMeter;
  readonly limits: HostLimits;
  readonly log: Log;
  /** Bytes of pushes kept while the conductor is away. */
  readonly bufferBytesMost: number;
  /** Called once, when the process has nothing left to do. */
  readonly onEnd: (end: AgentEnd) => void;
}

export type AgentEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'orphaned'; readonly reason: string };

const orphanCheckUs = 250_000;
const flushEveryUs = 100_000;
/** For handing the last pushes over; the conductor's own patience is longer. */
const handOverUs = 20_000_000;
const lookEveryUs = 5_000;
/** For opening sessions before the load comes. */
const joinMostUs = 60_000_000;
/** Nodes started at a time: each opens sessions to many others. */
const startedAtOnce = 8;

type Refusal = 'queue-full' | 'node-down' | 'no-such-node';

export class Agent {
  readonly nodes = new Map<number, HostedNode>();
  readonly #options: AgentOptions;
  readonly #offset = new ClockOffset();
  readonly #buffer: PushBuffer;
  readonly #link: AgentLink;
  readonly #load: LoadQueue;
  readonly #hands: ProcessHands;
  readonly #board: FaultBoard;
  readonly #feed = new SafetyFeed((body) => this.#push(body));
  readonly #refusedItems = new Map<Refusal, number[]>();
  #assignment: Assignment | null = null;
  #phase: AgentPhase = 'idle';
  #reason = '';
  #work: Promise<void> = Promise.resolve();
  /** Regular work of the process, and of the run that is assigned. */
  readonly #ticks = new Ticks();
  readonly #runTicks = new Ticks();
  #hasEnded = false;

  constructor(options: AgentOptions) {
    const { name, conductor, factory, clock, limits, log, isCampaign, bufferBytesMost } = options;
    this.#options = options;
    this.#buffer = new PushBuffer(bufferBytesMost);
    const hello = {
      kind: 'hello' as const,
      version: agentProtocolVersion as 1,
      agent: name,
      incarnation: randomBytes(16).toString('hex'),
      nodes: [...factory.offers],
      host: limits,
    };
    const link = { ...conductor, hello, buffer: this.#buffer, offset: this.#offset, nowUs: clock.nowUs, log };
    this.#link = new AgentLink(link, {
      welcomed: () => this.#tellPhase(),
      ordered: (message) => this.#ordered(message),
      rejected: (reason) => this.#end({ kind: 'rejected', reason }),
    });
    this.#load = new LoadQueue(clock, this.#offset, (item, dueUs) => this.#submit(item, dueUs));
    const memoryBytes = limits.memoryLimitBytes ?? limits.memoryBytes;
    this.#hands = new ProcessHands(this.nodes, isCampaign, memoryBytes);
    this.#board = new FaultBoard({
      clock,
      offset: this.#offset,
      hands: this.#hands,
      report: (report) => this.#push(report),
    });
  }

  get phase(): AgentPhase {
    return this.#phase;
  }

  /** Why the phase is 'failed'. */
  get reason(): string {
    return this.#reason;
  }

  get assignment(): Assignment | null {
    return this.#assignment;
  }

  get isConductorConnected(): boolean {
    return this.#link.isConnected;
  }

  get activeFaults(): readonly number[] {
    return this.#board.activeFaults;
  }

  start(): void {
    this.#link.dial();
    this.#ticks.every(this.#options.clock, orphanCheckUs, () => this.#checkOrphan());
  }

  /** A fault ordered by the admin API: the times are the agent's own. Why it is refused, or null. */
  addFault(fault: number, nodes: readonly number[], forUs: number, effect: FaultEffect): string | null {
    const refusal = this.#hands.refusal(effect);
    if (refusal !== null) return refusal;
    const fromUs = this.#options.clock.nowUs() + this.#offset.estimate.offsetUs;
    this.#board.add({ kind: 'fault', fault, nodes: [...nodes], fromUs, untilUs: fromUs + forUs, effect });
    return null;
  }

  lift(fault: number): void {
    this.#board.lift(fault);
  }

  /** Ends everything in order: nodes stopped and flushed, pushes handed over when somebody takes them. */
  async stop(reason: string): Promise<void> {
    await this.#inTurn(async () => {
      await this.#stopNodes();
      await this.#handOver();
    });
    if (this.#phase !== 'stopped') this.#enter('stopped');
    this.#link.send({ kind: 'bye', reason: reason.slice(0, 400), lastSeq: this.#buffer.lastSeq });
    this.#ticks.stop();
    await this.#link.close();
  }

  #ordered(message: ConductorMessage): void {
    switch (message.kind) {
      case 'assignment':
        void this.#inTurn(() => this.#assign(message));
        return;
      case 'connect':
        void this.#inTurn(() => this.#connect());
        return;
      case 'schedule':
        if (this.#assignment !== null) this.#assignment = { ...this.#assignment, window: message.window };
        return;
      case 'load':
        this.#refuse(this.#load.add(message), 'queue-full');
        return;
      case 'fault':
        this.#board.add(message);
        return;
      case 'lift':
        this.#board.lift(message.fault);
        return;
      case 'collect':
        void this.#inTurn(async () => {
          await this.#handOver();
          this.#enter('collected');
        });
        return;
      case 'stop':
        void this.#stopped(message.exit);
        return;
      case 'welcome':
      case 'refused':
      case 'pong':
      case 'ack':
        return; // the link has dealt with it
    }
  }

  /** One after the other: nothing is assigned while nodes are being stopped. A failure becomes the phase. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.error({ err: error }, 'an order of the conductor could not be carried out');
      this.#enter('failed', reason);
    });
    return this.#work;
  }

  async #assign(assignment: Assignment): Promise<void> {
    const { factory, limits, log, clock } = this.#options;
    // The same assignment again: the conductor did not hear the answer.
    if (this.#assignment?.run === assignment.run && this.#phase !== 'failed') {
      this.#tellPhase();
      return;
    }
    await this.#stopNodes();
    const problem =
      this.#problemOf(assignment) ?? limitProblem(assignment.resources, assignment.own.length, limits);
    if (problem !== null) throw new Error(problem);
    for (const own of assignment.own) {
      this.nodes.set(own.number, await factory.create(assignment, own, this.#listener));
    }
    this.#assignment = assignment;
    log.info({ run: assignment.run, nodes: assignment.own.map(({ number }) => number) }, 'assigned');
    this.#enter('assigned');
    this.#runTicks.every(clock, assignment.push.everyUs, () => this.#pushProgress());
    this.#runTicks.every(clock, Math.min(flushEveryUs, assignment.push.everyUs), () => this.#flush());
  }

  #problemOf({ own, members }: Assignment): string | null {
    const { factory, isCampaign } = this.#options;
    for (const { index, number, attack } of own) {
      const offered = factory.offers.find((offer) => offer.index === index);
      if (offered === undefined) return `this process has no node ${index}`;
      if (members[number]?.number !== number)
        return `member ${number} does not stand at its place in the list`;
      if (members[number]?.publicKey !== offered.publicKey)
        return `member ${number} has another key than node ${index}`;
      if (attack !== 'none' && !isCampaign)
        return 'this process was not started for a campaign: it attacks nobody';
    }
    return null;
  }

  async #connect(): Promise<void> {
    if (this.#phase === 'ready') {
      this.#tellPhase();
      return;
    }
    if (this.#assignment === null) throw new Error('connect before an assignment');
    this.#enter('connecting');
    const waiting = [...this.nodes.values()];
    // All nodes of a network start at the same time; a node that waits for others must not keep them from starting.
    await Promise.all(
      Array.from({ length: Math.min(startedAtOnce, waiting.length) }, async () => {
        for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await node.start();
      }),
    );
    await this.#join();
    this.#enter('ready');
  }

  /** Sessions that are open before the load comes do not delay it; a network that is not there yet delays nobody for long. */
  async #join(): Promise<void> {
    const { clock } = this.#options;
    let timer: ClockHandle | null = null;
    const patience = new Promise<void>((resolve) => {
      timer = clock.at(clock.nowUs() + joinMostUs, resolve);
    });
    await Promise.race([patience, Promise.all([...this.nodes.values()].map((node) => node.join()))]);
    (timer as ClockHandle | null)?.cancel();
  }

  async #stopNodes(): Promise<void> {
    this.#runTicks.stop();
    this.#load.clear();
    this.#board.liftAll();
    await Promise.all([...this.nodes.values()].map((node) => node.stop()));
    this.#flush();
    this.#pushProgress();
    this.nodes.clear();
    this.#assignment = null;
  }

  async #stopped(shouldExit: boolean): Promise<void> {
    await this.#inTurn(async () => {
      await this.#stopNodes();
      await this.#handOver();
      this.#enter('stopped');
    });
    if (!shouldExit) {
      this.#enter('idle');
      return;
    }
    await this.stop('told to stop');
    this.#end({ kind: 'stopped' });
  }

  #submit({ item, node, conflictKey }: LoadItem, dueUs: number): void {
    const target = this.nodes.get(node);
    if (target === undefined || this.#assignment === null) {
      this.#refuse([item], 'no-such-node');
      return;
    }
    const { seed, workload } = this.#assignment;
    const transactions = transactionsOf(item, conflictKey, seed, workload);
    const answer = target.submit({ item, transactions, dueUs });
    if (answer.kind === 'queue-full' || answer.kind === 'invalid') this.#refuse([item], 'queue-full');
    if (answer.kind === 'down') this.#refuse([item], 'node-down');
  }

  #refuse(items: readonly number[], reason: Refusal): void {
    if (items.length === 0) return;
    this.#refusedItems.set(reason, [...(this.#refusedItems.get(reason) ?? []), ...items]);
  }

  readonly #listener: NodeListener = {
    vertex: (_node, vertex, items, replaces) => {
      if (this.#assignment?.push.decisions === true) this.#feed.vertex(vertex, items, replaces);
    },
    decided: (node, vertex, as, rounds, confidence, atUs, isRecovered) => {
      if (this.#assignment?.push.decisions === true)
        this.#feed.decided(node, vertex, as, rounds, confidence, atUs, isRecovered);
    },
    convicted: (node, peer, atUs) => this.#push({ kind: 'conviction', node, peer, atUs }),
    event: (event) => this.#push({ kind: 'event', ...event }),
  };

  #push(body: PushBody): void {
    const isKept = this.#buffer.add(body, this.#options.clock.nowUs(), this.#offset.estimate);
    if (!isKept && this.#buffer.pushesDropped === 1) {
      this.#options.log.error({ kind: body.kind }, 'the push buffer is full: what comes now is lost');
    }
    this.#link.pump();
  }

  /** Figures wait when the buffer fills up: they are totals, and histograms go on adding up. */
  #pushProgress(): void {
    if (this.#buffer.hasRoom && this.nodes.size > 0)
      this.#push(progressReport(this.nodes.values(), this.#options.meter));
  }

  #flush(): void {
    this.#feed.flush();
    for (const [reason, items] of this.#refusedItems) {
      for (let at = 0; at < items.length; at += batchEntriesMost) {
        this.#push({ kind: 'load-refused', items: items.slice(at, at + batchEntriesMost), reason });
      }
    }
    this.#refusedItems.clear();
    const figures = [...this.nodes.values()].flatMap((node) => [...node.takeProbes()]);
    for (let at = 0; at < figures.length; at += batchEntriesMost) {
      this.#push({ kind: 'probes', figures: figures.slice(at, at + batchEntriesMost) });
    }
  }

  /** Pushes what is left, and waits until the conductor has stored all of it, as long as there is one. */
  async #handOver(): Promise<void> {
    const { clock, log } = this.#options;
    this.#flush();
    this.#pushProgress();
    const deadlineUs = clock.nowUs() + handOverUs;
    while (!this.#buffer.isEmpty && this.#link.isConnected && clock.nowUs() < deadlineUs) {
      this.#link.pump();
      await new Promise<void>((resolve) => {
        clock.at(clock.nowUs() + lookEveryUs, resolve);
      });
    }
    if (!this.#buffer.isEmpty)
      log.warn({ bytes: this.#buffer.bytes }, 'pushes are left that nobody has taken');
  }

  #enter(phase: AgentPhase, reason = ''): void {
    this.#phase = phase;
    this.#reason = reason;
    this.#tellPhase();
  }

  #tellPhase(): void {
    // What was pushed before the phase changed arrives before the news of it.
    this.#link.pump();
    this.#link.send({ kind: 'state', phase: this.#phase, reason: this.#reason.slice(0, 400) });
  }

  #checkOrphan(): void {
    const { aloneSinceUs } = this.#link;
    if (aloneSinceUs === null || this.#assignment === null) return;
    const aloneUs = this.#options.clock.nowUs() - aloneSinceUs;
    if (aloneUs < this.#assignment.orphanUs) return;
    this.#end({ kind: 'orphaned', reason: `no conductor for ${Math.round(aloneUs / 1e6)} s` });
  }

  #end(end: AgentEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.onEnd(end);
  }
}

/** Work that is done again and again until it is stopped. */
class Ticks {
  readonly #handles = new Set<ClockHandle>();
  #isStopped = false;

  every(clock: Clock, everyUs: number, act: () => void): void {
    this.#isStopped = false;
    const arm = (): void => {
      const handle = clock.at(clock.nowUs() + everyUs, () => {
        this.#handles.delete(handle);
        act();
        if (!this.#isStopped) arm();
      });
      this.#handles.add(handle);
    };
    arm();
  }

  stop(): void {
    this.#isStopped = true;
    for (const handle of this.#handles) handle.cancel();
    this.#handles.clear();
  }
}
