/**
 * The faults of one seed: none to four, all lifted before the load ends.
 * Owns: the draws. Does not own: victims and placement (campaigns/faults), the rest of the run (swarm-spec.ts).
 */
import type { Fault } from '#campaigns/run-spec.ts';
import type { Draw } from './draw.ts';

/** Times are microseconds from the start of the measured window of `measureUs`. */
export function drawFaults(draw: Draw, nodes: number, measureUs: number, finalityUs: number): Fault[] {
  const count = draw.chance(0.15) ? 0 : draw.integer(1, 4);
  return Array.from({ length: count }, () => drawFault(draw, nodes, measureUs, finalityUs));
}

function drawFault(draw: Draw, nodes: number, measureUs: number, finalityUs: number): Fault {
  const atUs = Math.round(draw.between(0.05, 0.6) * measureUs);
  const forUs = Math.round(draw.between(0.05, 0.35) * measureUs);
  const few = Math.max(1, Math.floor(nodes * draw.between(0.05, 0.32)));
  const timed = { atUs, forUs };
  const some = { ...timed, share: draw.between(0.1, 0.9) };
  const everyUs = Math.max(1, Math.round(finalityUs * draw.between(0.2, 0.8)));
  const outage = { atUs, everyUs, downUs: Math.max(1, Math.round(finalityUs * draw.between(0.05, 0.6))) };
  switch (
    draw.pick([
      'partition',
      'kill',
      'kill',
      'wipe',
      'cascade',
      'churn',
      'latency',
      'loss',
      'throttle',
      'clock-skew',
      'disk',
    ] as const)
  ) {
    case 'partition':
      return {
        kind: 'partition',
        ...timed,
        groups: draw.pick([
          [0.5, 0.5],
          [0.8, 0.2],
          [0.4, 0.3, 0.3],
        ]),
      };
    case 'kill':
      return { kind: 'kill', ...outage, nodes: few, disk: 'kept', repeat: draw.integer(1, 3) };
    case 'wipe':
      return {
        kind: 'kill',
        ...outage,
        nodes: Math.max(1, Math.floor(nodes * 0.05)),
        disk: 'lost',
        repeat: 1,
      };
    case 'cascade':
      return { kind: 'cascade', ...outage, firstNodes: 1, factor: 2, waves: draw.integer(2, 3) };
    case 'churn':
      return { kind: 'churn', ...outage, nodes: few, repeat: draw.integer(1, 4) };
    case 'latency':
      return { kind: 'latency', ...some, addUs: Math.round(finalityUs * draw.between(0.02, 0.3)) };
    case 'loss':
      return { kind: 'loss', ...timed, loss: draw.between(0.02, 0.4) };
    case 'throttle':
      return { kind: 'throttle', ...some, factor: draw.between(2, 20) };
    case 'clock-skew':
      return { kind: 'clock-skew', ...some, ppm: draw.integer(-50_000, 50_000) };
    case 'disk':
      return { kind: 'disk', ...timed, nodes: few };
  }
}
