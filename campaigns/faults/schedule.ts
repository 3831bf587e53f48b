/**
 * The faults of a run as a sorted list of actions, with an account of what was placed, cut or impossible to place.
 * Owns: putting effects, placement and victims together. Does not own: carrying actions out, or seeing what they did.
 * Deterministic: the same faults, window and seed give the same actions.
 */
import type { Fault } from '#campaigns/run-spec.ts';
import type { FaultAction } from './action.ts';
import {
  describeFault,
  effectsOf,
  effectsWritten,
  isRepeatable,
  nodesTaken,
  writtenLengthUs,
} from './effect.ts';
import type { Effect, PlacedEffect, PlacementOptions } from './placement.ts';
import { placeEffects } from './placement.ts';
import type { VictimsOptions } from './victims.ts';
import { refine, Victims } from './victims.ts';

export interface ScheduleOptions extends PlacementOptions, VictimsOptions {}

/** One fault as asked for and as placed; what a FaultRecord needs before anything was observed. */
export interface FaultPlacement {
  readonly fault: number;
  readonly kind: Fault['kind'];
  readonly description: string;
  readonly requestedAtUs: number;
  readonly requestedForUs: number;
  /** Virtual microseconds of the run: start of the first effect, end of the last; null when it was not placed. */
  readonly atUs: number | null;
  readonly untilUs: number | null;
  readonly effectsRequested: number;
  readonly effectsPlaced: number;
}

export interface FaultSchedule {
  /** By time; at one instant what ends comes before what begins. */
  readonly actions: readonly FaultAction[];
  readonly placements: readonly FaultPlacement[];
  /** Indices of faults that have no place in the window: the run is INCONCLUSIVE. */
  readonly unplaced: readonly number[];
  /** Repeats that were cut and victims that were not available, with their counts. */
  readonly notes: readonly string[];
}

export function scheduleFaults(faults: readonly Fault[], options: ScheduleOptions): FaultSchedule {
  const byFault = faults.map((fault, index) => effectsOf(fault, index, options.requestedUs));
  const placed = placeMost(faults, byFault, options);
  const notes: string[] = [];
  const placements = faults.map((fault, index) => placementOf(fault, index, placed, notes));
  const unplaced = placements.filter(({ atUs }) => atUs === null).map(({ fault }) => fault);
  for (const index of unplaced) {
    notes.push(`fault ${index} (${describeFault(faults[index]!)}) has no place in the measured window`);
  }
  const actions = actionsOf(faults, placed, new Victims(options), notes);
  return { actions, placements, unplaced, notes };
}

/** Cuts repeats evenly, and only then gives up whole faults, the latest first. */
function placeMost(
  faults: readonly Fault[],
  byFault: readonly (readonly Effect[])[],
  options: ScheduleOptions,
): readonly PlacedEffect[] {
  const latestFirst = faults
    .map((_, index) => index)
    .sort((a, b) => faults[b]!.atUs - faults[a]!.atUs || b - a);
  const kept = new Set(latestFirst);
  for (;;) {
    const attempt = (most: number): PlacedEffect[] | null =>
      placeEffects(
        byFault.flatMap((effects, index) => {
          if (!kept.has(index)) return [];
          return isRepeatable(faults[index]!) ? thinned(effects, most) : effects;
        }),
        options,
      );
    const placed = mostRepeats(attempt, Math.max(1, ...byFault.map((effects) => effects.length)));
    if (placed !== null) return placed;
    kept.delete(latestFirst.find((index) => kept.has(index))!);
  }
}

/** The placement with the most repeats (bisection: fewer repeats never fit worse), or null when not even one fits. */
function mostRepeats(attempt: (most: number) => PlacedEffect[] | null, most: number): PlacedEffect[] | null {
  const all = attempt(most);
  if (all !== null) return all;
  let best = attempt(1);
  if (best === null) return null;
  let fits = 1;
  let fails = most;
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    const placed = attempt(middle);
    if (placed === null) fails = middle;
    else {
      fits = middle;
      best = placed;
    }
  }
  return best;
}

/** `most` of the effects, spread evenly over all of them. */
function thinned(effects: readonly Effect[], most: number): readonly Effect[] {
  if (effects.length <= most) return effects;
  return Array.from({ length: most }, (_, i) => effects[Math.floor((i * effects.length) / most)]!);
}

function placementOf(
  fault: Fault,
  index: number,
  placed: readonly PlacedEffect[],
  notes: string[],
): FaultPlacement {
  const own = placed.filter(({ effect }) => effect.fault === index);
  const written = effectsWritten(fault);
  if (own.length > 0 && own.length < written) {
    notes.push(
      `fault ${index} (${describeFault(fault)}): ${own.length} of ${written} occurrences fit the window`,
    );
  }
  return {
    fault: index,
    kind: fault.kind,
    description: describeFault(fault),
    requestedAtUs: fault.atUs,
    requestedForUs: writtenLengthUs(fault),
    atUs: own.length === 0 ? null : Math.min(...own.map(({ fromUs }) => fromUs)),
    untilUs: own.length === 0 ? null : Math.max(...own.map(({ untilUs }) => untilUs)),
    effectsRequested: written,
    effectsPlaced: own.length,
  };
}

