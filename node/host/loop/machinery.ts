/**
 * The inside of a host, put together: which part calls which.
 * Owns: the wires between the parts. Does not own: what any part does, the turn and the phases of a host (host.ts).
 */
import { mix, purpose, streamKey } from '#node/core/random.ts';
import { encodedBytes, encodeVertex } from '#node/core/vertex.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import type { HostListener, HostOptions, HostParts } from '#node/host/host-parts.ts';
import { breakerDefaults, CircuitBreakers } from '#node/host/resilience/circuit-breaker.ts';
import { DegradedMode, levels } from '#node/host/resilience/degraded-mode.ts';
import { detectorDefaults, FailureDetector } from '#node/host/resilience/failure-detector.ts';
import { ArchiveError } from '#node/host/store/archive-error.ts';
import type { AgreedSettlements } from '#node/host/sync/settlement-quorum.ts';
import { SyncDesk } from '#node/host/sync/sync-desk.ts';
import { Announcer } from './announcer.ts';
import { BodyFetch } from './body-fetch.ts';
import { BodyIntake } from './body-intake.ts';
import { BodyServer } from './body-server.ts';
import { CoreDriver } from './core-driver.ts';
import { FrameDesk } from './frame-desk.ts';
import { Inbox } from './inbox.ts';
import { Issuer, type OwnVertex } from './issuer.ts';
import { Journal } from './journal.ts';
import { ParentChoice } from './parent-choice.ts';
import { VertexDesk } from './vertex-desk.ts';
import { VertexLedger } from './vertex-ledger.ts';

/** The id of the vertex that is finalised from the start. */
export function genesisId(): Uint8Array {
  const genesis = { creator: 0, sequence: 0, parents: [], transactions: [] };
  const bytes = new Uint8Array(encodedBytes(genesis));
  encodeVertex(genesis, bytes);
  return blake3(bytes);
}

/** What the parts need of their host. */
export interface Wires {
  readonly listeners: readonly HostListener[];
  readonly touch: () => void;
  readonly isUp: () => boolean;
  readonly makesTwins: () => boolean;
  readonly isHonest: () => boolean;
  readonly failed: (error: Error) => void;
}

/** Own sequences left out when a node comes back without its disk: it may have used some that nobody told it of. */
const lostSequences = 1_024;
/** Decisions that are pruned together. */
const pruneStep = 8_192;

export class Machinery {
  readonly ledger: VertexLedger;
  readonly inbox: Inbox;
  readonly journal: Journal;
  readonly detector: FailureDetector;
  readonly breakers: CircuitBreakers;
  readonly degraded: DegradedMode;
  readonly driver: CoreDriver;
  readonly desk: VertexDesk;
  readonly fetch: BodyFetch;
  readonly server: BodyServer;
  readonly intake: BodyIntake;
  readonly issuer: Issuer;
  readonly announcer: Announcer;
  readonly sync: SyncDesk;
  readonly frames: FrameDesk;
  readonly #genesis = genesisId();
  readonly #options: HostOptions;
  readonly #parts: HostParts;
  readonly #wires: Wires;
  readonly #beganEmpty: boolean;
  #isPruning = false;
  #ownSeen = 0;
  #draws = 0;

