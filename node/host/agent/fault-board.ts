/**
 * The faults that the conductor ordered: when each begins and ends, and what holds at a node while several overlap.
 * Owns: timers that lift a fault by themselves, whatever became of the connection; adding overlapping faults up; the reports.
 * Does not own: how a fault is done (fault-hands.ts).
 */
import type { AttackChoice, FaultEffect, FaultOrder } from '#node/agent-protocol.ts';
import type { FaultReport } from '#node/agent-push.ts';
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import type { ClockOffset } from './clock-offset.ts';

/** What all faults at one node amount to. */
export interface NodeCondition {
  /** By member, null = nobody is cut off. */
  readonly groupOf: readonly number[] | null;
  readonly addLatencyUs: number;
  readonly loss: number;
  readonly skewPpm: number;
  readonly disk: 'sound' | 'failing' | 'full';
  /** Null: the node is as it was assigned. */
  readonly attack: AttackChoice | null;
  readonly down: 'up' | 'kept' | 'lost';
  /** Until when the fault that ends last holds, agent's clock; 0 without one. */
  readonly untilUs: number;
}

/** What all faults at the process amount to. */
export interface ProcessCondition {
  /** 1 = not throttled. */
  readonly throttle: number;
  readonly ballastBytes: number;
}

/** Carries conditions out. Each method may be called with what holds already. */
export interface FaultHands {
  readonly nodes: readonly number[];
  /** Why this process cannot do it, or null. */
  refusal(effect: FaultEffect): string | null;
  applyNode(node: number, condition: NodeCondition): void;
  applyProcess(condition: ProcessCondition): void;
  /** How often a fault of this kind has shown at the node since the start, and what is counted. */
  effects(node: number, kind: FaultEffect['kind']): { readonly count: number; readonly what: string };
}

interface Active {
  readonly order: FaultOrder;
  readonly nodes: readonly number[];
  readonly untilUs: number;
  readonly before: ReadonlyMap<number, number>;
  readonly observed: Set<number>;
}

interface Waiting {
  readonly order: FaultOrder;
  readonly timer: ClockHandle;
}

const ordersMost = 10_000;
const observeEveryUs = 250_000;

export interface FaultBoardOptions {
  readonly clock: Clock;
  readonly offset: ClockOffset;
  readonly hands: FaultHands;
  readonly report: (report: FaultReport) => void;
}

/** Invariant: what the hands were last told is what `#active` amounts to. */
export class FaultBoard {
  readonly #options: FaultBoardOptions;
  readonly #waiting = new Set<Waiting>();
  readonly #active = new Map<Active, ClockHandle>();
  #watch: ClockHandle | null = null;

  constructor(options: FaultBoardOptions) {
    this.#options = options;
  }

