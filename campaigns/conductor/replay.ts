/**
 * Plays back what agents reported, in the order of time, into the recorder and the series that every target fills.
 * Owns: serials, due times, which load was carried, recovery and rejoin times. Does not own: collecting (observations.ts) or the
 * record of the run (measured-outcome.ts).
 *
 * Nothing is known live: agents report in batches, and one agent's batch may hold what happened before another's.
 */
import type { Cast } from '#campaigns/cast.ts';
import type { FaultFeed, Restart } from '#campaigns/conductor/fault-feed.ts';
import type { LoadItem } from '#campaigns/conductor/load-feed.ts';
import type { Observations, SeenDecision, SeenVertex } from '#campaigns/conductor/observations.ts';
import type { RampWatch } from '#campaigns/measure/ramp-watch.ts';
import { Recorder } from '#campaigns/measure/recorder.ts';
import { Series } from '#campaigns/measure/series.ts';
import { rampWatchOf } from '#campaigns/run-schedule.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import type { Arrivals } from '#campaigns/workloads/arrivals.ts';
import { decisionStatus } from '#node/agent-push.ts';

export interface ReplayParts {
  readonly spec: RunSpec;
  readonly plan: WindowPlan;
  readonly cast: Cast;
  readonly arrivals: Arrivals;
  readonly items: readonly LoadItem[];
  readonly observations: Observations;
  readonly faults: FaultFeed;
  /** Of a ramp with an end, as it was watched while the run lasted. */
  readonly ramp: RampWatch | null;
  /** Conductor's clock at the start of the run. */
  readonly startUs: number;
  /** Of the run, when it ended. */
  readonly endedUs: number;
}

export interface Recovery {
  recoveryUs: number | null;
  rejoinUs: number | null;
  rejoined: number;
}

interface Mark {
  readonly atUs: number;
  readonly play: () => void;
}

export class Replay {
  readonly recorder: Recorder;
  readonly series: Series;
  readonly recoveries: Recovery[];
  /** The same ramp played back: its recovery is only known now. */
  readonly ramp: RampWatch | null;
  /** Honest vertices whose creator died before it said which load they carry; they count for safety alone. */
  orphans = 0;
  reissued = 0;
  readonly #parts: ReplayParts;
  readonly #serialOf = new Map<string, number>();
  readonly #knownUs: number[] = [];
  /** By node: serial -> status. */
  readonly #decided: Map<number, number>[];
  readonly #carried = new Set<number>();
  readonly #restarted = new Set<number>();

  constructor(parts: ReplayParts) {
    this.#parts = parts;
    const { spec, plan, cast } = parts;
    const window = { windowFromUs: plan.warmupUs, windowUntilUs: plan.warmupUs + plan.measureUs };
    const honestCount = cast.honestNodes.length;
    this.recorder = new Recorder({
      nodes: spec.nodes,
      honest: cast.honest,
      honestCount,
      maxRounds: spec.consensus.maxRounds,
      ...window,
    });
    this.series = new Series({
      ...window,
      endUs: window.windowUntilUs + plan.cooldownUs,
      windowBins: plan.bins,
      honestNodes: honestCount,
      nodes: spec.nodes,
      cores: spec.resources.cpuCores,
    });
    this.recorder.series = this.series;
    this.recoveries = parts.faults.seen.map(() => ({ recoveryUs: null, rejoinUs: null, rejoined: 0 }));
    this.ramp = rampWatchOf(spec, plan);
    const live = parts.ramp;
    if (live !== null && live.fellAtUs !== null) this.ramp?.fell(live.fellAtUs, live.verdict);
    this.#decided = Array.from({ length: spec.nodes }, () => new Map<number, number>());
    this.#issueAll();
    this.#playAll();
  }

  /** Uncontested transactions of honest nodes, due in [fromUs, untilUs), that no vertex carries. */
  unissued(fromUs: number, untilUs: number): number {
    const { items, cast, spec } = this.#parts;
    const open = items.filter(
      ({ item, node, dueUs, conflictKey }) =>
        cast.honest[node] === 1 &&
        dueUs >= fromUs &&
        dueUs < untilUs &&
        conflictKey === 0 &&
        !this.#carried.has(item),
    );
    return open.length * spec.workload.batch;
  }

  // Vertices.

