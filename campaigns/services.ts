/**
 * The work of a campaign's steps on this machine: feasibility, forecast, approval, verdict, and the simulator as target.
 * Owns: putting the parts together for the operator. Does not own: the parts, or the reports (campaigns/commands).
 */
import path from 'node:path';
import { baselineOf } from '#campaigns/analysis/benchmark.ts';
import { opennessOf } from '#campaigns/analysis/open-figure.ts';
import { judgeCampaign, judgeRow } from '#campaigns/analysis/verdict.ts';
import {
  approvalOf,
  breachesLeft,
  type MoneyOptions,
  overridesOf,
  overrideText,
  whatIsMissing,
} from '#campaigns/approvals.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import { checkPlan } from '#campaigns/feasibility/check-plan.ts';
import { forecastPlan, plannedMoney } from '#campaigns/forecast-plan.ts';
import type { OperatorServices } from '#campaigns/operator-services.ts';
import { targetOf } from '#campaigns/plan-record.ts';
import { storeBaseline } from '#campaigns/results/baseline-file.ts';
import type { CampaignRecord } from '#campaigns/results/reader.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { expectedCpuSeconds } from '#campaigns/simulation-time.ts';
import { expectedSuiteSeconds } from '#campaigns/targets/benchmark/capabilities.ts';
import { packingOf } from '#campaigns/targets/processes/capabilities.ts';
import { expectedSeconds } from '#campaigns/targets/processes/real-window.ts';
import type { TargetReference } from '#campaigns/worker.ts';

/** Loaded in each thread of the pool; kept a reference so that starting the program does not load the simulator. */
export const simulatorTarget: TargetReference = {
  moduleUrl: new URL('./targets/simulator/target.ts', import.meta.url).href,
  factory: 'createSimulator',
};

/** Real node processes on this machine; loaded by the first row that needs them. */
export const processesTarget: TargetReference = {
  moduleUrl: new URL('./targets/processes/target.ts', import.meta.url).href,
  factory: 'createProcesses',
};

/** The benchmark suite on this machine; loaded by the first row that needs it. */
export const benchmarkTarget: TargetReference = {
  moduleUrl: new URL('./targets/benchmark/target.ts', import.meta.url).href,
  factory: 'createBenchmark',
};

/** The first figures of a machine become what later ones are compared with; the verdict says so. */
function storeBaselines({ dir, plan, results }: CampaignRecord, savedAt: string): void {
  for (const row of plan.rows.filter((one) => targetOf(one) === 'benchmark')) {
    if (row.cells.some(({ spec }) => spec.benchmark?.baseline !== null)) continue;
    const runs = row.cells.flatMap((cell) => results.get(cell.id) ?? []);
    const origin = { saved_at: savedAt, campaign: plan.campaign, code_version: plan.codeVersion };
    const baseline = baselineOf(runs, origin);
    if (baseline !== null) storeBaseline(path.dirname(dir), baseline);
  }
}

export function createServices(money: MoneyOptions, report: OperatorServices['report']): OperatorServices {
  return {
    target: simulatorTarget,
    processes: processesTarget,
    benchmark: benchmarkTarget,
    cluster: async (request) => {
      const { createKubernetes } = await import('#campaigns/targets/kubernetes/target.ts');
      return createKubernetes(request);
    },
    secondsOf: ({ spec }, target) => {
      switch (target) {
        case 'simulator':
          return expectedCpuSeconds(spec);
        case 'benchmark':
          return expectedSuiteSeconds;
        case 'processes':
        case 'kubernetes':
          return expectedSeconds(spec, packingOf(spec));
      }
    },
    plannedSecondsOf: ({ spec }) => Math.max(1e-6, plannedCpuSeconds(spec)),
    openFigures: (row, runs) => opennessOf(judgeRow(row, runs)),
    checkFeasibility: (plan) => checkPlan(plan, plannedMoney(plan, money.limits)),
    forecast: (record) => {
      const results = new Map([...record.results].map(([cell, { result }]) => [cell, result]));
      return {
        document: forecastPlan(record.plan, results, { limits: money.limits }),
        exitCodes: [],
        notes: [],
      };
    },
    approval: (record) => {
      if (record.forecast === null) throw new Error('the forecast comes before the approval');
      const document = approvalOf(record.plan, record.forecast, money);
      const missing = whatIsMissing(record.plan, document, record.forecast, money);
      const overrides = overridesOf(document);
      const left = breachesLeft(record.forecast.breaches, overrides);
      const notes = [...overrides.map(overrideText), ...missing];
      const over = money.budgetGiven && left.some((breach) => breach.severity === 'over');
      const codes =
        missing.length === 0 ? [] : [exitCodes.approvalMissing, ...(over ? [exitCodes.overBudget] : [])];
      return { document, exitCodes: codes, notes };
    },
    judge: (record) => {
      storeBaselines(record, money.now());
      return judgeCampaign(record.plan, record.results);
    },
    report,
  };
}
