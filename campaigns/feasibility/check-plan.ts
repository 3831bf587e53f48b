/**
 * Feasibility of a whole plan: every row, and what the requirements promise at its scales.
 * Owns: the report. Does not own: the checks of a row (check-row.ts) or the promises (promises.ts).
 */
import { isComparison } from '#campaigns/analysis/comparison-row.ts';
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import { type Plan, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { violations } from '#node/core/params.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { promisedShareFinding } from './byzantine-tolerance.ts';
import { checkRow } from './check-row.ts';
import type { FeasibilityReport, Finding, RowFindings } from './finding.ts';
import { worst } from './finding.ts';
import { latencyFinding } from './latency-floor.ts';
import type { CampaignMoney } from './money.ts';
import { campaignMoneyFinding } from './money.ts';
import type { PollTimes } from './node-load.ts';
import type { Promises, ScaleTarget } from './promises.ts';
import { criteriaOf, promises as requirements } from './promises.ts';
import { contradictionFinding, resourceFindings } from './resource-limits.ts';

/** `money` = null: nothing is priced. Repetitions of a row differ in their seed only, so the first one is checked. */
export function checkPlan(
  plan: Plan,
  money: CampaignMoney | null = null,
  promises: Promises = requirements,
): FeasibilityReport {
  const known: PollTimes = new Map();
  // A benchmark has no network to check, a comparison no criterion; what is predicted, too, has the findings of its simulated twin.
  const networks = plan.rows.filter((row) => targetOf(row) !== 'benchmark' && !isComparison(row));
  const rows = networks
    .filter((row) => row.predictedBy === undefined)
    .map((row) => checkPlannedRow(row, money, known));
  const specs = networks.flatMap((row) => row.cells.slice(0, 1).map((cell) => cell.spec));
  const valid = specs.filter((spec) => violations(spec.consensus, spec.nodes).length === 0);
  const campaignFindings = [
    ...unique([
      ...shareFindings(valid, promises),
      ...(valid.length === 0 ? [] : targetFindings(valid, promises, known)),
    ]),
    ...(money === null ? [] : [campaignMoneyFinding(money)]),
  ];
  return {
    version: 1,
    campaign: plan.campaign,
    conclusion: worst([...rows, ...campaignFindings]),
    rows,
    campaignFindings,
  };
}

function checkPlannedRow(row: PlannedRow, money: CampaignMoney | null, known: PollTimes): RowFindings {
  const spec = row.cells[0]?.spec;
  const findings =
    spec === undefined ? [] : checkRow(spec, row.criteria, money?.rows.get(row.rowId) ?? null, known);
  return { rowId: row.rowId, label: row.label, conclusion: worst(findings), findings };
}

/** The first specification of every distinct key. */
function distinct(specs: readonly RunSpec[], keyOf: (spec: RunSpec) => string): RunSpec[] {
  const found = new Map<string, RunSpec>();
  for (const spec of specs) {
    const key = keyOf(spec);
    if (!found.has(key)) found.set(key, spec);
  }
  return [...found.values()];
}

/** Rows that differ in something the sentence does not depend on lead to the same finding once. */
function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.topic} ${finding.because}`, finding])).values()];
}

function parametersKey({ consensus }: RunSpec): string {
  const { k, alphaPreference, alphaConfidence, beta, maxRounds } = consensus;
  return [k, alphaPreference, alphaConfidence, beta, maxRounds].join();
}

function shareFindings(specs: readonly RunSpec[], { toleratedShare }: Promises): Finding[] {
  // The larger the network, the closer to the law without end: one answer for each set of parameters, at its largest scale.
  const descending = [...specs].sort((a, b) => b.nodes - a.nodes);
  return distinct(descending, parametersKey)
    .reverse()
    .map((spec) => promisedShareFinding(spec, toleratedShare));
}

/**
 * The scale targets on every profile and vertex size that the plan uses at that scale; one finding per topic. Of the scales
 * below the plan's largest one, and of the networks it does not use there, what the targets demand of `local` and `wan`:
 * a network of 10,000 nodes has to keep what was promised for 1,000 on its way there.
 */
function targetFindings(specs: readonly RunSpec[], { scaleTargets }: Promises, known: PollTimes): Finding[] {
  const largest = specs.reduce((most, spec) => (spec.nodes > most.nodes ? spec : most), specs[0]!);
  return scaleTargets.flatMap((target) => {
    const atScale = distinct(
      specs.filter((spec) => spec.nodes === target.nodes),
      targetKey,
    );
    const used = new Set(atScale.map((spec) => spec.network.name));
    const unused = target.nodes > largest.nodes ? [] : unusedProfiles.filter((name) => !used.has(name));
    return [
      // Memory depends on the number of nodes, not on the profile: once per scale is enough.
      ...atScale.flatMap((spec, i) =>
        atTarget(spec, target, known).filter((finding) => i === 0 || finding.topic !== 'memory'),
      ),
      ...unused.flatMap((name) => promisedAt(target, name, largest, known)),
    ];
  });
}

/** One of the narrow and one of the wide networks that the requirements name without saying which a target is for. */
const unusedProfiles = ['local', 'wan'];

/** On a network that the plan does not use at that scale only what the latency target demands is of interest. */
function promisedAt(target: ScaleTarget, name: string, like: RunSpec, known: PollTimes): Finding[] {
  const network = networkProfiles.find((profile) => profile.name === name);
  if (network === undefined) return [];
  const { nodes } = target;
  const consensus = resolveConsensus({}, nodes, network);
  const findings = atTarget({ ...like, nodes, network, consensus }, target, known);
  const asked = findings.filter(({ topic }) => topic === 'latency-floor' || topic === 'self-contradiction');
  return asked.filter(({ conclusion }) => conclusion === 'cannot-pass');
}

function targetKey(spec: RunSpec): string {
  const { consensus, network, workload, resources, calibration, topology } = spec;
  const { batch, payloadBytes, parents } = workload;
  return JSON.stringify({
    consensus,
    network,
    batch,
    payloadBytes,
    parents,
    resources,
    calibration,
    topology,
  });
}

function atTarget(spec: RunSpec, target: ScaleTarget, known: PollTimes): Finding[] {
  const { batch, payloadBytes, parents, conflictShare } = spec.workload;
  const workload = {
    kind: 'constant',
    tps: target.tps,
    batch,
    payloadBytes,
    parents,
    conflictShare,
  } as const;
  const quiet: RunSpec = {
    ...spec,
    workload,
    faults: [],
    byzantine: { ...spec.byzantine, share: 0, attack: 'none' },
  };
  const criteria = criteriaOf(target);
  const where = `at the scale target of ${target.nodes} nodes (${target.tps} transactions/s, ${batch} per vertex, network ${spec.network.name})`;
  const findings = [
    latencyFinding(quiet, criteria, known),
    ...resourceFindings(quiet, criteria, known),
    contradictionFinding(quiet, criteria, known),
  ];
  return findings
    .filter((finding) => finding !== null)
    .filter((finding) => finding.conclusion !== 'possible')
    .map((finding) => ({ ...finding, because: placed(finding.because, where) }));
}

function placed(because: string, where: string): string {
  const opening = 'cannot pass, because ';
  return because.startsWith(opening)
    ? `${opening}${where} ${because.slice(opening.length)}`
    : `${where}: ${because}`;
}
