/**
 * Do bandwidth, CPU and memory of a node suffice for the load, and can they together with the latency limit?
 * Owns: the findings on resources and on limits that contradict each other. Does not own: the load model.
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { openConnections } from '#node/model/calibration.ts';
import type { ArithmeticLine, Conclusion, Finding, Topic } from './finding.ts';
import { line, lowerLimits, shown, upperLimits } from './finding.ts';
import { latencyLimit } from './latency-floor.ts';
import type { Axis } from './nearest.ts';
import { nearestSpec } from './nearest.ts';
import type { NodeLoad, PollTimes } from './node-load.ts';
import { nodeLoad } from './node-load.ts';

interface Question {
  readonly topic: Topic;
  readonly metrics: readonly string[];
  readonly unit: string;
  /** What certainly is used, and what may be on top. */
  readonly least: (load: NodeLoad) => number;
  readonly expected: (load: NodeLoad) => number;
  readonly what: (load: NodeLoad, spec: RunSpec) => string;
  readonly lines: (load: NodeLoad, spec: RunSpec) => ArithmeticLine[];
  readonly axes: readonly Axis[];
}

/** Where vertices stay open it takes a while until there are as many as polls may name: a window before that uses less. */
function afterFilling({ scopeVertices, verticesPerSecond }: NodeLoad, { consensus }: RunSpec): string {
  if (scopeVertices < consensus.maxUndecided) return '';
  return ` (once ${shown(scopeVertices)} vertices are open, ${shown(scopeVertices / verticesPerSecond)} s after the start)`;
}

const bandwidth: Question = {
  topic: 'bandwidth',
  metrics: ['resources.bandwidth'],
  unit: 'Mbps',
  least: (load) => load.uniqueMbps + load.pollMbps,
  expected: (load) => load.uniqueMbps + load.pollMbps + load.announcementMbps,
  what: (load, spec) =>
    `${shown(load.verticesPerSecond)} vertices/s of ${shown(load.vertexBytes)} bytes are ${shown(load.uniqueMbps)} Mbps before any ` +
    `announcement, and ${shown(load.exchangesPerSecond)} queries/s with their answers ${shown(load.pollMbps)} Mbps${afterFilling(load, spec)}`,
  lines: (load, spec) => [
    line(
      'vertices',
      load.verticesPerSecond,
      '1/s',
      `offered transactions/s / ${spec.workload.batch} per vertex`,
    ),
    line(
      'vertex',
      load.vertexBytes,
      'bytes',
      `header and signature ${spec.calibration.wireBytes.vertexFixed} + parents + ${spec.workload.batch} x ${spec.workload.payloadBytes} payload`,
    ),
    line('unique', load.uniqueMbps, 'Mbps', 'one copy of every vertex, sent per node on average'),
    line(
      'announcements',
      load.announcementMbps,
      'Mbps at most',
      `announcements along the ${spec.topology.kind} relay graph: a body is asked for once`,
    ),
    line(
      'exchanges',
      load.exchangesPerSecond,
      '1/s',
      `k = ${spec.consensus.k} per poll, one poll per ${shown(load.spacingUs / 1_000)} ms while something is undecided`,
    ),
    line(
      'exchange',
      load.exchangeBytes,
      'bytes',
      `query naming ${shown(load.scopeVertices)} vertices${afterFilling(load, spec)}, and its answer`,
    ),
    line('polls', load.pollMbps, 'Mbps', 'exchanges x bytes x 8'),
  ],
  axes: ['batch', 'pollInterval', 'k', 'beta'],
};

