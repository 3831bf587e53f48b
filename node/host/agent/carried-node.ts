/**
 * A real node in this process, over all its lives: host, store, archive and transport are put together at each start.
 * Owns: one life at a time, crashing and restarting for faults, what must outlast a life (skew, disk state, conditions, receipts).
 * Does not own: the parts themselves, timing of faults (fault-board.ts), who asks (agent, admin).
 */
import { rm } from 'node:fs/promises';
import type { Assignment, AttackChoice, FaultEffect, OfferedNode, OwnNode } from '#node/agent-protocol.ts';
import type { ProbeFigure } from '#node/agent-push.ts';
import type { Finality, Submission } from '#node/host/admin/admin-port.ts';
import type { Clock } from '#node/host/clock.ts';
import type { DecisionNews, HostListener, PeerFigures, VertexNews } from '#node/host/host-parts.ts';
import type { Log } from '#node/host/log.ts';
import { Measurements } from '#node/host/metrics/measurements.ts';
import { BreakableDisk } from './breakable-disk.ts';
import type { NodeCondition } from './fault-board.ts';
import { copyFigures } from './figure-copy.ts';
import type { HostedNode, KnownVertex, LoadSubmission, NodeListener } from './hosted-node.ts';
import type { LifeParts, LifeSeed } from './life-parts.ts';
import { Receipts } from './receipts.ts';
import { SkewedClock } from './skewed-clock.ts';

export interface CarriedNodeOptions {
  readonly own: OwnNode;
  readonly assignment: Assignment;
  readonly offered: OfferedNode;
  readonly storeFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: NodeListener;
  /** Opens the store and puts a host together; nothing runs yet. */
  readonly makeLife: (seed: LifeSeed) => Promise<LifeParts>;
}

type Wanted = 'up' | 'down' | 'stopped';
type EffectCounts = Record<'cut' | 'delayedByFault' | 'lostByFault' | 'decorated', number>;

const calm: NodeCondition = {
  groupOf: null,
  addLatencyUs: 0,
  loss: 0,
  skewPpm: 0,
  disk: 'sound',
  attack: null,
  down: 'up',
  untilUs: 0,
};

export class CarriedNode implements HostedNode {
  readonly number: number;
  readonly offered: OfferedNode;
  measurements = new Measurements();
  life = 0;
  readonly #options: CarriedNodeOptions;
  readonly #clock: SkewedClock;
  readonly #disk = new BreakableDisk();
  readonly #receipts = new Receipts();
  /** Of lives that are over. */
  readonly #past: EffectCounts = { cut: 0, delayedByFault: 0, lostByFault: 0, decorated: 0 };
  #crashes = 0;
  #parts: LifeParts | null = null;
  #condition = calm;
  #attack: AttackChoice;
  #wanted: Wanted = 'stopped';
  #work: Promise<void> = Promise.resolve();

  constructor(options: CarriedNodeOptions) {
    this.#options = options;
    this.number = options.own.number;
    this.offered = options.offered;
    this.#attack = options.own.attack;
    this.#clock = new SkewedClock(options.clock);
  }

  get isUp(): boolean {
    return this.#parts !== null;
  }

  get attack(): AttackChoice {
    return this.#condition.attack ?? this.#attack;
  }

  async start(): Promise<void> {
    this.#wanted = 'up';
    await this.#inTurn(() => this.#begin());
  }

  async join(): Promise<void> {
    await this.#parts?.transport.warm();
  }

