/**
 * One consensus node in this process: the core driven by frames, timers and the disk.
 * Owns: its phases, the turn of the loop, what others may ask of it. Does not own: sockets (transport), keys (identity), bytes on
 * disk (archive), how the parts inside are wired (loop/machinery.ts), how figures are shown.
 *
 * Everything happens in turns: frames that arrived, own vertices, requests, one commit, then what is durable leaves.
 */
import type { AttackChoice } from '#node/agent-protocol.ts';
import { attackDecorator } from '#node/byzantine/attacks.ts';
import type { ClockHandle } from './clock.ts';
import {
  type HostFigures,
  type HostListener,
  type HostOptions,
  type HostParts,
  type PeerFigures,
  quietListener,
  type SubmitResult,
  type SubmittedBatch,
} from './host-parts.ts';
import { Machinery } from './loop/machinery.ts';
import { recover } from './loop/recovery.ts';
import { levels } from './resilience/degraded-mode.ts';

type Phase = 'new' | 'starting' | 'up' | 'stopping' | 'stopped' | 'crashed';

export interface VertexFinality {
  readonly status: 'unknown' | 'undecided' | 'finalised' | 'rejected';
  readonly rounds: number | null;
  readonly confidence: number | null;
}

export class Host {
  readonly #options: HostOptions;
  readonly #parts: HostParts;
  readonly #listeners: HostListener[] = [];
  readonly #machine: Machinery;
  readonly #connected = new Set<number>();
  #phase: Phase = 'new';
  #attack: AttackChoice = 'none';
  #turn: ClockHandle | null = null;
  #isTurning = false;
  #hasFailed = false;

