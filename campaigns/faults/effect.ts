/**
 * What a fault consists of: its stretches of effect as the scenario wrote them, and its name in words.
 * Owns: expanding repeats and waves, clipping to the requested window. Does not own: times in the run (placement.ts).
 */
import type { Fault } from '#campaigns/run-spec.ts';
import type { Effect } from './placement.ts';

/** Effects of one fault are never more than this; a longer series is cut by the planner and reported. */
export const mostEffects = 4_096;

/** Effects that start within the requested window, in order; the rest was outside as written. */
export function effectsOf(fault: Fault, index: number, requestedUs: number): Effect[] {
  const effects: Effect[] = [];
  const { count, everyUs, forUs } = rhythmOf(fault);
  for (let i = 0; i < Math.min(count, mostEffects); i += 1) {
    const fromUs = fault.atUs + i * everyUs;
    if (fromUs >= requestedUs) break;
    const untilUs = Math.max(fromUs + 1, Math.min(requestedUs, fromUs + forUs));
    effects.push({ fault: index, index: i, fromUs, untilUs });
  }
  return effects;
}

/** Whether fewer occurrences are still the same fault; a cascade without its last waves is not. */
export function isRepeatable(fault: Fault): boolean {
  return fault.kind === 'kill' || fault.kind === 'churn';
}

/** Occurrences as written, whether or not the window holds them. */
export function effectsWritten(fault: Fault): number {
  return rhythmOf(fault).count;
}

/** From the start of the first occurrence to the end of the last, microseconds. */
export function writtenLengthUs(fault: Fault): number {
  const { count, everyUs, forUs } = rhythmOf(fault);
  return (count - 1) * everyUs + forUs;
}

/** Nodes that the i-th occurrence takes down. */
export function nodesTaken(
  fault: Fault & { readonly kind: 'kill' | 'cascade' | 'churn' },
  effect: number,
): number {
  if (fault.kind !== 'cascade') return fault.nodes;
  let nodes = fault.firstNodes;
  for (let wave = 0; wave < effect; wave += 1) nodes *= fault.factor;
  return Math.round(Math.min(nodes, 1e9));
}

export function describeFault(fault: Fault): string {
  const percent = (share: number): string => `${Number((100 * share).toFixed(3))} %`;
  const time = (us: number): string => (us % 1_000_000 === 0 ? `${us / 1_000_000} s` : `${us / 1_000} ms`);
  switch (fault.kind) {
    case 'partition':
      return `partition ${fault.groups.join(' / ')} for ${time(fault.forUs)}`;
    case 'kill':
      return `kill ${fault.nodes} nodes, ${fault.repeat} x every ${time(fault.everyUs)}, down ${time(fault.downUs)}, disk ${fault.disk}`;
    case 'cascade':
      return `cascade: ${fault.firstNodes} nodes x ${fault.factor} in ${fault.waves} waves every ${time(fault.everyUs)}, down ${time(fault.downUs)}`;
    case 'churn':
      return `churn: ${fault.nodes} nodes leave and join, ${fault.repeat} x every ${time(fault.everyUs)}, away ${time(fault.downUs)}`;
    case 'latency':
      return `latency + ${time(fault.addUs)} at ${percent(fault.share)} of nodes for ${time(fault.forUs)}`;
    case 'loss':
      return `loss ${percent(fault.loss)} for ${time(fault.forUs)}`;
    case 'throttle':
      return `CPU slowed by ${fault.factor} at ${percent(fault.share)} of nodes for ${time(fault.forUs)}`;
    case 'clock-skew':
      return `clock skew ${fault.ppm} ppm at ${percent(fault.share)} of nodes for ${time(fault.forUs)}`;
    case 'stall':
      return `stall: ${fault.nodes} nodes stand still for ${time(fault.forUs)}`;
    case 'disk':
      return `disk ${fault.mode ?? 'failure'} at ${fault.nodes} nodes for ${time(fault.forUs)}`;
    case 'memory':
      return `memory pressure x ${fault.factor} at ${percent(fault.share)} of nodes for ${time(fault.forUs)}`;
  }
}

interface Rhythm {
  readonly count: number;
  readonly everyUs: number;
  readonly forUs: number;
}

function rhythmOf(fault: Fault): Rhythm {
  switch (fault.kind) {
    case 'kill':
    case 'churn':
      return { count: fault.repeat, everyUs: fault.everyUs, forUs: fault.downUs };
    case 'cascade':
      return { count: fault.waves, everyUs: fault.everyUs, forUs: fault.downUs };
    default:
      return { count: 1, everyUs: 0, forUs: fault.forUs };
  }
}