  /** Parents before children, else in the order in which they became known. */
  #issueAll(): void {
    const { observations, startUs } = this.#parts;
    const known = new Map<string, number>();
    for (const { id, seenUs } of observations.vertices.values()) known.set(id, seenUs - startUs);
    for (const { vertex, atUs } of observations.decisions) {
      const runUs = atUs - startUs;
      if (runUs < (known.get(vertex.id) ?? 0)) known.set(vertex.id, runUs);
    }
    const order = [...observations.vertices.values()].toSorted((a, b) => known.get(a.id)! - known.get(b.id)!);
    for (const vertex of order) this.#issueWithParents(vertex, known);
    for (const vertex of order) {
      const before = vertex.replaces === null ? undefined : this.#serialOf.get(vertex.replaces);
      if (before === undefined) continue;
      this.recorder.supersede(before, 0);
      this.reissued += 1;
    }
  }

  /** An explicit stack: a chain of parents may be thousands long. */
  #issueWithParents(vertex: SeenVertex, known: ReadonlyMap<string, number>): void {
    const { vertices } = this.#parts.observations;
    const stack = [vertex];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const missing = top.parents
        .filter((parent) => !this.#serialOf.has(parent))
        .flatMap((parent) => vertices.get(parent) ?? []);
      if (missing.length > 0 && stack.length <= vertices.size) {
        stack.push(...missing);
        continue;
      }
      stack.pop();
      if (!this.#serialOf.has(top.id)) this.#issue(top, known.get(top.id) ?? 0);
    }
  }

  #issue(vertex: SeenVertex, knownUs: number): void {
    const { items, cast } = this.#parts;
    const { id, creator, sequence, parents, keys, transactions } = vertex;
    const isHonest = cast.honest[creator] === 1;
    const carried = vertex.items.flatMap((item) => items[item] ?? []);
    for (const { item } of carried) this.#carried.add(item);
    const replaced = vertex.replaces === null ? undefined : this.#serialOf.get(vertex.replaces);
    const isOrphan = isHonest && carried.length === 0 && replaced === undefined;
    if (isOrphan) this.orphans += 1;
    const isContested = carried.some(({ conflictKey }) => conflictKey > 0) || (!isHonest && cast.twins);
    const dueUs =
      replaced === undefined
        ? Math.min(knownUs, ...carried.map((item) => item.dueUs))
        : this.recorder.dueUsOf(replaced);
    this.#serialOf.set(id, this.recorder.vertices.length);
    this.#knownUs.push(knownUs);
    this.recorder.issued({
      record: {
        creator,
        sequence,
        // A parent that nobody described is a vertex of before the run: genesis, or what a restored disk held.
        parents: parents.map((parent) => this.#serialOf.get(parent) ?? -1),
        keys: [...keys, -(creator * 4_294_967_296 + sequence)],
        createdByHonest: isHonest,
      },
      dueUs: Math.max(0, dueUs),
      transactions,
      contested: isContested || isOrphan,
    });
  }

  // Time.

  #playAll(): void {
    const { observations, startUs, endedUs } = this.#parts;
    const marks = this.#marks().toSorted((a, b) => a.atUs - b.atUs);
    const decisions = observations.decisions
      .map((decision) => ({ ...decision, atUs: decision.atUs - startUs }))
      .toSorted((a, b) => a.atUs - b.atUs);
    let mark = 0;
    for (const decision of decisions) {
      for (; mark < marks.length && marks[mark]!.atUs <= decision.atUs; mark += 1) {
        this.#closeBins(marks[mark]!.atUs);
        marks[mark]!.play();
      }
      this.#closeBins(Math.min(decision.atUs, endedUs));
      this.#decide(decision);
    }
    for (; mark < marks.length; mark += 1) marks[mark]!.play();
    this.#closeBins(endedUs);
  }

  #decide({ node, vertex, status, rounds, confidence, atUs, isRecovered }: SeenDecision): void {
    const serial = this.#serialOf.get(vertex.id);
    if (serial === undefined) return;
    if (status === decisionStatus.undecidedAtLimit) {
      this.recorder.undecidedAtLimit(node, serial, atUs);
      return;
    }
    const known = this.#decided[node]!;
    // A restarted node says again what its disk held; the same decision counts once, another one is for the checker to find.
    if (known.get(serial) === status && (isRecovered || this.#restarted.has(node))) return;
    known.set(serial, status);
    const dueUs = this.recorder.dueUsOf(serial);
    this.recorder.decided(node, -1, serial, status, rounds, confidence, Math.max(dueUs, Math.round(atUs)));
  }

  #marks(): Mark[] {
    const { faults } = this.#parts;
    const lifted = faults.seen.flatMap(({ untilUs }, fault): Mark[] =>
      untilUs === null ? [] : [{ atUs: untilUs, play: () => this.#awaitRecovery(fault, untilUs) }],
    );
    const restarts = faults.restarts.map((restart): Mark => {
      return { atUs: restart.atUs, play: () => this.#awaitRejoin(restart) };
    });
    return [...restarts, ...lifted];
  }

  /** Recovered: every pair of honest node and vertex known before the lifting is decided. */
  #awaitRecovery(fault: number, atUs: number): void {
    const serials = this.#serialsBefore(atUs);
    const open = new Map<number, number>();
    for (const node of this.#parts.cast.honestNodes) this.#addUndecided(node, serials, open);
    this.recorder.watch(open, -1, atUs, (doneUs) => {
      this.recoveries[fault]!.recoveryUs = Math.max(0, doneUs - atUs);
    });
  }

  #awaitRejoin({ node, atUs, fault }: Restart): void {
    this.#restarted.add(node);
    const recovery = this.recoveries[fault]!;
    const rejoined = (doneUs: number): void => {
      recovery.rejoined += 1;
      recovery.rejoinUs = Math.max(recovery.rejoinUs ?? 0, doneUs - atUs);
    };
    const lostDisk = this.#parts.spec.faults[fault];
    if (lostDisk?.kind === 'kill' && lostDisk.disk === 'lost') {
      // What it knew before it learns from a snapshot, which decides nothing anew: the node itself says when it is back.
      const { observations, startUs } = this.#parts;
      const own = observations.events.find(
        (event) => event.node === node && event.event === 'rejoined' && event.atUs - startUs >= atUs,
      );
      if (own !== undefined) rejoined(own.atUs - startUs);
      return;
    }
    const serials = this.#serialsBefore(atUs);
    const open = new Map<number, number>();
    this.#addUndecided(node, serials, open);
    this.recorder.watch(open, node, atUs, rejoined);
  }

  #serialsBefore(atUs: number): number {
    const first = this.#knownUs.findIndex((knownUs) => knownUs > atUs);
    return first < 0 ? this.#knownUs.length : first;
  }

  #addUndecided(node: number, serials: number, open: Map<number, number>): void {
    const known = this.#decided[node]!;
    for (let serial = 0; serial < serials; serial += 1) {
      if (!this.recorder.isContested(serial) && !known.has(serial))
        open.set(serial, (open.get(serial) ?? 0) + 1);
    }
  }

  #closeBins(untilUs: number): void {
    const { series } = this;
    while (series.nextEdgeUs <= untilUs) this.#closeBin(series.nextEdgeUs);
  }

  #closeBin(edgeUs: number): void {
    const { observations, arrivals, plan, spec, cast, startUs } = this.#parts;
    const loadEndsUs = plan.warmupUs + plan.measureUs;
    let [cpuUs, bytes, resident, live, undecided, liveHonest, queued] = [0, 0, 0, 0, 0, 0, 0];
    for (const track of observations.tracks.values()) {
      const totals = track.at(startUs + edgeUs);
      const before = track.at(startUs);
      cpuUs += totals.cpuUs - before.cpuUs;
      bytes += totals.counters.bytesSent - before.counters.bytesSent;
      const gauges = track.gauges(startUs + edgeUs);
      if (gauges === null) continue;
      resident += gauges.residentBytes;
      for (const node of gauges.nodes) {
        if (!node.isUp) continue;
        live += 1;
        queued += node.queuedTransactions;
        if (cast.honest[node.node] === 0) continue;
        liveHonest += 1;
        undecided += node.activeVertices;
      }
    }
    const fromUs = this.series.openFromUs;
    this.series.closeBin({
      offeredTps: edgeUs > loadEndsUs ? 0 : arrivals.profile.meanTps(fromUs, edgeUs),
      undecidedVertices: liveHonest === 0 ? 0 : undecided / liveHonest,
      queuedTransactions: queued,
      cpuBusyUs: cpuUs,
      busiestCpuUs: observations.busiestNodeUs(startUs + fromUs, startUs + edgeUs),
      bytesSent: bytes,
      memoryBytes: resident / spec.nodes,
      liveNodes: live,
    });
    const point = this.series.points.at(-1);
    if (point !== undefined)
      this.ramp?.look(point, (dueUs) => this.recorder.openPairs(dueUs) + this.unissued(plan.warmupUs, dueUs));
  }
}