  constructor(options: HostOptions, parts: HostParts, wires: Wires) {
    this.#options = options;
    this.#parts = parts;
    this.#wires = wires;
    const { limits, mechanisms, consensus } = options;
    this.#beganEmpty = parts.archive.nextOrder === 0 && parts.archive.lastOwnSequence === 0;
    this.ledger = new VertexLedger(parts.archive, limits.rememberedDecided);
    this.inbox = new Inbox(limits.inboxFrames, mechanisms.priorities);
    this.journal = new Journal(parts.archive, wires.touch);
    this.detector = this.#createDetector();
    this.breakers = new CircuitBreakers(
      { ...breakerDefaults, isOn: mechanisms.circuitBreaker },
      (peer, is) => {
        if (is) parts.measurements.counters.breakerOpenings += 1;
        this.tell(is ? 'breaker-opened' : 'breaker-closed', 0, peer, `member ${peer}`);
      },
    );
    this.degraded = new DegradedMode(mechanisms.degradedMode, consensus.pollIntervalUs, (level, before) =>
      this.#shed(level, before),
    );
    this.driver = this.#createDriver();
    this.desk = this.#createDesk();
    this.fetch = this.#createFetch();
    const stored = parts.archive;
    this.server = new BodyServer({
      ledger: this.ledger,
      stored: (id) => stored.vertex(id),
      send: this.send,
      touch: wires.touch,
    });
    this.intake = this.#createIntake();
    this.announcer = new Announcer({
      journal: this.journal,
      members: parts.members.length,
      self: options.number,
      announce: (bytes) => wires.isUp() && parts.transport.announce(bytes),
      send: this.send,
    });
    this.issuer = this.#createIssuer();
    this.sync = this.#createSync();
    this.frames = this.#createFrames();
  }

