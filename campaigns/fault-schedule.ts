/**
 * The faults of one row: shares of nodes become numbers, open-ended repeats become counts that fit the window.
 * Owns: that resolution, and the instant at which a fault is over. Does not own: the written form (schema/fault.ts) or
 * injecting (targets). Times are microseconds from the start of the measured window.
 */
import type { Fault } from '#campaigns/run-spec.ts';
import type { NodeCount, WrittenFault } from '#campaigns/schema/fault.ts';

function countOf(written: NodeCount, nodes: number): number {
  return written.kind === 'count' ? written.nodes : Math.max(1, Math.floor(written.share * nodes));
}

/** The most repeats whose last one is over when the window ends; at least one. */
function repeatsThatFit(atUs: number, everyUs: number, downUs: number, measureUs: number): number {
  return Math.max(1, Math.floor((measureUs - atUs - downUs) / everyUs) + 1);
}

type Written<Kind extends WrittenFault['kind']> = Extract<WrittenFault, { kind: Kind }>;

function resolveKill(written: Written<'kill'>, nodes: number, measureUs: number): Fault {
  const everyUs = written.every ?? measureUs;
  const fitting = repeatsThatFit(written.at, everyUs, written.down, measureUs);
  return {
    kind: 'kill',
    nodes: countOf(written.nodes, nodes),
    everyUs,
    atUs: written.at,
    downUs: written.down,
    disk: written.disk,
    repeat: written.every === undefined ? 1 : (written.repeat ?? fitting),
  };
}

function resolveCascade(written: Written<'cascade'>, nodes: number): Fault {
  return {
    kind: 'cascade',
    firstNodes: countOf(written.first, nodes),
    factor: written.factor,
    waves: written.waves,
    everyUs: written.every,
    atUs: written.at,
    downUs: written.down,
  };
}

function resolveDisk(written: Written<'disk'>, nodes: number): Fault {
  const disk = {
    kind: 'disk',
    nodes: countOf(written.nodes, nodes),
    atUs: written.at,
    forUs: written.for,
  } as const;
  return written.mode === 'full' ? { ...disk, mode: written.mode } : disk;
}

/** The fault of a row with `nodes` nodes and a window of `measureUs`. */
export function resolveFault(written: WrittenFault, nodes: number, measureUs: number): Fault {
  switch (written.kind) {
    case 'partition':
      return { kind: 'partition', groups: written.groups, atUs: written.at, forUs: written.for };
    case 'kill':
      return resolveKill(written, nodes, measureUs);
    case 'cascade':
      return resolveCascade(written, nodes);
    case 'latency':
      return {
        kind: 'latency',
        addUs: written.add,
        share: written.share,
        atUs: written.at,
        forUs: written.for,
      };
    case 'loss':
      return { kind: 'loss', loss: written.loss, atUs: written.at, forUs: written.for };
    case 'throttle':
      return {
        kind: 'throttle',
        factor: written.factor,
        share: written.share,
        atUs: written.at,
        forUs: written.for,
      };
    case 'clock-skew':
      return {
        kind: 'clock-skew',
        ppm: written.ppm,
        share: written.share,
        atUs: written.at,
        forUs: written.for,
      };
    case 'disk':
      return resolveDisk(written, nodes);
    case 'stall':
      return { kind: 'stall', nodes: countOf(written.nodes, nodes), atUs: written.at, forUs: written.for };
    case 'memory':
      return {
        kind: 'memory',
        share: written.share,
        factor: written.factor,
        atUs: written.at,
        forUs: written.for,
      };
    case 'churn':
      return {
        kind: 'churn',
        nodes: countOf(written.nodes, nodes),
        everyUs: written.every,
        downUs: written.down,
        atUs: written.at,
        repeat: written.repeat ?? repeatsThatFit(written.at, written.every, written.down, measureUs),
      };
  }
}

/** When the last effect of a fault is lifted. */
export function faultEndUs(fault: Fault): number {
  switch (fault.kind) {
    case 'kill':
    case 'churn':
      return fault.atUs + (fault.repeat - 1) * fault.everyUs + fault.downUs;
    case 'cascade':
      return fault.atUs + (fault.waves - 1) * fault.everyUs + fault.downUs;
    default:
      return fault.atUs + fault.forUs;
  }
}

/** The most nodes that a fault has down at one time; 0 for faults that take none down. */
export function nodesDownMost(fault: Fault): number {
  switch (fault.kind) {
    case 'kill':
    case 'churn': {
      const overlapping = Math.min(fault.repeat, Math.ceil(fault.downUs / fault.everyUs));
      return fault.nodes * overlapping;
    }
    case 'cascade':
      return Math.ceil(fault.firstNodes * fault.factor ** (fault.waves - 1));
    case 'disk':
    case 'stall':
      return fault.nodes;
    default:
      return 0;
  }
}
