/**
 * Everything that keeps this node's set of decisions the same as that of the others.
 * Owns: putting server, client and reconciler together, the pruned past that several members agree on.
 * Does not own: any of their rules.
 */
import type { Clock } from '#node/host/clock.ts';
import type { HostListener, HostOptions } from '#node/host/host-parts.ts';
import type { BodyIntake } from '#node/host/loop/body-intake.ts';
import type { SyncFrames } from '#node/host/loop/frame-desk.ts';
import type { LedgerStatus } from '#node/host/loop/vertex-ledger.ts';
import type { CircuitBreakers } from '#node/host/resilience/circuit-breaker.ts';
import type { Archive } from '#node/host/store/archive.ts';
import type { Transfer } from '#node/host/store/snapshot-reader.ts';
import type {
  Announced,
  StatusFrame,
  SyncChunkFrame,
  SyncEndFrame,
  SyncRequestFrame,
} from '#node/host/wire/frame.ts';
import { type OwnStatus, Reconciler } from './reconciler.ts';
import { type AgreedSettlements, leaveOut, SettlementQuorum } from './settlement-quorum.ts';
import { TransferClient } from './transfer-client.ts';
import { TransferServer } from './transfer-server.ts';

export interface SyncParts {
  readonly options: HostOptions;
  readonly members: number;
  readonly clock: Clock;
  readonly archive: Archive;
  readonly intake: BodyIntake;
  readonly breakers: CircuitBreakers;
  readonly draw: (bound: number) => number;
  readonly own: () => OwnStatus;
  /** Vertices with a slot. */
  readonly live: () => readonly (Announced & { readonly status: LedgerStatus })[];
  /** Few enough vertices are undecided or waiting for the next batch. */
  readonly hasRoom: () => boolean;
  readonly send: (member: number, bytes: Uint8Array) => void;
  readonly misbehaved: (member: number, reason: string) => void;
  readonly settled: (agreed: AgreedSettlements) => void;
  readonly failed: (error: Error) => void;
  readonly tell: HostListener['event'];
  readonly touch: () => void;
}

/** Polls between two statuses of a node to random members, and the least time. */
const statusEveryPolls = 20;
const statusEveryLeastUs = 500_000;
const askedAtStart = 3;
/** Members that must agree on what was pruned. */
const tellers = 3;

export class SyncDesk implements SyncFrames {
  readonly server: TransferServer;
  readonly client: TransferClient;
  readonly reconciler: Reconciler;
  readonly #parts: SyncParts;
  readonly #quorum: SettlementQuorum;

  constructor(parts: SyncParts) {
    this.#parts = parts;
    const { options, members, clock, archive, intake, breakers, draw, send, touch } = parts;
    const another = (except: number): number => this.#another(except);
    this.#quorum = new SettlementQuorum(Math.min(tellers, members - 1));
    this.server = new TransferServer({ archive, send, touch });
    this.client = new TransferClient({
      clock,
      seed: options.seed,
      patienceUs: options.timeout.mostUs,
      tellers: Math.min(tellers, members - 1),
      send,
      another,
      offer: (member, id, body, signature) => intake.offer(member, id, body, signature),
      hasRoom: parts.hasRoom,
      asked: (member) => breakers.asked(member),
      failed: (member) => breakers.failed(member, clock.nowUs()),
      succeeded: (member) => breakers.succeeded(member),
      misbehaved: parts.misbehaved,
      snapshot: (member, transfer) => this.#snapshot(member, transfer),
      finished: () => touch(),
    });
    this.reconciler = new Reconciler({
      clock,
      archive,
      members,
      self: options.number,
      everyUs: Math.max(statusEveryLeastUs, statusEveryPolls * options.consensus.pollIntervalUs),
      askedAtStart,
      draw,
      own: parts.own,
      frontier: () => parts.live().filter(({ status }) => status === 'undecided'),
      send,
      isCatchingUp: () => this.client.isBusy || !parts.hasRoom(),
      catchUp: (member, fromOrder) => {
        if (breakers.allows(member, clock.nowUs())) this.client.begin(member, 'delta', fromOrder);
      },
      canTransfer: options.mechanisms.transfers,
      tell: parts.tell,
    });
    this.reconciler.isOn = options.mechanisms.reconciliation;
  }

  #another(except: number): number {
    const { members, options, draw, breakers, clock } = this.#parts;
    for (let i = 0; i < 8; i++) {
      const member = draw(members);
      const isUsable = member !== except && member !== options.number;
      if (isUsable && breakers.allows(member, clock.nowUs())) return member;
    }
    return -1;
  }

  /** The decided vertices of a snapshot are polled like others; what it says of pruned ones needs agreement. */
  #snapshot(member: number, transfer: Transfer): void {
    const { archive, settled, failed } = this.#parts;
    const told = this.#quorum.add(member, transfer);
    if (told === null) return;
    const agreed = leaveOut(told, this.#parts.live());
    const { settled: creators, spent } = agreed;
    archive.apply({ fromOrder: 0, untilOrder: 0, settled: creators, spent, told: [] }).then(
      () => settled(agreed),
      (error: unknown) => failed(error instanceof Error ? error : new Error(String(error))),
    );
  }

  status(member: number, frame: StatusFrame): void {
    this.reconciler.status(member, frame);
  }

  request(member: number, frame: SyncRequestFrame): void {
    this.server.request(member, frame);
  }

  chunk(member: number, frame: SyncChunkFrame): void {
    this.client.chunk(member, frame);
  }

  end(member: number, frame: SyncEndFrame): void {
    this.client.end(member, frame);
  }

  /** What a severity of degradation leaves of this. */
  shed(isShedding: boolean): void {
    this.server.isServing = !isShedding;
    this.reconciler.isOn = !isShedding && this.#parts.options.mechanisms.reconciliation;
  }

  start(): void {
    this.reconciler.start();
  }

  close(): void {
    this.server.close();
    this.client.close();
    this.reconciler.close();
  }
}
