/**
 * What only shows when the parts of a scenario meet: parameters against sizes, faults against the window.
 * Owns: those checks, each with the path of the value to change. Does not own: checks of one value (schema/).
 */
import { isRegressionMetric, regressionGroups } from '#campaigns/analysis/benchmark.ts';
import { nobodyHonest } from '#campaigns/cast.ts';
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import { faultEndUs, nodesDownMost, resolveFault } from '#campaigns/fault-schedule.ts';
import { rowsPerScenarioMost } from '#campaigns/limits.ts';
import type { BenchmarkScenario, RunScenario, Scenario } from '#campaigns/schema.ts';
import { formatDurationUs } from '#campaigns/units.ts';
import type { Path } from '#campaigns/yaml-reader.ts';
import { nearestName } from '#node/config-names.ts';
import { violations } from '#node/core/params.ts';

export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** Every finding of a scenario that passed its schema; empty when all its rows can be planned. */
export function scenarioFindings(scenario: Scenario): readonly Finding[] {
  if (scenario.kind === 'benchmark') return benchmarkFindings(scenario);
  return [
    ...matrixFindings(scenario),
    ...attackerFindings(scenario),
    ...consensusFindings(scenario),
    ...faultFindings(scenario),
    ...criterionFindings(scenario),
  ];
}

/** A benchmark has no network: of it only changes against its baseline can be asked. */
function benchmarkFindings(scenario: BenchmarkScenario): readonly Finding[] {
  return scenario.criteria.flatMap(({ criterion }, index) =>
    isRegressionMetric(criterion.metric)
      ? []
      : [
          {
            path: ['criteria', index, 'metric'],
            message: `${criterion.metric} is a figure of a network, and a benchmark has none`,
            remedy: `one of ${Object.keys(regressionGroups).join(', ')}`,
          },
        ],
  );
}

function matrixFindings(scenario: RunScenario): readonly Finding[] {
  const { share, attack } = scenario.byzantine;
  const { nodes, network, topology, resources } = scenario;
  const conditions = network.length * topology.length * resources.length;
  const rows = nodes.length * share.length * attack.length * conditions;
  const findings: Finding[] = twiceFindings(scenario);
  if (rows > rowsPerScenarioMost) {
    const remedy =
      'shorten the lists of nodes, network, topology, resources, byzantine.share or byzantine.attack';
    findings.push({
      path: ['nodes'],
      message: `the matrix has ${rows} rows, more than ${rowsPerScenarioMost}`,
      remedy,
    });
  }
  return findings;
}

/** Records are compared by what names their rows. */
function twiceFindings({ network, topology, resources }: RunScenario): Finding[] {
  const axes: Readonly<Record<string, readonly string[]>> = {
    network: network.map(({ name }) => name),
    topology: topology.map(({ kind }) => kind),
    resources: resources.map(({ name }) => name),
  };
  return Object.entries(axes).flatMap(([key, names]) => {
    const twice = names.find((name, index) => names.slice(0, index).includes(name));
    if (twice === undefined) return [];
    const message = `lists "${twice}" twice: its rows could not be told apart`;
    return [{ path: [key], message, remedy: 'keep one, or write two scenarios' }];
  });
}

function attackerFindings({ nodes, byzantine }: RunScenario): readonly Finding[] {
  const attack = byzantine.attack.find((name) => name !== 'none') ?? 'none';
  return byzantine.share.flatMap((share) => {
    const refusals = nodes.flatMap((size) => nobodyHonest({ share, attack }, size) ?? []);
    return refusals.slice(0, 1).map((refusal) => ({ path: ['byzantine', 'share'], ...refusal }));
  });
}

function consensusFindings(scenario: RunScenario): readonly Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const [index, nodes] of scenario.nodes.entries()) {
    // The network decides the poll interval only, and no inequality is about that.
    const consensus = resolveConsensus(scenario.consensus, nodes, scenario.network[0]!);
    for (const message of violations(consensus, nodes)) {
      if (seen.has(message)) continue;
      seen.add(message);
      const key = namedKey(message, scenario);
      const path: Path = key === null ? ['nodes', index] : ['consensus', key];
      findings.push({ path, message, remedy: `in a network of ${nodes} nodes` });
    }
  }
  return findings;
}

/** The written parameter that a violation begins with; what follows from another one points at that one. */
function namedKey(message: string, scenario: RunScenario): string | null {
  const name = message.split(' ')[0] ?? '';
  const candidates = {
    alphaConfidence: ['alpha', 'k'],
    alphaPreference: ['alphaPreference', 'alpha', 'k'],
    maxRounds: ['rounds', 'beta'],
  };
  const keys = Object.hasOwn(candidates, name) ? candidates[name as keyof typeof candidates] : [name];
  return keys.find((key) => Object.hasOwn(scenario.consensus, key)) ?? null;
}

function faultFindings(scenario: RunScenario): readonly Finding[] {
  const findings: Finding[] = [];
  const measureUs = scenario.duration.measure;
  const smallest = Math.min(...scenario.nodes);
  for (const [index, written] of scenario.faults.entries()) {
    const fault = resolveFault(written, smallest, measureUs);
    const endUs = faultEndUs(fault);
    if (endUs > measureUs) {
      const message = `the ${fault.kind} ends ${formatDurationUs(endUs)} after the start of a window of ${formatDurationUs(measureUs)}`;
      findings.push({
        path: ['faults', index, 'at'],
        message,
        remedy: 'begin it earlier, shorten it, or measure longer',
      });
    }
    const down = nodesDownMost(fault);
    if (down >= smallest) {
      const message = `takes down ${down} of ${smallest} nodes at once`;
      findings.push({ path: ['faults', index], message, remedy: 'leave at least one running' });
    }
    if (fault.kind === 'partition' && fault.groups.some((share) => share * smallest < 1)) {
      findings.push({
        path: ['faults', index, 'groups'],
        message: `has a side without a node at ${smallest} nodes`,
        remedy: 'make it larger',
      });
    }
  }
  return findings;
}

function criterionFindings(scenario: RunScenario): readonly Finding[] {
  const findings: Finding[] = [];
  const wholeUs = scenario.duration.measure;
  for (const [index, { criterion }] of scenario.criteria.entries()) {
    if (criterion.overUs !== null && criterion.overUs > wholeUs) {
      const message = `speaks about ${formatDurationUs(criterion.overUs)}, but the window is ${formatDurationUs(wholeUs)}`;
      findings.push({ path: ['criteria', index, 'over'], message, remedy: 'measure longer or ask for less' });
    }
  }
  return findings;
}

/** More names than this are not read in an error. */
const readableNames = 24;

/** The id closest to `id` among the known ones, as a remedy. */
export function idRemedy(id: string, known: readonly string[]): string {
  const nearest = nearestName(id, known);
  if (nearest !== null) return `did you mean ${nearest}?`;
  return known.length > readableNames ? 'see: npm run campaign list' : `known: ${known.join(', ')}`;
}