const cpu: Question = {
  topic: 'cpu',
  metrics: ['resources.cpu', 'resources.cpu_peak'],
  unit: 'percent',
  least: (load) => load.cpuPercent,
  expected: (load) => load.cpuPercent,
  what: (load, spec) =>
    `polls and vertices keep the event loop busy for ${shown(load.loopCores)} and signatures for ${shown(load.signatureCores)} ` +
    `of ${shown(spec.resources.cpuCores)} cores (${spec.calibration.name})`,
  lines: (load, spec) => [
    line(
      'exchanges',
      load.exchangesPerSecond,
      '1/s',
      'as under bandwidth; each costs one question and one answer',
    ),
    line(
      'per exchange',
      spec.calibration.serviceTimesUs.askQuery + spec.calibration.serviceTimesUs.answerQuery,
      'us',
      'calibration: ask + answer',
    ),
    line('loop', load.loopCores, 'cores', 'exchanges and vertex handling; one event loop cannot exceed 1'),
    line(
      'signatures',
      load.signatureCores,
      'cores',
      `vertices/s x (${spec.calibration.serviceTimesUs.verifyVertex} us verification + hashing) + own signatures`,
    ),
    line(
      'CPU',
      load.cpuPercent,
      'percent',
      `(loop + signatures) / ${spec.resources.cpuCores} cores of profile ${spec.resources.name}`,
    ),
  ],
  axes: ['batch', 'pollInterval', 'k'],
};

const memory: Question = {
  topic: 'memory',
  metrics: ['resources.memory'],
  unit: 'MB',
  least: (load) => load.memoryMb,
  expected: (load) => load.memoryMb * 1.05,
  what: (load, spec) =>
    `a node keeps ${openConnections(spec.calibration, spec.nodes)} connections open and needs ${shown(load.memoryMb)} MB before it stores anything decided`,
  lines: (load, spec) => [
    line('base', spec.calibration.memoryBytes.base / 1_048_576, 'MB', 'calibration'),
    line(
      'peers',
      (spec.calibration.memoryBytes.perPeer * openConnections(spec.calibration, spec.nodes)) / 1_048_576,
      'MB',
      `${spec.calibration.memoryBytes.perPeer} bytes x min(N - 1, ${spec.calibration.connectionsMost} connections of the pool)`,
    ),
    line(
      'undecided',
      (spec.calibration.memoryBytes.perUndecidedVertex * load.scopeVertices * load.busyShare) / 1_048_576,
      'MB',
      'bytes x undecided vertices',
    ),
    line('memory', load.memoryMb, 'MB', 'sum; decided vertices kept in the window come on top'),
  ],
  axes: ['nodes'],
};

/** One finding for each of bandwidth, CPU and memory that a criterion limits. */
export function resourceFindings(spec: RunSpec, criteria: readonly Criterion[], known: PollTimes): Finding[] {
  const load = nodeLoad(spec, known);
  const found = [bandwidth, cpu, memory].flatMap((question) => {
    const limit = upperLimits(criteria, question.metrics)[0];
    return limit === undefined ? [] : [answer(question, spec, load, limit, known)];
  });
  const loop = overloadFinding(spec, load, criteria);
  return loop === null ? found : [...found, loop];
}

function answer(
  question: Question,
  spec: RunSpec,
  load: NodeLoad,
  limit: Criterion,
  known: PollTimes,
): Finding {
  const { topic, unit, least, expected, what, lines, axes } = question;
  let conclusion: Conclusion = 'possible';
  if (expected(load) > 0.9 * limit.limit) conclusion = 'marginal';
  if (least(load) > limit.limit) conclusion = 'cannot-pass';
  const text = `${what(load, spec)}, against ${limit.metric} ${limit.written}`;
  const passes = (candidate: RunSpec): boolean => least(nodeLoad(candidate, known)) <= limit.limit;
  return {
    topic,
    conclusion,
    because: conclusion === 'cannot-pass' ? `cannot pass, because ${text}` : text,
    arithmetic: [...lines(load, spec), line('limit', limit.limit, unit, `${limit.metric} ${limit.written}`)],
    metrics: [limit.metric],
    nearest:
      conclusion === 'cannot-pass'
        ? nearestSpec(spec, axes, passes, `${limit.metric} ${limit.written}`)
        : null,
  };
}

