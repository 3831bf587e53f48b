/**
 * Verification: nodes ask, equal questions share an answer, waiting ones go to threads in batches that grow with the backlog; a
 * single one that comes after a pause is checked here and now.
 * Owns: deduplication, turns of the nodes of one process, the end. Does not own: threads (verification-threads.ts), the queue
 * of one node (member-queue.ts), sizes of batches (batch-size.ts), the pause (spare-moment.ts).
 */
import { availableParallelism } from 'node:os';
import { batchSize } from './batch-size.ts';
import { MemberQueue, type QueuedClaim, type QueueLimits, type Waiter } from './member-queue.ts';
import { RecentVerdicts } from './recent-verdicts.ts';
import { SignatureCheck } from './signature-check.ts';
import { contextBytes } from './signature-context.ts';
import { SpareMoment } from './spare-moment.ts';
import { claimBytes, isSameClaim, packedClaims, type SignatureClaim } from './verification-batch.ts';
import { type StartThread, startThread, VerificationThreads } from './verification-threads.ts';
import {
  publicKeyBytes,
  signatureBytes,
  type Verifier,
  VerifierError,
  type VerifierFigures,
} from './verifier.ts';

export interface PipelineOptions extends QueueLimits {
  readonly threads: number;
  /** Claims whose answer is remembered, of all nodes together; one has about 4 KB. 0: none. */
  readonly recentMostBytes: number;
  /**
   * Lets a node have the answer that another node of this process got. That is work which nodes on machines of their own would
   * each do: figures of such a run must say so.
   */
  readonly dedupAcrossNodes: boolean;
  readonly startThread: StartThread;
  /**
   * Share of the main thread, 0..1, that checks of single claims may take: a thread that is woken for one claim costs more than
   * the check. 0: everything goes to threads, which are started when the first claim does.
   */
  readonly ownShare: number;
}

export const defaultPipeline: PipelineOptions = {
  threads: availableParallelism(),
  queueMost: 4_096,
  queueMostBytes: 64 * 1_048_576,
  recentMostBytes: 8 * 1_048_576,
  dedupAcrossNodes: false,
  startThread,
  ownShare: 0.03,
};

/** A batch is copied as a whole: long messages make it shorter. */
const mostBatchBytes = 4 * 1_048_576;

type State = { readonly kind: 'open' } | { readonly kind: 'ended'; readonly error: VerifierError };

export class VerificationPipeline {
  readonly options: PipelineOptions;
  readonly #threads: VerificationThreads<QueuedClaim>;
  readonly #recent: RecentVerdicts;
  readonly #inFlight = new Map<number, QueuedClaim>();
  readonly #members: MemberQueue[] = [];
  /** Whose turn is next, among the members with waiting claims. */
  readonly #turns: MemberQueue[] = [];
  readonly #batchSizes = new Map<number, number>();
  readonly #spare: SpareMoment;
  readonly #check = new SignatureCheck();
  #isScheduled = false;
  #state: State = { kind: 'open' };

