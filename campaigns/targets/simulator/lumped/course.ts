/**
 * How faults divide the nodes of a run into classes and its time into stretches of constant conditions.
 * Owns: classes (who shares the side of every partition), stretches, how many of each class are up. Does not own: when faults
 * act (campaigns/faults), what a class meets (conditions.ts), the chain (workload-chain.ts).
 */
import type { FaultAction } from '#campaigns/faults/action.ts';

/** Nodes that no fault tells apart, but for being up or down. */
export interface NodeClass {
  readonly honest: number;
  readonly attackers: number;
  /** A member of the class, for looking up its side of a partition. */
  readonly example: number;
}

/** Nodes of a class that one effect of a fault takes down, or brings back. */
export interface Outage {
  readonly effect: string;
  readonly fault: number;
  readonly nodes: number;
}

export interface Stretch {
  readonly fromUs: number;
  /** Side of every node; null without a partition. */
  readonly groupOf: Uint8Array | null;
  /** Share of messages lost by a fault, on top of the profile's. */
  readonly extraLoss: number;
  /** By class: what happens to it at the start, and how many honest nodes are up afterwards. */
  readonly down: readonly (readonly Outage[])[];
  readonly up: readonly (readonly Outage[])[];
  readonly live: readonly number[];
  readonly liveAttackers: readonly number[];
  /** Faults that are lifted at the start. */
  readonly lifted: readonly number[];
}

export interface Course {
  readonly classes: readonly NodeClass[];
  readonly stretches: readonly Stretch[];
}

/** Without faults: one class, one stretch. */
export function calmCourse(honest: number, attackers: number): Course {
  const stretch: Stretch = {
    fromUs: 0,
    groupOf: null,
    extraLoss: 0,
    down: [[]],
    up: [[]],
    live: [honest],
    liveAttackers: [attackers],
    lifted: [],
  };
  return { classes: [{ honest, attackers, example: 0 }], stretches: [stretch] };
}

/** `honest`: 1 for honest nodes. Actions are in order of time. */
export function courseOf(actions: readonly FaultAction[], honest: Uint8Array): Course {
  const sides = new Set<Uint8Array>();
  for (const action of actions) {
    if (action.kind === 'partition-on' && action.groupOf !== null) sides.add(action.groupOf);
  }
  const { classes, classOf } = classesOf([...sides], honest);
  const live = classes.map((one) => one.honest);
  const liveAttackers = classes.map((one) => one.attackers);
  const stretches: Stretch[] = [];
  let groupOf: Uint8Array | null = null;
  let extraLoss = 0;
  const begin = (fromUs: number, here: readonly FaultAction[]): void => {
    const down = classes.map(() => new Map<string, Outage>());
    const up = classes.map(() => new Map<string, Outage>());
    for (const action of here) {
      if (action.kind === 'partition-on' || action.kind === 'partition-off') groupOf = action.groupOf;
      else if (action.kind === 'loss-on' || action.kind === 'loss-off') extraLoss = action.loss;
      else if (action.kind === 'node-down' || action.kind === 'node-up') {
        const by = action.kind === 'node-down' ? -1 : 1;
        const at = classOf[action.node]!;
        if (honest[action.node] === 0) liveAttackers[at]! += by;
        else {
          live[at]! += by;
          count((by < 0 ? down : up)[at]!, action);
        }
      }
    }
    stretches.push({
      fromUs,
      groupOf,
      extraLoss,
      down: down.map((outages) => [...outages.values()]),
      up: up.map((outages) => [...outages.values()]),
      live: [...live],
      liveAttackers: [...liveAttackers],
      lifted: liftedBy(here),
    });
  };
  begin(0, []);
  for (let i = 0; i < actions.length; ) {
    const { atUs } = actions[i]!;
    let until = i;
    while (until < actions.length && actions[until]!.atUs === atUs) until += 1;
    begin(atUs, actions.slice(i, until));
    i = until;
  }
  return { classes, stretches };
}

function count(outages: Map<string, Outage>, { fault, effect }: FaultAction): void {
  const key = `${fault}/${effect}`;
  outages.set(key, { effect: key, fault, nodes: (outages.get(key)?.nodes ?? 0) + 1 });
}

function liftedBy(actions: readonly FaultAction[]): number[] {
  const lifting = actions.filter(({ kind }) => kind.endsWith('-off') || kind === 'node-up');
  return [...new Set(lifting.map(({ fault }) => fault))];
}

function classesOf(
  sides: readonly Uint8Array[],
  honest: Uint8Array,
): { readonly classes: NodeClass[]; readonly classOf: Int32Array } {
  const byKey = new Map<string, number>();
  const classes: { honest: number; attackers: number; example: number }[] = [];
  const classOf = new Int32Array(honest.length);
  for (let node = 0; node < honest.length; node += 1) {
    const key = sides.map((side) => side[node]).join();
    let at = byKey.get(key);
    if (at === undefined) {
      at = classes.length;
      byKey.set(key, at);
      classes.push({ honest: 0, attackers: 0, example: node });
    }
    classOf[node] = at;
    if (honest[node] === 1) classes[at]!.honest += 1;
    else classes[at]!.attackers += 1;
  }
  return { classes, classOf };
}

/** What a class reaches in a stretch: the members of its side that are up. */
export function reachedBy(
  { classes }: Course,
  { groupOf, live, liveAttackers }: Stretch,
  own: number,
): { readonly honestReached: number; readonly attackersReached: number } {
  let honestReached = 0;
  let attackersReached = 0;
  classes.forEach(({ example }, at) => {
    if (groupOf !== null && groupOf[example] !== groupOf[classes[own]!.example]) return;
    honestReached += live[at]!;
    attackersReached += liveAttackers[at]!;
  });
  return { honestReached, attackersReached };
}
