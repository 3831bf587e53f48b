/**
 * Would this product's own node, as it was measured, keep the pace that the built-in figures promise?
 * Owns: the finding on a run whose service times are the built-in forecast. Does not own: either calibration
 * (node/model/calibration.ts), the load model (node-load.ts).
 *
 * A run with a user's calibration gets no such finding: those figures are the node's.
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { defaultCalibration, measuredCalibration } from '#node/model/calibration.ts';
import { type ArithmeticLine, type Finding, line, shown, upperLimits } from './finding.ts';
import { type NodeLoad, nodeLoad, type PollTimes } from './node-load.ts';

const microseconds = 1_000_000;
/** A pace within this of the promised one is the same pace: clocks of one machine differ by as much. */
const samePace = 1.1;

interface Pace {
  /** Cores of the event loop that vertices take, and time of the loop that one exchange takes. */
  readonly vertexCores: number;
  readonly exchangeUs: number;
  /** From poll to poll in what vertices leave of the event loop; Infinity when they leave nothing. */
  readonly spacingUs: number;
  readonly floorUs: number;
}

/** Criteria that depend on the pace of a node. */
const paceMetrics = /^(latency|throughput)\.|^resources\.cpu/;

/** null when the run is charged with other figures than the built-in ones, and when nothing it is judged by depends on the pace. */
export function measuredNodeFinding(
  spec: RunSpec,
  criteria: readonly Criterion[],
  known: PollTimes,
): Finding | null {
  if (spec.calibration.name !== defaultCalibration.name) return null;
  if (!criteria.some(({ scope, metric }) => scope === 'row' && paceMetrics.test(metric))) return null;
  const promised = nodeLoad(spec, known);
  const pace = paceOf({ ...spec, calibration: measuredCalibration }, known);
  const keeps = pace.spacingUs <= samePace * promised.spacingUs;
  const [limit] = upperLimits(criteria, ['latency.p50', 'latency.p95', 'latency.p99']);
  const against = limit === undefined ? '' : `, against ${limit.metric} ${limit.written}`;
  const times = `${shown(pace.exchangeUs)} us for a query with its answer and ${shown(measuredCalibration.serviceTimesUs.handleVertex)} us for a vertex`;
  const slower = Number.isFinite(pace.spacingUs)
    ? `it polls every ${shown(pace.spacingUs / 1_000)} ms instead of ${shown(promised.spacingUs / 1_000)} ms, finality takes at least ${shown(pace.floorUs / 1_000)} ms${against}`
    : `${shown(promised.verticesPerSecond)} vertices/s alone keep its event loop busy for ${shown(pace.vertexCores)} cores of 1, it falls behind`;
  return {
    topic: 'measured-node',
    conclusion: keeps ? 'possible' : 'marginal',
    because:
      `this product's node as measured (${measuredCalibration.measuredOn}) takes ${times}: ` +
      `${keeps ? 'it keeps the pace of the figures used here' : `${slower}; --calibration docs/calibration.measured.yaml simulates that`}`,
    arithmetic: lines(spec, promised, pace),
    metrics: [],
    nearest: null,
  };
}

function paceOf(spec: RunSpec, known: PollTimes): Pace {
  const load = nodeLoad(spec, known);
  const { askQuery, answerQuery, handleVertex } = spec.calibration.serviceTimesUs;
  const vertexCores = (load.verticesPerSecond * handleVertex) / microseconds;
  const exchangeUs = askQuery + answerQuery;
  const left = 1 - vertexCores;
  const spacingUs =
    left <= 0 ? Infinity : Math.max(load.spacingUs, (spec.consensus.k * exchangeUs * load.busyShare) / left);
  const floorUs = load.floorUs + (spec.consensus.beta - 1) * (spacingUs - load.spacingUs);
  return { vertexCores, exchangeUs, spacingUs, floorUs };
}

function lines(spec: RunSpec, promised: NodeLoad, pace: Pace): ArithmeticLine[] {
  const { serviceTimesUs: built } = spec.calibration;
  return [
    line(
      'exchange',
      pace.exchangeUs,
      'us',
      `measured; built in ${shown(built.askQuery + built.answerQuery)} us`,
    ),
    line(
      'vertices',
      pace.vertexCores,
      'cores',
      `${shown(promised.verticesPerSecond)} 1/s x ${shown(measuredCalibration.serviceTimesUs.handleVertex)} us; built in ${shown(built.handleVertex)} us`,
    ),
    line(
      'spacing',
      pace.spacingUs / 1_000,
      'ms',
      `k = ${spec.consensus.k} exchanges in what vertices leave of one event loop; ${shown(promised.spacingUs / 1_000)} ms by the built-in figures`,
    ),
    line(
      'floor',
      pace.floorUs / 1_000,
      'ms',
      `dissemination + (beta - 1) x spacing + poll, beta = ${spec.consensus.beta}; ${shown(promised.floorUs / 1_000)} ms by the built-in figures`,
    ),
  ];
}
