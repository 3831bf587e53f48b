/**
 * Many indices of the swarm on worker threads: sums their marks, keeps their findings, runs one in twenty again.
 * Owns: the threads, the order-free sum of outcomes, what is printed. Does not own: one index (seed-run.ts).
 */
import { Worker } from 'node:worker_threads';
import type { Defect } from './defects.ts';
import { addMarks, type Marks, marksLine, missingMarks, noMarks } from './marks.ts';
import type { Checker, Finding } from './seed-run.ts';

/** Every so many indices one is run twice. */
export const repeatEvery = 20;

export interface SwarmRequest {
  readonly seed: number;
  readonly from: number;
  readonly seeds: number;
  readonly defect: Defect | null;
  /** Stop when each of these checkers has found something (planted defects); empty = run all. */
  readonly until: readonly Checker[];
  readonly threads: number;
}

/** One index as its thread reports it. */
export interface IndexReport {
  readonly index: number;
  readonly nodes: number;
  readonly label: string;
  readonly findings: readonly Finding[];
  readonly marks: Marks;
  readonly messages: number;
  readonly requiredPairs: number;
  /** Recovery / allowed time. */
  readonly recoveryShare: number;
  /** Recovery in finality times. */
  readonly recoveryFinalities: number;
  /** null = not repeated; false = the second run gave another trace. */
  readonly repeatedAlike: boolean | null;
}

export interface SwarmOutcome {
  readonly request: SwarmRequest;
  readonly ran: number;
  readonly failures: readonly IndexReport[];
  /** Lowest index at which each checker found something. */
  readonly firstBy: ReadonlyMap<Checker, number>;
  readonly marks: Marks;
  readonly repeated: number;
  readonly messages: number;
  readonly requiredPairs: number;
  readonly recoveryShares: readonly number[];
  readonly recoveryFinalities: readonly number[];
}

/** Shared words: next index to take, and whether to stop. */
export interface ThreadData {
  readonly request: SwarmRequest;
  readonly shared: SharedArrayBuffer;
}

export async function runSwarm(
  request: SwarmRequest,
  progress: (ran: number) => void = () => {},
): Promise<SwarmOutcome> {
  const shared = new SharedArrayBuffer(8);
  const words = new Int32Array(shared);
  words[0] = request.from;
  const reports: IndexReport[] = [];
  const found = new Set<Checker>();
  const take = (report: IndexReport): void => {
    reports.push(report);
    for (const { checker } of report.findings) found.add(checker);
    const isEnough = request.until.length > 0 && request.until.every((checker) => found.has(checker));
    if (isEnough) Atomics.store(words, 1, 1);
    progress(reports.length);
  };
  await Promise.all(Array.from({ length: request.threads }, () => thread({ request, shared }, take)));
  return summary(request, reports);
}

function thread(workerData: ThreadData, take: (report: IndexReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./swarm-thread.ts', import.meta.url), { workerData });
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a swarm thread ended with ${code}`)),
    );
  });
}

function summary(request: SwarmRequest, unordered: readonly IndexReport[]): SwarmOutcome {
  const reports = unordered.toSorted((a, b) => a.index - b.index);
  const firstBy = new Map<Checker, number>();
  for (const { index, findings } of reports) {
    for (const { checker } of findings) if (!firstBy.has(checker)) firstBy.set(checker, index);
  }
  const sum = (of: (report: IndexReport) => number): number =>
    reports.reduce((all, report) => all + of(report), 0);
  return {
    request,
    ran: reports.length,
    failures: reports.filter(({ findings, repeatedAlike }) => findings.length > 0 || repeatedAlike === false),
    firstBy,
    marks: reports.reduce((all, { marks }) => addMarks(all, marks), noMarks),
    repeated: reports.filter(({ repeatedAlike }) => repeatedAlike !== null).length,
    messages: sum(({ messages }) => messages),
    requiredPairs: sum(({ requiredPairs }) => requiredPairs),
    recoveryShares: reports.map(({ recoveryShare }) => recoveryShare).sort((a, b) => a - b),
    recoveryFinalities: reports.map(({ recoveryFinalities }) => recoveryFinalities).sort((a, b) => a - b),
  };
}

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2);
}

/** The command that runs one index again. */
export function replayCommand({ seed, defect }: SwarmRequest, index: number): string {
  const planted = defect === null ? '' : ` --defect ${defect}`;
  return `npm run swarm -- --seed ${seed} --from ${index} --seeds 1${planted}`;
}

/** What a set of seeds showed, line by line. */
export function swarmLines(outcome: SwarmOutcome): string[] {
  const { failures, ran, request, marks, repeated, recoveryFinalities, recoveryShares } = outcome;
  const count = (checkers: readonly Checker[]): number =>
    failures.filter(({ findings }) => findings.some(({ checker }) => checkers.includes(checker))).length;
  const unsafe = count(['safety', 'same-set', 'conformance']);
  const unlike = failures.filter(({ repeatedAlike }) => repeatedAlike === false).length;
  const last = request.from + ran - 1;
  return [
    `swarm: ${ran} seeds (${request.seed}/${request.from}..${last}), ${unsafe} unsafe, ${count(['progress'])} stuck, ` +
      `${repeated} run twice, ${unlike} of them unlike; 95 % upper bound of a failure ${((100 * 3) / Math.max(1, ran)).toFixed(2)} %`,
    marksLine(marks),
    `progress: ${outcome.requiredPairs} pairs of node and vertex; after the heal p50 ${quantile(recoveryFinalities, 0.5)}, ` +
      `p99 ${quantile(recoveryFinalities, 0.99)}, most ${quantile(recoveryFinalities, 1)} finality times; ` +
      `at most ${quantile(recoveryShares, 1)} of the deadline; ${(outcome.messages / 1e6).toFixed(1)} M messages`,
    ...missingMarks(marks).map((mark) => `never met: ${mark}`),
    ...failures
      .slice(0, 10)
      .flatMap((report) => [
        `failed: ${report.label}: ${report.findings[0]?.sentence ?? 'the second run gave another trace'}`,
        ...report.findings.slice(1, 4).map(({ checker, sentence }) => `  ${checker}: ${sentence}`),
        `  again: ${replayCommand(request, report.index)}`,
      ]),
  ];
}