  constructor(options: HostOptions, parts: HostParts) {
    this.#options = options;
    this.#parts = parts;
    this.#machine = new Machinery(options, parts, {
      listeners: this.#listeners,
      touch: () => this.#touch(),
      isUp: () => this.#phase === 'up',
      makesTwins: () => this.#attack === 'equivocation',
      isHonest: () => this.#attack === 'none',
      failed: (error) => this.#fail(error),
    });
  }

  /** Adds a listener; call before `start` to hear the recovered decisions. Listeners must not throw. */
  listen(listener: Partial<HostListener>): void {
    this.#listeners.push({ ...quietListener, ...listener });
  }

  /** Loads the archive, starts the transport, rejoins the network. Resolves when frames flow; rejoining goes on. */
  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new Error('a host starts once: make a new one');
    this.#phase = 'starting';
    const { transport, members, clock, archive } = this.#parts;
    const { driver, ledger, desk, announcer, sync, tell } = this.#machine;
    const startUs = clock.nowUs();
    if (this.#options.attack !== 'none') this.setAttack(this.#options.attack);
    await archive.reserve();
    const { number } = this.#options;
    const listeners = this.#listeners;
    const own = await recover({ archive, number, driver, ledger, desk, listeners, nowUs: startUs });
    if (!this.#isStarting()) return;
    await transport.start(members, {
      frame: (member, bytes) => this.#receive(member, bytes, false),
      announcement: (member, bytes) => this.#receive(member, bytes, true),
      connected: (member) => this.#connected.add(member),
      disconnected: (member) => this.#connected.delete(member),
      misbehaved: (member, reason) => tell('cut-off', 0, member, `member ${member}: ${reason}`),
    });
    if (!this.#isStarting()) return;
    this.#phase = 'up';
    for (const entry of own) announcer.add(entry);
    driver.begin();
    sync.start();
    tell('started', clock.nowUs() - startUs, desk.finalisedCount, 'finalised vertices read back');
    this.#touch();
  }

  #isStarting(): boolean {
    return this.#phase === 'starting';
  }

  /** Never blocks. A refused batch is not kept. */
  submit(batch: SubmittedBatch): SubmitResult {
    const result = this.#submit(batch);
    const { counters } = this.#parts.measurements;
    if (result.kind === 'accepted') counters.transactionsSubmitted += batch.transactions.length;
    else counters.transactionsRefused += batch.transactions.length;
    return result;
  }

  #submit(batch: SubmittedBatch): SubmitResult {
    const { journal, degraded, issuer, inbox } = this.#machine;
    if (this.#phase !== 'up' || journal.failure !== null) {
      const text = this.#phase === 'up' ? 'the disk of the node has failed' : `the node is ${this.#phase}`;
      return { kind: 'refused', reason: 'stopped', text };
    }
    // An idle node has no turns in which it would notice that it keeps up again.
    const nowUs = this.#parts.clock.nowUs();
    degraded.observe(inbox.waitedUs(nowUs), nowUs);
    if (degraded.level >= levels.noSubmissions) {
      const text = `the node cannot keep up (level ${degraded.level} of 4): submit again later`;
      return { kind: 'refused', reason: 'overloaded', text };
    }
    return issuer.submit(batch);
  }

  /** Throws unless the node was started for a campaign. */
  setAttack(attack: AttackChoice): void {
    if (attack !== 'none' && !this.#options.isCampaign)
      throw new Error(`attack ${attack} refused: the node was not started for a campaign`);
    this.#attack = attack;
    const { clusters, reputation } = this.#options;
    this.#machine.driver.attack =
      attack === 'none' ? null : attackDecorator(attack, clusters, reputation?.halfLifeUs);
  }

  /** Of a vertex by its id. */
  async finality(id: Uint8Array): Promise<VertexFinality> {
    const decision = await this.#parts.archive.decision(id);
    if (decision !== null) return decision;
    const status = this.#machine.ledger.find(id)?.status ?? 'unknown';
    return { status: status === 'pruned' ? 'unknown' : status, rounds: null, confidence: null };
  }

  peers(): readonly PeerFigures[] {
    const { driver, breakers, detector } = this.#machine;
    const nowUs = this.#parts.clock.nowUs();
    const others = this.#parts.members.filter(({ number }) => number !== this.#options.number);
    return others.map(({ number }) => ({
      member: number,
      isConnected: this.#connected.has(number),
      isConvicted: driver.core.suspicion.isConvicted(0, number),
      breaker: breakers.state(number, nowUs),
      phi: detector.phi(number, nowUs),
      roundTripUs: detector.roundTripUs(number),
    }));
  }

  /** Stops issuing and polling, makes everything durable, stops the transport. */
  async stop(): Promise<void> {
    if (this.#phase !== 'up' && this.#phase !== 'starting') return;
    this.#phase = 'stopping';
    const { driver, issuer, journal, sync } = this.#machine;
    driver.stop();
    issuer.close();
    sync.close();
    await journal.drained();
    await this.#parts.transport.stop();
    this.#end('stopped');
  }

  /** As kill -9 would: nothing more is sent, written or told. The transport is its owner's to kill. */
  crash(): void {
    this.#end('crashed');
  }

  #end(phase: Phase): void {
    this.#phase = phase;
    this.#turn?.cancel();
    this.#turn = null;
    this.#machine.close();
  }

  get figures(): HostFigures {
    const { desk, driver, intake, fetch, issuer, inbox, journal, degraded, sync } = this.#machine;
    const { breakers, detector } = this.#machine;
    return {
      isUp: this.#phase === 'up' && journal.failure === null,
      finalised: desk.finalisedCount,
      rejected: desk.rejectedCount,
      undecided: driver.undecided,
      waitingVertices: intake.waiting + fetch.size,
      queuedBatches: issuer.queued + issuer.inMaking,
      queuedTransactions: issuer.queuedTransactions,
      inboxFrames: inbox.length,
      inboxDropped: inbox.dropped,
      answersDecorated: driver.answersDecorated,
      twinsIssued: issuer.twins,
      requestsSent: fetch.requests,
      requestsRepeated: fetch.repeats,
      earlyRetries: driver.earlyRetries,
      retries: driver.core.retries,
      ignoredAnswers: driver.core.ignoredAnswers,
      commits: journal.commits,
      transferredVertices: sync.client.vertices,
      summariesSent: sync.reconciler.summaries,
      degradedLevel: degraded.level,
      openBreakers: breakers.open(this.#parts.clock.nowUs()),
      suspectedPeers: detector.suspects,
      attack: this.#attack,
      rejoinUs: sync.reconciler.rejoinUs,
      storeFailure: journal.failure?.message ?? null,
    };
  }

  #receive(member: number, bytes: Uint8Array, isGossip: boolean): void {
    if (this.#phase !== 'up') return;
    this.#machine.inbox.add(member, bytes, isGossip, this.#parts.clock.nowUs());
    this.#touch();
  }

  /** Asks for a turn, soon. */
  #touch(): void {
    if (this.#turn !== null || this.#isTurning || (this.#phase !== 'up' && this.#phase !== 'stopping'))
      return;
    const { clock } = this.#parts;
    this.#turn = clock.at(clock.nowUs(), () => {
      this.#turn = null;
      this.#runTurn();
    });
  }

  #runTurn(): void {
    const { inbox, frames, issuer, fetch, announcer, journal, desk, degraded } = this.#machine;
    const nowUs = this.#parts.clock.nowUs();
    degraded.observe(inbox.waitedUs(nowUs), nowUs);
    this.#isTurning = true;
    const { framesPerTurn, turnUs } = this.#options.limits;
    for (let i = 0; i < framesPerTurn; i++) {
      const next = inbox.next();
      if (next === null) break;
      frames.handle(next);
      if (this.#parts.clock.nowUs() - nowUs >= turnUs) break;
    }
    issuer.pump();
    fetch.flush();
    announcer.flush();
    journal.commit();
    journal.flush();
    desk.release();
    this.#machine.prune();
    this.#isTurning = false;
    if (journal.failure !== null) this.#fail(journal.failure);
    if (inbox.length > 0 || journal.isReady) this.#touch();
  }

  /** The disk or the signer has failed: no votes, no vertices any more. The owner closes this host and opens the store anew. */
  #fail(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { journal, driver, issuer, tell } = this.#machine;
    journal.fail(error);
    driver.stop();
    issuer.close();
    tell('store-failed', 0, 0, error.message);
    this.#parts.log.error({ err: error }, 'the node stops voting: its disk has failed');
  }
}
