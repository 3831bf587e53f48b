/**
 * A resolved row as a scenario document: what `show` prints, and what can be saved, edited and run again.
 * Owns: rendering; the text reads back to the same spec. Does not own: resolving (resolve.ts).
 */
import { Document, isMap, isSeq } from 'yaml';
import type { Criterion } from '#campaigns/plan-record.ts';
import type { ResolvedRow } from '#campaigns/resolve.ts';
import type { Fault, RunSpec, Workload } from '#campaigns/run-spec.ts';
import { resourceProfiles } from '#campaigns/schema/names.ts';
import { baseNetwork } from '#campaigns/schema/network.ts';
import { formatDurationUs, formatRate, formatShare, formatSizeBytes } from '#campaigns/units.ts';
import type { Calibration } from '#node/model/calibration.ts';

const isWeightless = ({ serviceTimesUs }: Calibration): boolean =>
  Object.values(serviceTimesUs).every((us) => us === 0);

type Plain = Readonly<Record<string, unknown>>;

function networkText({ network }: RunSpec): Plain {
  const base = baseNetwork(network.name);
  return {
    ...(base === null ? {} : { profile: base.name }),
    one_way: network.oneWayUs.map(formatDurationUs).join('..'),
    spread: network.spread,
    loss: formatShare(network.loss),
    duplication: formatShare(network.duplication),
    reorder: formatShare(network.reorder),
    ...(network.bandwidthBitsPerSecond === null
      ? {}
      : { bandwidth: formatRate(network.bandwidthBitsPerSecond) }),
  };
}

function consensusText({ consensus }: RunSpec): Plain {
  return {
    k: consensus.k,
    alpha: consensus.alphaConfidence,
    alphaPreference: consensus.alphaPreference,
    beta: consensus.beta,
    rounds: consensus.maxRounds,
    threshold: consensus.threshold,
    pollInterval: formatDurationUs(consensus.pollIntervalUs),
    concurrentPolls: consensus.concurrentPolls,
    earlyEnd: consensus.earlyEnd,
    maxUndecided: consensus.maxUndecided,
  };
}

function loadText(workload: Workload): Plain {
  switch (workload.kind) {
    case 'constant':
    case 'open-loop':
      return { tps: workload.tps };
    case 'ramp':
      return {
        tps: `${workload.fromTps}..${workload.toTps}`,
        steps: workload.steps,
        ...(workload.until === undefined ? {} : { until: { cpu: formatShare(workload.until.cpuShare) } }),
      };
    case 'burst':
      return {
        tps: workload.tps,
        burst_tps: workload.burstTps,
        every: formatDurationUs(workload.everyUs),
        for: formatDurationUs(workload.forUs),
      };
    case 'chaos':
      return { tps: `${workload.leastTps}..${workload.mostTps}`, every: formatDurationUs(workload.everyUs) };
    case 'sine':
      return {
        tps: `${workload.leastTps}..${workload.mostTps}`,
        period: formatDurationUs(workload.periodUs),
      };
    case 'single':
      return {};
  }
}

function byzantineText({ byzantine }: RunSpec): Record<string, unknown> {
  const { share, halfLifeUs, ...rest } = byzantine;
  return {
    ...rest,
    share: formatShare(share),
    ...(halfLifeUs === undefined ? {} : { half_life: formatDurationUs(halfLifeUs) }),
  };
}

function workloadText({ workload }: RunSpec): Plain {
  const { parents } = workload;
  return {
    kind: workload.kind,
    ...loadText(workload),
    batch: workload.batch,
    payload: formatSizeBytes(workload.payloadBytes),
    parents: parents.kind === 'count' ? `${parents.least}..${parents.most}` : parents.kind,
    conflicts: formatShare(workload.conflictShare),
  };
}