  async stop(): Promise<void> {
    this.#wanted = 'stopped';
    await this.#inTurn(async () => {
      const parts = this.#parts;
      if (parts === null) return;
      await parts.host.stop();
      this.#end(parts);
      await parts.store.close();
    });
  }

  refresh(): void {
    const parts = this.#parts;
    if (parts === null) return;
    copyFigures(this.measurements, parts);
  }

  submit({ item, transactions, dueUs }: LoadSubmission): Submission {
    const parts = this.#parts;
    if (parts === null) return { kind: 'down' };
    const receipt = item === null ? this.#receipts.open() : null;
    const items = [item ?? receipt!.number];
    const result = parts.host.submit({ transactions, dueUs: Math.round(this.#clock.toNodeUs(dueUs)), items });
    if (result.kind === 'accepted') return { kind: 'accepted', receipt: receipt?.name ?? '' };
    if (receipt !== null) this.#receipts.drop(receipt.number);
    switch (result.reason) {
      case 'stopped':
        return { kind: 'down' };
      case 'invalid':
        return { kind: 'invalid', text: result.text };
      case 'queue-full':
      case 'overloaded':
        return { kind: 'queue-full' };
    }
  }

  setAttack(attack: AttackChoice): void {
    this.#attack = attack;
    this.#parts?.host.setAttack(this.attack);
  }

  apply(condition: NodeCondition): void {
    const before = this.#condition;
    this.#condition = condition;
    this.#clock.setPpm(condition.skewPpm);
    this.#disk.state = condition.disk;
    this.#shape();
    if (condition.attack !== before.attack) this.#parts?.host.setAttack(this.attack);
    if (condition.down !== 'up' && before.down === 'up') this.#goDown(condition.down);
    if (condition.down === 'up' && before.down !== 'up') this.#comeBack();
    // A store that failed says so until it is opened again: the repaired disk needs a restart.
    if (condition.disk === 'sound' && before.disk !== 'sound' && condition.down === 'up') this.#reopen();
  }

  effects(kind: FaultEffect['kind']): { readonly count: number; readonly what: string } {
    const now = this.#counts();
    switch (kind) {
      case 'partition':
        return { count: now.cut, what: 'messages cut off' };
      case 'latency':
        return { count: now.delayedByFault, what: 'messages delayed' };
      case 'loss':
        return { count: now.lostByFault, what: 'messages lost' };
      case 'clock-skew':
        return { count: this.#clock.offUs, what: 'us off at most' };
      case 'disk-fail':
      case 'disk-full':
        return { count: this.#disk.refusedWrites, what: 'writes refused' };
      case 'down':
        return { count: this.#crashes, what: 'crashes' };
      case 'attack':
        return { count: now.decorated, what: 'answers rewritten, or twins issued' };
      case 'throttle':
      case 'memory':
        return { count: 0, what: 'seen by the process' };
    }
  }

  takeProbes(): readonly ProbeFigure[] {
    return [...(this.#parts?.probing.takeProbes() ?? [])];
  }

  peers(): readonly PeerFigures[] {
    return this.#parts?.host.peers() ?? [];
  }

  async finalityOfVertex(idHex: string): Promise<Finality> {
    const parts = this.#parts;
    if (parts === null) return { status: 'unknown', vertex: null, rounds: null, confidence: null };
    return { vertex: idHex, ...(await parts.host.finality(Buffer.from(idHex, 'hex'))) };
  }

  async finalityOfReceipt(receipt: string): Promise<Finality> {
    const vertex = this.#receipts.vertexOf(receipt);
    const nothing = { vertex: null, rounds: null, confidence: null };
    if (vertex === undefined) return { status: 'unknown', ...nothing };
    if (vertex === null) return { status: 'queued', ...nothing };
    return await this.finalityOfVertex(vertex);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** What nobody waits for: a failure is an event, and the node stays down. */
  #inBackground(what: string, work: () => Promise<void>): void {
    this.#inTurn(work).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.error({ err: error, node: this.number }, `${what} failed`);
      this.#event('failed', 0, `${what}: ${reason}`);
    });
  }

  async #begin(): Promise<void> {
    if (this.#parts !== null || this.#wanted !== 'up') return;
    const { storeFolder, makeLife } = this.#options;
    const beganUs = this.#options.clock.nowUs();
    this.measurements = new Measurements();
    const parts = await makeLife({
      clock: this.#clock,
      disk: this.#disk,
      measurements: this.measurements,
      attack: this.attack,
      storeFolder,
    });
    try {
      parts.host.listen(this.#hear());
      this.#parts = parts;
      this.#shape();
      await parts.host.start();
    } catch (error) {
      this.#parts = null;
      parts.host.crash();
      await release(parts);
      throw error;
    }
    this.#event(this.life === 0 ? 'started' : 'restarted', this.#options.clock.nowUs() - beganUs, '');
  }

  #end(parts: LifeParts): void {
    this.refresh();
    Object.assign(this.#past, this.#counts());
    if (this.#parts === parts) this.#parts = null;
  }

  /** At once, as a kill: what is not durable is gone. The store is closed behind its back. */
  #crash(): void {
    const parts = this.#parts;
    if (parts === null) return;
    parts.host.crash();
    this.#end(parts);
    this.#crashes += 1;
    this.#event('crashed', 0, '');
    this.#inBackground('clearing up after a crash', () => release(parts));
  }

  #goDown(disk: 'kept' | 'lost'): void {
    if (this.#wanted === 'stopped') return;
    this.#wanted = 'down';
    this.#crash();
    if (disk === 'kept') return;
    this.#inBackground('losing the disk', () =>
      rm(this.#options.storeFolder, { recursive: true, force: true }),
    );
  }

  #comeBack(): void {
    if (this.#wanted !== 'down') return;
    this.#wanted = 'up';
    this.life += 1;
    this.#inBackground('the restart', () => this.#begin());
  }

  #reopen(): void {
    if (this.#wanted !== 'up' || (this.#parts?.host.figures.storeFailure ?? null) === null) return;
    this.#crash();
    this.life += 1;
    this.#inBackground('the restart after a disk fault', () => this.#begin());
  }

  /** What holds now; conditions keep the end of each fault themselves. */
  #shape(): void {
    const { groupOf, addLatencyUs, loss, untilUs } = this.#condition;
    const conditions = this.#parts?.conditions;
    if (conditions === undefined) return;
    conditions.partition(groupOf, untilUs);
    conditions.addLatency(addLatencyUs, untilUs);
    conditions.setLoss(loss, untilUs);
  }

  #counts(): EffectCounts {
    const { cut, delayedByFault, lostByFault, decorated } = this.#past;
    const parts = this.#parts;
    if (parts === null) return { cut, delayedByFault, lostByFault, decorated };
    const { figures } = parts.conditions;
    const { answersDecorated, twinsIssued } = parts.host.figures;
    return {
      cut: cut + figures.cut,
      delayedByFault: delayedByFault + figures.delayedByFault,
      lostByFault: lostByFault + figures.lostByFault,
      decorated: decorated + answersDecorated + twinsIssued,
    };
  }

  #hear(): HostListener {
    const { listener } = this.#options;
    return {
      vertex: (news) => {
        const vertex = known(news);
        const items = news.items.filter((item) => !this.#receipts.carried(item, vertex.id));
        listener.vertex(this.number, vertex, items, news.replaces === null ? null : hex(news.replaces));
      },
      decided: (news) => this.#decided(news),
      undecidedAtLimit: (news, atUs) =>
        listener.decided(
          this.number,
          known(news),
          'undecidedAtLimit',
          0,
          0,
          this.#clock.toTrueUs(atUs),
          false,
        ),
      convicted: (peer, atUs) => listener.convicted(this.number, peer, this.#clock.toTrueUs(atUs)),
      event: (event, atUs, tookUs, figure, text) => {
        const at = {
          atUs: this.#clock.toTrueUs(atUs),
          tookUs: Math.round(tookUs),
          figure: Math.round(figure),
        };
        listener.event({ node: this.number, event, ...at, text: text.slice(0, 400) });
      },
    };
  }

  #decided({ vertex, status, rounds, confidence, atUs, isRecovered }: DecisionNews): void {
    const trueUs = this.#clock.toTrueUs(atUs);
    const kept = Math.min(1, Math.max(0, confidence));
    this.#options.listener.decided(this.number, known(vertex), status, rounds, kept, trueUs, isRecovered);
  }

  #event(event: 'started' | 'crashed' | 'restarted' | 'failed', tookUs: number, text: string): void {
    const atUs = this.#options.clock.nowUs();
    this.#options.listener.event({
      node: this.number,
      event,
      atUs,
      tookUs,
      figure: this.life,
      text: text.slice(0, 400),
    });
  }
}

/** Sockets are reset and files closed behind the back of a host that is gone. */
async function release({ transport, probing, store }: LifeParts): Promise<void> {
  await transport.crash();
  await probing.stop(); // its timer
  await store.close().catch(() => undefined);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function known({ id, creator, sequence, parents, inputs, transactions }: VertexNews): KnownVertex {
  return { id: hex(id), creator, sequence, parents: parents.map(hex), keys: inputs, transactions };
}