  constructor(options: Partial<PipelineOptions> = {}) {
    this.options = { ...defaultPipeline, ...options };
    this.#spare = new SpareMoment(this.options.ownShare);
    this.#threads = new VerificationThreads(this.options.threads, this.options.startThread, {
      answered: (claim, isGenuine, cpuUs) => this.#answered(claim, isGenuine, cpuUs),
      batchDone: (bytes, claims, verdicts) => {
        const names = claims.map(({ name }) => name);
        const nodes = claims.map(({ owner }) => owner.node);
        this.#recent.remember({ bytes, names, nodes, verdicts });
        this.#dispatch();
      },
      failed: (error, unanswered) => this.#fail(error, unanswered),
    });
    const { pool } = this.#threads;
    this.#recent = new RecentVerdicts(this.options.recentMostBytes, (memory) => pool.giveBack(memory));
  }

  /** Sums over all nodes. */
  get figures(): VerifierFigures {
    const all = this.#members.map((member) => member.figures(this.#batchSizes));
    const sum = (of: (figures: VerifierFigures) => number): number =>
      all.reduce((total, each) => total + of(each), 0);
    return {
      verified: sum((each) => each.verified),
      rejected: sum((each) => each.rejected),
      deduplicated: sum((each) => each.deduplicated),
      deduplicatedAcrossNodes: sum((each) => each.deduplicatedAcrossNodes),
      refused: sum((each) => each.refused),
      queueDepth: sum((each) => each.queueDepth),
      queueDepthMost: Math.max(0, ...all.map((each) => each.queueDepthMost)),
      batchSizes: this.#batchSizes,
      cpuUs: sum((each) => each.cpuUs),
    };
  }

  /** The verifier of one more node: a queue and figures of its own, the threads of all. Closing it leaves the threads. */
  member(): Verifier {
    const queue = new MemberQueue(this.#members.length, this.options);
    this.#members.push(queue);
    const batchSizes = this.#batchSizes;
    let isClosed = false;
    const closed = (): VerifierError => new VerifierError('closed', 'this verifier is closed');
    return {
      verify: (publicKey, contextName, message, signature) => {
        const context = contextBytes(contextName);
        if (isClosed) return Promise.reject(closed());
        return this.#verify(queue, { publicKey, context, message, signature });
      },
      whenRoom: () => {
        if (isClosed) return Promise.reject(closed());
        return this.#state.kind === 'open' ? queue.whenRoom() : Promise.reject(this.#state.error);
      },
      get figures() {
        return queue.figures(batchSizes);
      },
      close: () => {
        isClosed = true;
        queue.endRoom(closed());
        return queue.whenDrained();
      },
    };
  }

  /** Answers everything that was taken, of all nodes, and ends the threads. */
  async close(): Promise<void> {
    const wasOpen = this.#state.kind === 'open';
    if (wasOpen) {
      const error = new VerifierError('closed', 'the verification pipeline is closed');
      this.#state = { kind: 'ended', error };
      for (const member of this.#members) member.endRoom(error);
    }
    await Promise.all(this.#members.map((member) => member.whenDrained()));
    await this.#threads.close();
  }

  #verify(queue: MemberQueue, claim: SignatureClaim): Promise<boolean> {
    if (this.#state.kind === 'ended') return Promise.reject(this.#state.error);
    if (claim.publicKey.length !== publicKeyBytes || claim.signature.length !== signatureBytes) {
      queue.rejected++;
      return Promise.resolve(false);
    }
    if (!queue.hasRoom) {
      queue.refused++;
      const text = `${queue.figures(this.#batchSizes).queueDepth} verifications wait: read less until there is room`;
      return Promise.reject(new VerifierError('full', text));
    }
    const name = this.#nameOf(queue, claim);
    const known = this.#recent.find(name, claim);
    if (known !== null) {
      count(queue, known.node);
      return Promise.resolve(known.isGenuine);
    }
    return new Promise((resolve, reject) =>
      this.#enter(queue, claim, name, queue.expect(claim, resolve, reject)),
    );
  }

  #enter(owner: MemberQueue, claim: SignatureClaim, name: number, waiter: Waiter): void {
    const twin = this.#inFlight.get(name);
    if (twin !== undefined && isSameClaim(twin, claim)) {
      count(owner, twin.owner.node);
      twin.waiters.push(waiter);
      return;
    }
    const { publicKey, context, message, signature } = claim;
    const queued: QueuedClaim = { publicKey, context, message, signature, name, owner, waiters: [waiter] };
    if (twin === undefined) this.#inFlight.set(name, queued);
    if (owner.waiting === 0) this.#turns.push(owner);
    owner.put(queued);
    // What the same turn of the event loop brings goes together.
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#dispatch();
    });
  }

  /** 53 bits: the signature's first ones, which are as good as random when it is genuine, and the node's number. */
  #nameOf({ node }: MemberQueue, { signature }: SignatureClaim): number {
    const low = signature[0]! | (signature[1]! << 8) | (signature[2]! << 16) | (signature[3]! << 24);
    const high = (signature[4]! | (signature[5]! << 8) | (signature[6]! << 16)) & 0x1f_ffff;
    const scope = this.options.dedupAcrossNodes ? 0 : Math.imul(node, 0x9e37_79b1);
    return high * 0x1_0000_0000 + ((low ^ scope) >>> 0);
  }

  #dispatch(): void {
    while (this.#turns.length > 0 && this.#threads.hasRoom) {
      const backlog = this.#turns.reduce((sum, member) => sum + member.waiting, 0);
      if (backlog === 1 && this.#threads.isIdle && this.#spare.isNow()) {
        this.#checkHere(this.#batch(1));
        continue;
      }
      const batch = this.#batch(batchSize(backlog, this.#threads.count));
      this.#batchSizes.set(batch.length, (this.#batchSizes.get(batch.length) ?? 0) + 1);
      this.#threads.handOver(batch);
    }
  }

  #checkHere(claims: readonly QueuedClaim[]): void {
    for (const claim of claims) {
      const { publicKey, context, message, signature, name, owner } = claim;
      const began = process.threadCpuUsage();
      const fromMs = performance.now();
      const isGenuine = this.#check.isGenuine(publicKey, context, message, signature);
      this.#spare.took((performance.now() - fromMs) * 1_000);
      // The kernel counts in ticks: one difference says nothing, their sum is right.
      const { user, system } = process.threadCpuUsage(began);
      this.#answered(claim, isGenuine, user + system);
      const bytes = packedClaims([claim], this.#threads.pool);
      this.#recent.remember({ bytes, names: [name], nodes: [owner.node], verdicts: [isGenuine] });
    }
  }

  /** One claim of each node in turn: a node that is flooded delays the others by a turn, not by its queue. */
  #batch(size: number): QueuedClaim[] {
    const batch: QueuedClaim[] = [];
    let bytes = 0;
    while (batch.length < size && bytes < mostBatchBytes) {
      const member = this.#turns.shift();
      const claim = member?.take() ?? null;
      if (member === undefined || claim === null) break;
      if (member.waiting > 0) this.#turns.push(member);
      batch.push(claim);
      bytes += claimBytes(claim);
    }
    return batch;
  }

  #answered(claim: QueuedClaim, isGenuine: boolean, cpuUs: number): void {
    if (this.#inFlight.get(claim.name) === claim) this.#inFlight.delete(claim.name);
    claim.owner.cpuUs += cpuUs;
    if (isGenuine) claim.owner.verified++;
    else claim.owner.rejected++;
    for (const waiter of claim.waiters) {
      waiter.queue.settled(waiter);
      waiter.resolve(isGenuine);
    }
  }

  #fail(cause: Error, unanswered: readonly QueuedClaim[]): void {
    const error = new VerifierError('failed', `verification ended: ${cause.message}`, { cause });
    this.#state = { kind: 'ended', error };
    const waiting = this.#members.flatMap((member) => {
      const claims: QueuedClaim[] = [];
      for (let claim = member.take(); claim !== null; claim = member.take()) claims.push(claim);
      member.endRoom(error);
      return claims;
    });
    this.#inFlight.clear();
    this.#turns.length = 0;
    for (const { waiters } of [...unanswered, ...waiting]) {
      for (const waiter of waiters) {
        waiter.queue.settled(waiter);
        waiter.reject(error);
      }
    }
  }
}

function count(queue: MemberQueue, askedBy: number): void {
  queue.deduplicated++;
  if (askedBy !== queue.node) queue.deduplicatedAcrossNodes++;
}

/** A pipeline of one node: closing the verifier ends its threads. */
export function createVerifier(options: Partial<PipelineOptions> = {}): Verifier {
  const pipeline = new VerificationPipeline(options);
  const member = pipeline.member();
  return {
    verify: (publicKey, context, message, signature) => member.verify(publicKey, context, message, signature),
    whenRoom: () => member.whenRoom(),
    get figures() {
      return member.figures;
    },
    close: () => pipeline.close(),
  };
}