function faultText(fault: Fault): Plain {
  const at = formatDurationUs(fault.atUs);
  const lasts = (forUs: number): Plain => ({ at, for: formatDurationUs(forUs) });
  switch (fault.kind) {
    case 'partition':
      return { kind: fault.kind, groups: fault.groups.map(formatShare), ...lasts(fault.forUs) };
    case 'kill':
    case 'churn':
      return {
        kind: fault.kind,
        nodes: fault.nodes,
        at,
        every: formatDurationUs(fault.everyUs),
        down: formatDurationUs(fault.downUs),
        ...(fault.kind === 'kill' ? { disk: fault.disk } : {}),
        repeat: fault.repeat,
      };
    case 'cascade':
      return {
        kind: fault.kind,
        first: fault.firstNodes,
        factor: fault.factor,
        waves: fault.waves,
        every: formatDurationUs(fault.everyUs),
        at,
        down: formatDurationUs(fault.downUs),
      };
    case 'latency':
      return {
        kind: fault.kind,
        add: formatDurationUs(fault.addUs),
        share: formatShare(fault.share),
        ...lasts(fault.forUs),
      };
    case 'loss':
      return { kind: fault.kind, loss: formatShare(fault.loss), ...lasts(fault.forUs) };
    case 'throttle':
    case 'memory':
      return {
        kind: fault.kind,
        factor: fault.factor,
        share: formatShare(fault.share),
        ...lasts(fault.forUs),
      };
    case 'clock-skew':
      return { kind: fault.kind, ppm: fault.ppm, share: formatShare(fault.share), ...lasts(fault.forUs) };
    case 'disk': {
      const mode = fault.mode === undefined ? {} : { mode: fault.mode };
      return { kind: fault.kind, nodes: fault.nodes, ...mode, ...lasts(fault.forUs) };
    }
    case 'stall':
      return { kind: fault.kind, nodes: fault.nodes, ...lasts(fault.forUs) };
  }
}

function criterionText(criterion: Criterion): Plain {
  const value = criterion.written.slice(criterion.comparator.length + 2);
  return {
    metric: criterion.metric,
    [criterion.comparator]: /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value,
    ...(criterion.overUs === null ? {} : { over: formatDurationUs(criterion.overUs) }),
    scope: criterion.scope,
    ...(criterion.note === null ? {} : { note: criterion.note }),
  };
}

function rowPlain(row: ResolvedRow): Plain {
  const spec = row.specs[0];
  const head = { id: row.scenarioId, title: row.title, source: row.source };
  const criteria = row.criteria.map(criterionText);
  const repetitions = { at_least: Math.max(3, row.specs.length) };
  if (spec === undefined || row.target === 'benchmark')
    return { kind: 'benchmark', ...head, criteria, repetitions };
  const profile = resourceProfiles.some(({ name }) => name === spec.resources.name);
  const { cpuCores, memoryBytes, name } = spec.resources;
  return {
    ...head,
    ...(row.onlyOn === undefined ? {} : { only_on: row.onlyOn }),
    nodes: spec.nodes,
    network: networkText(spec),
    topology: spec.topology,
    byzantine: byzantineText(spec),
    consensus: consensusText(spec),
    resources: profile ? name : { cpu: cpuCores, memory: formatSizeBytes(memoryBytes) },
    ...(isWeightless(spec.calibration) ? { service_times: 'none' } : {}),
    workload: workloadText(spec),
    duration: {
      warmup: formatDurationUs(spec.duration.warmupUs),
      measure: formatDurationUs(spec.duration.measureUs),
      cooldown: formatDurationUs(spec.duration.cooldownUs),
    },
    faults: spec.faults.map(faultText),
    criteria,
    repetitions,
    message_budget: spec.messageBudget,
  };
}

/** One YAML document; a comment names the row, its seeds and whose calibration it uses. */
export function rowText(row: ResolvedRow): string {
  const document = new Document(rowPlain(row), { version: '1.2' });
  if (isMap(document.contents)) {
    for (const { value } of document.contents.items) {
      if (isMap(value)) value.flow = true;
      if (isSeq(value)) for (const item of value.items) if (isMap(item)) item.flow = true;
    }
  }
  const seeds = row.specs.map(({ seed }) => seed).join(', ');
  const spec = row.specs[0];
  const facts =
    spec === undefined || row.target === 'benchmark'
      ? ''
      : `# seeds: ${seeds}\n# calibration: ${spec.calibration.name}\n`;
  return `# row: ${row.rowId}: ${row.label}\n${facts}${document.toString({ lineWidth: 0 })}`;
}
