/**
 * The faults of a run as stretches: what acts on whom, from when until when.
 * Owns: pairing the schedule's on and off, and the order an agent gets for each. Does not own: sending or applying (fault-feed.ts).
 */
import type { FaultAction } from '#campaigns/faults/action.ts';
import type { FaultEffect } from '#node/agent-protocol.ts';

/** What the place of the processes does itself; everything else is done by the agents. */
export type ProcessEffect =
  | { readonly kind: 'kill'; readonly disk: 'kept' | 'lost' }
  | { readonly kind: 'stall' };

export interface Stretch {
  /** Index in RunSpec.faults. */
  readonly fault: number;
  readonly nodes: readonly number[];
  readonly fromUs: number;
  readonly untilUs: number;
  readonly effect:
    | { readonly by: 'agent'; readonly order: FaultEffect }
    | { readonly by: 'process'; readonly act: ProcessEffect };
}

type Effect = Stretch['effect'];

const isStart = ({ kind }: FaultAction): boolean => kind.endsWith('-on') || kind === 'node-down';

/** The stretch that an action begins; null for those that only end one. `isSeparate`: one node per process. */
function effectOf(action: FaultAction, upDisk: 'kept' | 'lost', isSeparate: boolean): Effect | null {
  const agent = (order: FaultEffect): Effect => ({ by: 'agent', order });
  switch (action.kind) {
    case 'partition-on':
      return action.groupOf === null ? null : agent({ kind: 'partition', groupOf: [...action.groupOf] });
    case 'node-down':
      return isSeparate
        ? { by: 'process', act: { kind: 'kill', disk: upDisk } }
        : agent({ kind: 'down', disk: upDisk });
    case 'stall-on':
      return { by: 'process', act: { kind: 'stall' } };
    case 'latency-on':
      return agent({ kind: 'latency', addUs: action.addUs });
    case 'loss-on':
      return agent({ kind: 'loss', loss: action.loss });
    case 'throttle-on':
      return agent({ kind: 'throttle', factor: action.factor });
    case 'skew-on':
      return agent({ kind: 'clock-skew', ppm: Math.round(action.ppm) });
    case 'disk-fail-on':
      return agent({ kind: action.mode === 'full' ? 'disk-full' : 'disk-fail' });
    default:
      return null;
  }
}

function nodesOf(action: FaultAction, members: number): readonly number[] {
  if (action.kind === 'node-down' || action.kind === 'node-up') return [action.node];
  if ('nodes' in action) return [...action.nodes];
  return Array.from({ length: members }, (_, node) => node);
}

/** In order of their beginning; nodes that one effect takes down together share a stretch. */
export function stretchesOf(
  actions: readonly FaultAction[],
  members: number,
  isSeparate: boolean,
): Stretch[] {
  const endOf = new Map<string, { atUs: number; disk: 'kept' | 'lost' }>();
  const keyOf = ({ fault, effect }: FaultAction): string => `${fault}/${effect}`;
  for (const action of actions) {
    if (isStart(action)) continue;
    endOf.set(keyOf(action), { atUs: action.atUs, disk: action.kind === 'node-up' ? action.disk : 'kept' });
  }
  const found = new Map<string, Stretch>();
  for (const action of actions) {
    const end = endOf.get(keyOf(action));
    if (!isStart(action) || end === undefined) continue;
    const effect = effectOf(action, end.disk, isSeparate);
    if (effect === null) continue;
    const nodes = nodesOf(action, members);
    const before = found.get(keyOf(action));
    const all = before === undefined ? nodes : [...before.nodes, ...nodes];
    found.set(keyOf(action), {
      fault: action.fault,
      nodes: all,
      fromUs: action.atUs,
      untilUs: end.atUs,
      effect,
    });
  }
  return [...found.values()].toSorted((a, b) => a.fromUs - b.fromUs);
}