function actionsOf(
  faults: readonly Fault[],
  placed: readonly PlacedEffect[],
  victims: Victims,
  notes: string[],
): FaultAction[] {
  const inOrder = [...placed].sort(
    (a, b) => a.fromUs - b.fromUs || a.effect.fault - b.effect.fault || a.effect.index - b.effect.index,
  );
  const actions = inOrder.flatMap((one) => effectActions(faults[one.effect.fault]!, one, victims, notes));
  const isStart = (action: FaultAction): number =>
    action.kind.endsWith('-on') || action.kind === 'node-down' ? 1 : 0;
  // Array.prototype.sort is stable: actions of one effect at one instant keep their order of nodes.
  actions.sort((a, b) => a.atUs - b.atUs || isStart(a) - isStart(b) || a.fault - b.fault);
  return withCombinedState(actions);
}

/** The actions of one effect, partitions and losses with their own figure only. */
function effectActions(fault: Fault, placed: PlacedEffect, victims: Victims, notes: string[]): FaultAction[] {
  const { fault: index, index: effect } = placed.effect;
  const on = { atUs: placed.fromUs, fault: index, effect };
  const off = { atUs: placed.untilUs, fault: index, effect };
  switch (fault.kind) {
    case 'kill':
    case 'cascade':
    case 'churn':
      return outage(fault, placed, victims, notes);
    case 'partition': {
      const own = { groupOf: victims.groups(index, fault.groups) };
      return pair({ ...on, kind: 'partition-on', ...own }, { ...off, kind: 'partition-off', ...own });
    }
    case 'latency': {
      const own = { nodes: victims.share(index, fault.share), addUs: fault.addUs };
      return pair({ ...on, kind: 'latency-on', ...own }, { ...off, kind: 'latency-off', ...own });
    }
    case 'loss': {
      const own = { loss: fault.loss };
      return pair({ ...on, kind: 'loss-on', ...own }, { ...off, kind: 'loss-off', ...own });
    }
    case 'throttle': {
      const own = { nodes: victims.share(index, fault.share), factor: fault.factor };
      return pair({ ...on, kind: 'throttle-on', ...own }, { ...off, kind: 'throttle-off', ...own });
    }
    case 'clock-skew': {
      const own = { nodes: victims.share(index, fault.share), ppm: fault.ppm };
      return pair({ ...on, kind: 'skew-on', ...own }, { ...off, kind: 'skew-off', ...own });
    }
    case 'disk': {
      const mode = fault.mode ?? ('error' as const);
      const own = { nodes: victims.honest(index, fault.nodes), mode };
      return pair({ ...on, kind: 'disk-fail-on', ...own }, { ...off, kind: 'disk-fail-off', ...own });
    }
    case 'stall': {
      const own = { nodes: victims.honest(index, fault.nodes) };
      return pair({ ...on, kind: 'stall-on', ...own }, { ...off, kind: 'stall-off', ...own });
    }
    case 'memory': {
      const own = { nodes: victims.share(index, fault.share), factor: fault.factor };
      return pair({ ...on, kind: 'memory-on', ...own }, { ...off, kind: 'memory-off', ...own });
    }
  }
}

function pair(on: FaultAction, off: FaultAction): FaultAction[] {
  return [on, off];
}

/** Nodes go down together and come back together. Who leaves and joins again keeps its disk. */
function outage(
  fault: Fault & { readonly kind: 'kill' | 'cascade' | 'churn' },
  placed: PlacedEffect,
  victims: Victims,
  notes: string[],
): FaultAction[] {
  const { fault: index, index: effect } = placed.effect;
  const wanted = nodesTaken(fault, effect);
  const taken = [...victims.takeDown(index, effect, wanted, placed.fromUs, placed.untilUs)];
  if (taken.length < wanted) {
    const shortfall = `${taken.length} of ${wanted} nodes taken down (fewer than a third at once)`;
    notes.push(`fault ${index}, occurrence ${effect}: ${shortfall}`);
  }
  const disk = fault.kind === 'kill' ? fault.disk : 'kept';
  const at = { fault: index, effect };
  return [
    ...taken.map((node): FaultAction => ({ ...at, atUs: placed.fromUs, kind: 'node-down', node })),
    ...taken.map((node): FaultAction => ({ ...at, atUs: placed.untilUs, kind: 'node-up', node, disk })),
  ];
}

/** Replaces the own figure of partitions and losses by what holds once the action is done. */
function withCombinedState(actions: readonly FaultAction[]): FaultAction[] {
  const partitions = new Map<number, Uint8Array>();
  const losses = new Map<number, number>();
  return actions.map((action): FaultAction => {
    switch (action.kind) {
      case 'partition-on':
      case 'partition-off': {
        if (action.kind === 'partition-off') partitions.delete(action.fault);
        else if (action.groupOf !== null) partitions.set(action.fault, action.groupOf);
        const [first, ...rest] = partitions.values();
        return { ...action, groupOf: first === undefined ? null : rest.reduce(refine, first) };
      }
      case 'loss-on':
      case 'loss-off': {
        if (action.kind === 'loss-off') losses.delete(action.fault);
        else losses.set(action.fault, action.loss);
        let arriving = 1;
        for (const loss of losses.values()) arriving *= 1 - loss;
        return { ...action, loss: losses.size === 1 ? [...losses.values()][0]! : 1 - arriving };
      }
      default:
        return action;
    }
  });
}