  /** A frame leaves when everything noted so far is durable. */
  readonly send = (member: number, bytes: Uint8Array): void => {
    this.journal.afterwards(() => {
      if (this.#wires.isUp()) this.#parts.transport.send(member, bytes);
    });
    this.#wires.touch();
  };

  readonly tell = (
    event: Parameters<HostListener['event']>[0],
    tookUs: number,
    figure: number,
    text: string,
  ): void => {
    const atUs = this.#parts.clock.nowUs();
    for (const listener of this.#wires.listeners)
      listener.event(event, atUs, tookUs, figure, text.slice(0, 400));
  };

  readonly misbehaved = (member: number, reason: string): void => this.frames.misbehaved(member, reason);

  cutOff(member: number, reason: string): void {
    this.#parts.transport.cutOff(member, reason);
    this.tell('cut-off', 0, member, `member ${member}: ${reason}`);
  }

  #createDetector(): FailureDetector {
    const { mechanisms } = this.#options;
    return new FailureDetector({ ...detectorDefaults, isOn: mechanisms.failureDetector }, (peer, is) => {
      if (is) this.#parts.measurements.counters.suspicions += 1;
      this.tell(is ? 'suspected' : 'trusted', 0, peer, `member ${peer}`);
      if (!is) this.sync.reconciler.returned(peer);
    });
  }

  #createDriver(): CoreDriver {
    const { clock, members, measurements, archive } = this.#parts;
    const { listeners, touch } = this.#wires;
    const { detector } = this;
    return new CoreDriver(this.#options, members.length, archive.nextOrder + 1, clock, this.ledger, {
      finalised: (slot, rounds, confidence) => this.desk.finalised(slot, rounds, confidence),
      rejected: (slot, cause) => this.desk.rejected(slot, cause),
      undecidedAtLimit: (slot) => this.desk.undecidedAtLimit(slot),
      convicted: (peer) => {
        measurements.counters.convictions += 1;
        for (const listener of listeners) listener.convicted(peer, clock.nowUs());
      },
      released: (slot) => this.ledger.release(slot),
      pollEnded: (tookUs, vertices, chits) => measurements.pollEnded(tookUs, vertices, chits),
      send: (member, bytes) => {
        detector.asked(member, clock.nowUs());
        measurements.counters.queriesSent += 1;
        this.send(member, bytes);
      },
      answered: (member, roundTripUs) => {
        detector.answered(member, roundTripUs);
        measurements.queryAnswered(roundTripUs);
      },
      silent: () => {
        measurements.counters.queriesTimedOut += 1;
      },
      isSuspect: (member) => detector.isSuspect(member, clock.nowUs()),
      touch,
    });
  }

  #createDesk(): VertexDesk {
    const { clock, measurements } = this.#parts;
    const { limits, number } = this.#options;
    const desk = new VertexDesk({
      ledger: this.ledger,
      journal: this.journal,
      clock,
      measurements,
      limits,
      number,
      listeners: this.#wires.listeners,
      genesis: this.#genesis,
      reissue: (content) => {
        if (this.#wires.isHonest()) this.issuer.again(content);
      },
    });
    desk.attach(this.driver);
    return desk;
  }

  #createFetch(): BodyFetch {
    const { clock, members } = this.#parts;
    const { timeout, mechanisms, limits, number } = this.#options;
    const { breakers, detector } = this;
    return new BodyFetch({
      clock,
      bounds: timeout,
      isAdaptive: mechanisms.adaptiveTimeouts,
      most: limits.waitingVertices,
      members: members.length,
      self: number,
      allows: (member) =>
        breakers.allows(member, clock.nowUs()) && !detector.isSuspect(member, clock.nowUs()),
      asked: (member) => breakers.asked(member),
      failed: (member) => {
        if (member >= 0) breakers.failed(member, clock.nowUs());
      },
      succeeded: (member) => breakers.succeeded(member),
      send: this.send,
      draw: this.#draw,
      touch: this.#wires.touch,
      gaveUp: (id) => this.intake.gaveUp(id),
    });
  }

  #createIntake(): BodyIntake {
    const { verifier, members, archive } = this.#parts;
    const { limits } = this.#options;
    return new BodyIntake({
      ledger: this.ledger,
      fetch: this.fetch,
      verifier,
      keyOf: (member) => members[member]?.publicKey ?? null,
      most: limits.waitingVertices,
      genesis: this.#genesis,
      hasRoom: () => this.driver.core.table.liveCount < limits.liveVertices,
      isSettled: (creator, sequence) => {
        const { settlements } = archive;
        return settlements.isFinalised(creator, sequence) || settlements.isRejected(creator, sequence);
      },
      take: (verified, from) => {
        const { creator, sequence } = verified.vertex;
        if (creator === this.#options.number) this.#ownSeen = Math.max(this.#ownSeen, sequence);
        this.server.taken(this.desk.take(verified, from, null));
      },
      misbehaved: this.misbehaved,
      touch: this.#wires.touch,
    });
  }

  #createIssuer(): Issuer {
    const { identity } = this.#parts;
    const { number, limits, consensus } = this.#options;
    const parents = new ParentChoice(this.#options, this.driver, this.ledger, this.desk, this.#genesis);
    return new Issuer({
      number,
      identity,
      queuedMost: limits.queuedBatches,
      nextSequence: () => this.#nextSequence(),
      // Before it has rejoined a node does not know which own sequences were used, if its disk is new.
      room: () =>
        this.#wires.isUp() && this.journal.failure === null && this.sync.reconciler.rejoinUs !== null
          ? consensus.maxUndecided - this.driver.undecided - this.issuer.inMaking
          : 0,
      parents: () => parents.next(),
      makesTwins: this.#wires.makesTwins,
      issue: (own) => this.#issue(own),
      failed: this.#wires.failed,
      touch: this.#wires.touch,
    });
  }

  #createSync(): SyncDesk {
    const { clock, archive, members } = this.#parts;
    const { limits, consensus } = this.#options;
    const { desk, driver, fetch, intake } = this;
    return new SyncDesk({
      options: this.#options,
      members: members.length,
      clock,
      archive,
      intake,
      breakers: this.breakers,
      draw: this.#draw,
      own: () => ({
        finalised: desk.finalisedCount,
        rejected: desk.rejectedCount,
        undecided: driver.undecided,
        ownSequence: archive.lastOwnSequence,
        digest: desk.digest,
      }),
      live: () => [...this.ledger.live()],
      hasRoom: () =>
        driver.undecided + intake.waiting < consensus.maxUndecided / 2 &&
        fetch.size < limits.waitingVertices / 2,
      send: this.send,
      misbehaved: this.misbehaved,
      settled: (agreed) => this.#settle(agreed),
      failed: this.#wires.failed,
      tell: (event, _atUs, tookUs, figure, text) => this.tell(event, tookUs, figure, text),
      touch: this.#wires.touch,
    });
  }

  #createFrames(): FrameDesk {
    const { clock, members } = this.#parts;
    return new FrameDesk({
      driver: this.driver,
      ledger: this.ledger,
      fetch: this.fetch,
      intake: this.intake,
      server: this.server,
      sync: this.sync,
      clock,
      members: members.length,
      self: this.#options.number,
      heard: (member) => this.detector.heard(member),
      send: this.send,
      cutOff: (member, reason) => this.cutOff(member, reason),
      isMute: () => this.journal.failure !== null,
    });
  }

  /** Several members agree on what was pruned before this node came back. */
  #settle({ settled, spent, past }: AgreedSettlements): void {
    for (const creator of settled) this.desk.settled(creator);
    for (const { input } of spent) this.driver.core.table.settled.spend(input);
    for (const id of past) {
      if (this.ledger.find(id) !== null) continue;
      this.ledger.rememberPruned(id);
      this.fetch.forget(id);
      this.intake.known(id);
    }
    this.#wires.touch();
  }

  async #nextSequence(): Promise<number> {
    const { archive } = this.#parts;
    const seen = this.#ownSeen;
    if (seen > archive.lastOwnSequence || (seen > 0 && this.#beganEmpty)) {
      await archive.skipSequences(seen + (this.#beganEmpty ? lostSequences : 0));
      this.#ownSeen = 0;
    }
    for (;;) {
      try {
        return archive.nextSequence();
      } catch (error) {
        if (!(error instanceof ArchiveError) || error.code !== 'no-sequence') throw error;
        await archive.reserve();
      }
    }
  }

  #issue(own: OwnVertex): void {
    if (!this.#wires.isUp() || this.journal.failure !== null) return;
    const { counters } = this.#parts.measurements;
    counters.verticesIssued += 1;
    counters.signaturesMade += 1;
    if (own.content.replaces !== null) counters.verticesReissued += 1;
    const entry = this.desk.take(own, -1, own.content);
    if (own.twin === null) this.announcer.add(entry);
    else this.announcer.twins(entry, this.desk.take(own.twin, -1, null));
  }

  /** Forgets the oldest decided vertices on disk, a step at a time. */
  prune(): void {
    const { archive } = this.#parts;
    const { storedDecided, rememberedDecided } = this.#options.limits;
    const step = Math.min(pruneStep, storedDecided);
    if (this.#isPruning || archive.nextOrder - archive.firstOrder < storedDecided + step) return;
    this.#isPruning = true;
    archive.prune(archive.nextOrder - storedDecided, rememberedDecided).then(
      () => {
        this.#isPruning = false;
      },
      (error: unknown) => this.#wires.failed(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** Each level sheds what the ones below it shed, and more. */
  #shed(level: number, before: number): void {
    this.sync.shed(level >= levels.noHelp);
    this.server.isServingDecided = level < levels.noHistory;
    this.driver.restUs = level >= levels.fewPolls ? 3 * this.#options.consensus.pollIntervalUs : 0;
    this.#parts.measurements.gauges.degradedLevel = level;
    this.tell(level > before ? 'degraded' : 'recovered', 0, level, `level ${level} after ${before}`);
  }

  readonly #draw = (bound: number): number => {
    const { seed, number } = this.#options;
    const word = mix(streamKey(seed, number, purpose.gossip, 0), number, this.#draws++);
    return (word >>> 0) % bound;
  };

  close(): void {
    this.driver.stop();
    this.issuer.close();
    this.journal.close();
    this.fetch.close();
    this.intake.close();
    this.server.close();
    this.sync.close();
    this.inbox.clear();
  }
}
