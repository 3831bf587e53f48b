/**
 * Rare situations that a set of seeds must have met: a swarm that never met one proves nothing about it.
 * Owns: the counters of a run, their sum, and which must not be zero. Does not own: judging runs.
 */
import { type DecisionColumns, finalised, type VertexRecord } from '#campaigns/analysis/decision-record.ts';
import type { RunParts } from '#campaigns/targets/simulator/run-parts.ts';
import { uncontested } from './progress.ts';

export const markNames = [
  'contested decisions',
  'rejected subtrees',
  'mid-poll crashes',
  'late votes',
  'restarts',
  'wiped disks',
  'cut messages',
  'lost messages',
  'repeated queries',
  'failed polls',
  'twins',
  'vertices issued again',
  'conflict sets over two',
  'refused by a failed disk',
  'convictions',
  'extinct vertices',
] as const;
export type Mark = (typeof markNames)[number];
export type Marks = Readonly<Record<Mark, number>>;

/** Situations that may stay away without harm: they are printed only. */
const optional: ReadonlySet<Mark> = new Set<Mark>(['extinct vertices']);

export const noMarks: Marks = Object.fromEntries(markNames.map((name) => [name, 0])) as Record<Mark, number>;

export function addMarks(a: Marks, b: Marks): Marks {
  return Object.fromEntries(markNames.map((name) => [name, a[name] + b[name]])) as Record<Mark, number>;
}

/** Marks that a set of seeds should have met and did not. */
export function missingMarks(marks: Marks): Mark[] {
  return markNames.filter((name) => marks[name] === 0 && !optional.has(name));
}

export function marksLine(marks: Marks): string {
  return `marks: ${markNames.map((name) => `${name} ${marks[name]}`).join(', ')}`;
}

export function marksOf(parts: RunParts, failedPolls: number, extinctVertices: number): Marks {
  const { simulation, conduct, recorder, schedule } = parts;
  const { core, network, disk } = simulation;
  const isWipe = (action: (typeof schedule.actions)[number]): boolean =>
    action.kind === 'node-up' && action.disk === 'lost';
  return {
    'contested decisions': contestedDecisions(recorder.vertices, recorder.columns),
    'rejected subtrees': conduct.rejectedSubtrees,
    'mid-poll crashes': conduct.crashesWithOpenPoll,
    'late votes': core.ignoredAnswers,
    restarts: conduct.tally.nodesUp,
    'wiped disks': schedule.actions.filter(isWipe).length,
    'cut messages': network.cut,
    'lost messages': network.lost,
    'repeated queries': core.retries,
    'failed polls': failedPolls,
    twins: conduct.twinsIssued,
    'vertices issued again': conduct.reissued,
    'conflict sets over two': setsOverTwo(recorder.vertices),
    'refused by a failed disk': disk.refusedAnswers,
    convictions: [...conduct.convictedHonest.values()].reduce((sum, by) => sum + by, 0),
    'extinct vertices': extinctVertices,
  };
}

/** Finalisations of a vertex that another one conflicts with. */
function contestedDecisions(vertices: readonly VertexRecord[], columns: DecisionColumns): number {
  const clean = uncontested(vertices);
  let count = 0;
  for (let at = 0; at < columns.count; at += 1) {
    if (columns.status[at] === finalised && clean[columns.serial[at]!] === 0) count += 1;
  }
  return count;
}

function setsOverTwo(vertices: readonly VertexRecord[]): number {
  const holders = new Map<number, number>();
  for (const { keys } of vertices) for (const key of keys) holders.set(key, (holders.get(key) ?? 0) + 1);
  return [...holders.values()].filter((count) => count > 2).length;
}