  get activeFaults(): readonly number[] {
    return [...this.#active.keys()].map(({ order }) => order.fault);
  }

  /** The same order twice is one. Times become the agent's own here: a fault ends when it was said to, come what may. */
  add(order: FaultOrder): void {
    const { clock, offset, hands } = this.#options;
    if (this.#isKnown(order)) return;
    const nodes = order.nodes.filter((node) => hands.nodes.includes(node));
    const refusal =
      this.#active.size + this.#waiting.size >= ordersMost ? 'too many faults' : hands.refusal(order.effect);
    if (refusal !== null) {
      for (const node of nodes) this.#report(order, node, 'refused', 0, refusal);
      return;
    }
    const fromUs = offset.toOwnUs(order.fromUs);
    const untilUs = offset.toOwnUs(order.untilUs);
    if (nodes.length === 0 || untilUs <= clock.nowUs()) return;
    const waiting: Waiting = {
      order,
      timer: clock.at(fromUs, () => {
        this.#waiting.delete(waiting);
        this.#begin(order, nodes, untilUs);
      }),
    };
    this.#waiting.add(waiting);
  }

  /** Ends the faults of this number, those that have not begun included. */
  lift(fault: number): void {
    for (const waiting of [...this.#waiting]) {
      if (waiting.order.fault !== fault) continue;
      waiting.timer.cancel();
      this.#waiting.delete(waiting);
    }
    for (const active of [...this.#active.keys()]) if (active.order.fault === fault) this.#end(active);
  }

  liftAll(): void {
    for (const { order } of [...this.#waiting]) this.lift(order.fault);
    for (const active of [...this.#active.keys()]) this.#end(active);
  }

  #isKnown(order: FaultOrder): boolean {
    const text = JSON.stringify(order);
    const orders = [
      ...[...this.#waiting].map((waiting) => waiting.order),
      ...[...this.#active.keys()].map((active) => active.order),
    ];
    return orders.some((other) => other.fault === order.fault && JSON.stringify(other) === text);
  }

  #begin(order: FaultOrder, nodes: readonly number[], untilUs: number): void {
    const { clock, hands } = this.#options;
    const before = new Map(nodes.map((node) => [node, hands.effects(node, order.effect.kind).count]));
    const active: Active = { order, nodes, untilUs, before, observed: new Set() };
    this.#active.set(
      active,
      clock.at(untilUs, () => this.#end(active)),
    );
    this.#apply(nodes);
    for (const node of nodes) this.#report(order, node, 'applied', 0, 'switched on');
    this.#watch ??= clock.at(clock.nowUs() + observeEveryUs, () => this.#observe());
  }

  #end(active: Active): void {
    this.#active.get(active)?.cancel();
    if (!this.#active.delete(active)) return;
    for (const node of active.nodes) {
      const { count, what } = this.#seen(active, node);
      if (count > 0 && !active.observed.has(node)) this.#report(active.order, node, 'observed', count, what);
      this.#report(active.order, node, 'lifted', count, what);
    }
    this.#apply(active.nodes);
  }

  /** Looks for first effects while faults hold. */
  #observe(): void {
    const { clock } = this.#options;
    this.#watch = null;
    for (const active of this.#active.keys()) {
      for (const node of active.nodes) {
        if (active.observed.has(node)) continue;
        const { count, what } = this.#seen(active, node);
        if (count === 0) continue;
        active.observed.add(node);
        this.#report(active.order, node, 'observed', count, what);
      }
    }
    if (this.#active.size > 0) this.#watch = clock.at(clock.nowUs() + observeEveryUs, () => this.#observe());
  }

  #seen(active: Active, node: number): { readonly count: number; readonly what: string } {
    const { count, what } = this.#options.hands.effects(node, active.order.effect.kind);
    return { count: Math.max(0, count - (active.before.get(node) ?? 0)), what };
  }

  #apply(nodes: readonly number[]): void {
    const all = [...this.#active.keys()];
    for (const node of nodes) {
      const here = all.filter((active) => active.nodes.includes(node));
      this.#options.hands.applyNode(node, nodeCondition(here));
    }
    this.#options.hands.applyProcess(processCondition(all));
  }

  #report(
    order: FaultOrder,
    node: number,
    state: FaultReport['state'],
    effects: number,
    evidence: string,
  ): void {
    const atUs = this.#options.clock.nowUs();
    const text = `${order.effect.kind}: ${state === 'applied' || state === 'refused' ? evidence : `${effects} ${evidence}`}`;
    this.#options.report({
      kind: 'fault',
      fault: order.fault,
      node,
      state,
      atUs,
      effects,
      evidence: text.slice(0, 400),
    });
  }
}

function nodeCondition(faults: readonly Active[]): NodeCondition {
  let groupOf: readonly number[] | null = null;
  let addLatencyUs = 0;
  let delivered = 1;
  let skewPpm = 0;
  let disk: NodeCondition['disk'] = 'sound';
  let attack: AttackChoice | null = null;
  let down: NodeCondition['down'] = 'up';
  let untilUs = 0;
  for (const { order, untilUs: endUs } of faults) {
    const { effect } = order;
    untilUs = Math.max(untilUs, endUs);
    switch (effect.kind) {
      case 'partition':
        groupOf = groupOf === null ? effect.groupOf : intersection(groupOf, effect.groupOf);
        break;
      case 'latency':
        addLatencyUs += effect.addUs;
        break;
      case 'loss':
        delivered *= 1 - effect.loss;
        break;
      case 'clock-skew':
        skewPpm += effect.ppm;
        break;
      case 'disk-fail':
        disk = 'failing';
        break;
      case 'disk-full':
        if (disk === 'sound') disk = 'full';
        break;
      case 'attack':
        attack = effect.attack;
        break;
      case 'down':
        if (down !== 'lost') down = effect.disk;
        break;
      case 'throttle':
      case 'memory':
        break;
    }
  }
  return { groupOf, addLatencyUs, loss: 1 - delivered, skewPpm, disk, attack, down, untilUs };
}

function processCondition(faults: readonly Active[]): ProcessCondition {
  let throttle = 1;
  let ballastBytes = 0;
  for (const { order } of faults) {
    if (order.effect.kind === 'throttle') throttle *= order.effect.factor;
    if (order.effect.kind === 'memory') ballastBytes += order.effect.bytes;
  }
  return { throttle, ballastBytes };
}

/** Two members hear each other only when no partition separates them. */
function intersection(a: readonly number[], b: readonly number[]): number[] {
  const numbers = new Map<string, number>();
  return a.map((group, member) => {
    const key = `${group}/${b[member] ?? 0}`;
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  });
}