/** More work than one event loop or all cores can do: throughput and latency fall whatever their limits are. */
function overloadFinding(spec: RunSpec, load: NodeLoad, criteria: readonly Criterion[]): Finding | null {
  const busy = Math.max(load.loopCores, load.cpuPercent / 100);
  if (busy <= 1) return null;
  const asked = [
    ...lowerLimits(criteria, ['throughput.avg_tps', 'throughput.min_tps']),
    ...upperLimits(criteria, ['latency.p50', 'latency.p95', 'latency.p99']),
  ];
  const metrics = asked.map((c) => c.metric);
  return {
    topic: 'cpu',
    conclusion: metrics.length > 0 ? 'cannot-pass' : 'marginal',
    because: `${metrics.length > 0 ? 'cannot pass, because' : 'overloaded:'} ${cpu.what(load, spec)}: more than there is`,
    arithmetic: cpu.lines(load, spec),
    metrics: [...new Set(metrics)],
    nearest: null,
  };
}

/**
 * A latency limit needs polls at a certain rate, and that rate alone may break a bandwidth or CPU limit: then no poll
 * interval satisfies both. null when the criteria have no such pair, or when some interval satisfies all of them.
 */
export function contradictionFinding(
  spec: RunSpec,
  criteria: readonly Criterion[],
  known: PollTimes,
): Finding | null {
  const latency = latencyLimit(criteria);
  const { beta } = spec.consensus;
  if (latency === null || beta < 2) return null;
  const slowest = slowestInterval(spec, latency.limit * 1_000, known);
  if (slowest === null) return null; // the latency floor alone says so
  const load = nodeLoad(slowest, known);
  for (const question of [bandwidth, cpu]) {
    const limit = upperLimits(criteria, question.metrics)[0];
    if (limit === undefined || question.least(load) <= limit.limit) continue;
    const passes = (candidate: RunSpec): boolean => {
      const paced = slowestInterval(candidate, latency.limit * 1_000, known);
      return paced !== null && question.least(nodeLoad(paced, known)) <= limit.limit;
    };
    return {
      topic: 'self-contradiction',
      conclusion: 'cannot-pass',
      because:
        `cannot pass, because ${latency.metric} ${latency.written} needs a poll at least every ${shown(load.spacingUs / 1_000)} ms, ` +
        `that is ${shown(load.exchangesPerSecond)} query/answer exchanges per second and node, and then ${question.what(load, slowest)}, ` +
        `against ${limit.metric} ${limit.written}: no poll interval satisfies both`,
      arithmetic: [
        line(
          'spacing',
          load.spacingUs / 1_000,
          'ms',
          `the longest with dissemination + (beta - 1) x spacing + poll <= ${latency.limit} ms, beta = ${beta}`,
        ),
        ...question.lines(load, slowest),
        line('limit', limit.limit, question.unit, `${limit.metric} ${limit.written}`),
      ],
      metrics: [latency.metric, limit.metric],
      nearest: nearestSpec(
        spec,
        ['batch', 'k', 'beta'],
        passes,
        `both ${latency.metric} ${latency.written} and ${limit.metric} ${limit.written}`,
        200,
      ),
    };
  }
  return null;
}

/** The same run with the longest poll interval whose latency floor stays within the limit; null when none does. */
function slowestInterval(spec: RunSpec, limitUs: number, known: PollTimes): RunSpec | null {
  const paced = (pollIntervalUs: number): RunSpec => ({
    ...spec,
    consensus: { ...spec.consensus, pollIntervalUs },
  });
  const floorUs = (us: number): number => nodeLoad(paced(us), known).floorUs;
  if (floorUs(1) > limitUs) return null;
  let good = 1;
  let bad = Math.max(2, Math.ceil(limitUs));
  while (bad - good > Math.max(1, good / 100)) {
    const middle = (good + bad) >> 1;
    if (floorUs(middle) <= limitUs) good = middle;
    else bad = middle;
  }
  return paced(good);
}
