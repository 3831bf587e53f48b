/**
 * What the command line or a phase changes in a scenario before it is resolved.
 * Owns: applying the changes and refusing those that make no sense. Does not own: parsing options (cli.ts).
 */
import { ConfigError, optionProblem, type Problem } from '#campaigns/config-error.ts';
import { nodesMost, tpsMost } from '#campaigns/limits.ts';
import type { AttackName, Workload } from '#campaigns/run-spec.ts';
import { scenarioFindings } from '#campaigns/scenario-checks.ts';
import type { WrittenConsensus } from '#campaigns/schema/consensus.ts';
import { attackNames } from '#campaigns/schema/names.ts';
import { namedNetwork, networkNames } from '#campaigns/schema/network.ts';
import type { RunScenario, Scenario } from '#campaigns/schema.ts';
import { peakTps } from '#campaigns/workloads/load-profile.ts';
import { formatPath } from '#campaigns/yaml-reader.ts';
import { suggestion } from '#node/config-names.ts';

export interface Overrides {
  readonly nodes?: readonly number[] | undefined;
  /** 0..1 */
  readonly byzantineShares?: readonly number[] | undefined;
  readonly attacks?: readonly string[] | undefined;
  /** Name of a profile. */
  readonly network?: string | undefined;
  /** Only what is given replaces what the scenario says. */
  readonly consensus?: WrittenConsensus | undefined;
  /** The measured window. */
  readonly durationUs?: number | undefined;
  /** The highest load of the workload; its lower levels keep their proportion. */
  readonly tps?: number | undefined;
  readonly messageBudget?: number | undefined;
}

function isAttackName(name: string): name is AttackName {
  return attackNames.some((known) => known === name);
}

function optionProblems(overrides: Overrides): Problem[] {
  const problems: Problem[] = [];
  for (const nodes of overrides.nodes ?? []) {
    if (!Number.isInteger(nodes) || nodes < 2 || nodes > nodesMost) {
      problems.push(optionProblem('--nodes', `${nodes} is not a whole number from 2 to ${nodesMost}`));
    }
  }
  for (const share of overrides.byzantineShares ?? []) {
    if (!(share >= 0 && share < 1))
      problems.push(
        optionProblem('--byzantine', `${share} is not a share from 0 to below 1`, 'like 0.1 or 10%'),
      );
  }
  for (const attack of overrides.attacks ?? []) {
    if (!isAttackName(attack)) {
      problems.push(
        optionProblem(
          '--attack',
          `${JSON.stringify(attack.slice(0, 40))} is not known`,
          suggestion(attack, attackNames),
        ),
      );
    }
  }
  const { network, durationUs, tps, messageBudget } = overrides;
  if (network !== undefined && namedNetwork(network) === null) {
    problems.push(
      optionProblem(
        '--network',
        `${JSON.stringify(network.slice(0, 40))} is not known`,
        suggestion(network, networkNames),
      ),
    );
  }
  if (durationUs !== undefined && !(Number.isSafeInteger(durationUs) && durationUs > 0)) {
    problems.push(optionProblem('--duration', 'must be longer than nothing', 'like 10m'));
  }
  if (tps !== undefined && !(tps > 0 && tps <= tpsMost)) {
    problems.push(optionProblem('--tps', `${tps} is not a number above 0 and at most ${tpsMost}`));
  }
  if (messageBudget !== undefined && !(Number.isSafeInteger(messageBudget) && messageBudget > 0)) {
    problems.push(optionProblem('--message-budget', `${messageBudget} is not a whole number above 0`));
  }
  return problems;
}

function scaled(workload: Workload, tps: number): Workload {
  const ratio = tps / peakTps(workload);
  switch (workload.kind) {
    case 'constant':
    case 'open-loop':
      return { ...workload, tps };
    case 'ramp':
      return { ...workload, fromTps: workload.fromTps * ratio, toTps: tps };
    case 'burst':
      return { ...workload, tps: workload.tps * ratio, burstTps: workload.burstTps * ratio };
    case 'chaos':
    case 'sine':
      return { ...workload, leastTps: workload.leastTps * ratio, mostTps: tps };
    case 'single':
      throw new ConfigError([
        optionProblem('--tps', 'the workload keeps one vertex in flight and has no rate', 'leave --tps out'),
      ]);
  }
}

function changed(scenario: RunScenario, overrides: Overrides): RunScenario {
  const { nodes, byzantineShares, attacks, network, consensus, durationUs, tps, messageBudget } = overrides;
  const named = network === undefined ? null : namedNetwork(network);
  return {
    ...scenario,
    nodes: nodes ?? scenario.nodes,
    byzantine: {
      ...scenario.byzantine,
      share: byzantineShares ?? scenario.byzantine.share,
      attack: attacks?.filter(isAttackName) ?? scenario.byzantine.attack,
    },
    network: named === null ? scenario.network : [named],
    consensus: { ...scenario.consensus, ...consensus },
    duration: { ...scenario.duration, measure: durationUs ?? scenario.duration.measure },
    workload: tps === undefined ? scenario.workload : scaled(scenario.workload, tps),
    message_budget: messageBudget ?? scenario.message_budget,
  };
}

/** The scenario with the overrides applied. Throws ConfigError when an override is no value or does not fit. */
export function applyOverrides(scenario: Scenario, overrides: Overrides): Scenario {
  const problems = optionProblems(overrides);
  if (problems.length > 0) throw new ConfigError(problems);
  if (scenario.kind === 'benchmark') return scenario;
  const result = changed(scenario, overrides);
  // A criterion about 24 hours stays when minutes are measured: it becomes inconclusive, which is the honest answer.
  const findings = scenarioFindings(result).filter(({ path }) => path[0] !== 'criteria');
  if (findings.length > 0) {
    throw new ConfigError(
      findings.map((found) =>
        optionProblem(`${scenario.id} ${formatPath(found.path)}`, found.message, found.remedy),
      ),
    );
  }
  return result;
}
