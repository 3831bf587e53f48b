/**
 * The work of a campaign's steps on this machine: feasibility, forecast, approval, verdict, and the simulator as target.
 * Owns: putting the parts together for the operator. Does not own: the parts, or the reports (campaigns/commands).
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Approval,
  type ApprovalNeed,
  approvalHash,
  approvalNeeded,
  approvalState,
} from '#budgets/approval.ts';
import { type ApprovalsAtHand, readApprovals } from '#budgets/approval-file.ts';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import type { Limits } from '#budgets/limits.ts';
import { readPriceSheetText } from '#budgets/price-sheet.ts';
import { parseRegister } from '#budgets/signature.ts';
import { judgeCampaign } from '#campaigns/analysis/verdict.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import { checkPlan } from '#campaigns/feasibility/check-plan.ts';
import { forecastPlan, plannedMoney } from '#campaigns/forecast-plan.ts';
import type { OperatorServices } from '#campaigns/operator.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import type { ApprovalRecord } from '#campaigns/results/reader.ts';
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

export interface MoneyOptions {
  readonly limits: Limits;
  /** The user named a budget: exceeding it is an outcome of its own. */
  readonly budgetGiven: boolean;
  /** Hash that the user approves; null when none was given. */
  readonly approve: string | null;
  readonly now: () => string;
}

/** What an approval of this plan would be bound to: plan, prices and limits; the campaign's name does not count. */
export function approvalHashOf(plan: Plan, limits: Limits): string {
  const { campaign: _campaign, ...decisive } = plan;
  return approvalHash({
    plan: canonicalJson(decisive),
    priceSheet: readPriceSheetText(),
    limits: canonicalJson(limits),
  });
}

/** Names of environment variables of which one must be set before a cloud can be asked for anything. */
const credentialVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'GOOGLE_APPLICATION_CREDENTIALS',
];

export function hasCloudCredentials(): boolean {
  return credentialVariables.some((name) => (process.env[name] ?? '') !== '');
}

export function approvalOf(plan: Plan, forecast: CampaignForecast, money: MoneyOptions): ApprovalRecord {
  const hash = approvalHashOf(plan, money.limits);
  const need = approvalNeeded(forecast.forecast);
  if (plan.target !== 'kubernetes') {
    const why = 'nothing is deployed to a cloud: the campaign runs on this machine';
    return { hash, need, state: { state: 'not-needed', why } };
  }
  const at = money.now();
  const { approvals } = signedApprovals();
  return { hash, need, state: approvalState(need, hash, [...approvals, ...unsigned(need, money, at)], at) };
}

/** Signed approvals and the register of who may sign, beside each other under version control. */
export const approvalsFolder = 'approvals';
export const signersFile = path.join(approvalsFolder, 'signers', 'register.json');

/** What is signed in the user's folder; nothing without a register. Throws BudgetError for a broken register. */
export function signedApprovals(): ApprovalsAtHand {
  if (!existsSync(signersFile)) return { approvals: [], refused: [] };
  return readApprovals(approvalsFolder, parseRegister(readFileSync(signersFile, 'utf8')));
}

/** The command line knows no identities: a bare hash is engineering's word up to the lowest level, never one of four eyes. */
function unsigned(need: ApprovalNeed, money: MoneyOptions, at: string): Approval[] {
  if (money.approve === null || !need.needed || need.people > 1) return [];
  return [{ hash: money.approve, role: 'engineering', person: 'command line', at, comment: '--approve' }];
}

/** Everything that stands between this plan and a deployment, in words; empty when nothing does. */
export function whatIsMissing(
  plan: Plan,
  approval: ApprovalRecord,
  forecast: CampaignForecast,
  money: MoneyOptions,
): string[] {
  if (plan.target !== 'kubernetes') return [];
  const missing: string[] = [];
  for (const breach of forecast.breaches) missing.push(`limit: ${breach.sentence}`);
  for (const { file, why } of signedApprovals().refused)
    missing.push(`approval file ${file} refused: ${why}`);
  if (approval.state.state === 'missing') {
    const wrong = money.approve !== null && money.approve !== approval.hash;
    const why = wrong
      ? 'the hash given approves another plan, other prices or other limits'
      : approval.state.why;
    missing.push(`approval: ${why}; what to approve: npm run campaign approve ${plan.phase}`);
  }
  if (!hasCloudCredentials()) missing.push(`credentials: none of ${credentialVariables.join(', ')} is set`);
  missing.push('deployment: this version predicts and prices cloud phases, it does not deploy them yet');
  return missing;
}

export function createServices(money: MoneyOptions, report: OperatorServices['report']): OperatorServices {
  return {
    target: simulatorTarget,
    processes: processesTarget,
    secondsOf: ({ spec }) => expectedSeconds(spec, packingOf(spec)),
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
      const notes = whatIsMissing(record.plan, document, record.forecast, money);
      const over = money.budgetGiven && record.forecast.breaches.some((breach) => breach.severity === 'over');
      const codes =
        notes.length === 0 ? [] : [exitCodes.approvalMissing, ...(over ? [exitCodes.overBudget] : [])];
      return { document, exitCodes: codes, notes };
    },
    judge: (record) => judgeCampaign(record.plan, record.results),
    report,
  };
}
