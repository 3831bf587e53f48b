/**
 * What stands between a plan and spending: the hash an approval is bound to, the signed files at hand, overrides, credentials.
 * Owns: where approvals and the register of signers are, and the words for what is missing. Does not own: who has to agree
 * (budgets/approval.ts), the files and their proof (budgets/approval-file.ts), or the commands.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Approval,
  type ApprovalNeed,
  approvalHash,
  approvalNeeded,
  approvalState,
} from '#budgets/approval.ts';
import {
  type ApprovalsAtHand,
  readApprovals,
  type SignedApproval,
  writeWhole,
} from '#budgets/approval-file.ts';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import type { Breach, Limits } from '#budgets/limits.ts';
import { currentPriceSheetText } from '#budgets/sheet-store.ts';
import { parseRegister, type SignerRegister } from '#budgets/signature.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import type { ApprovalRecord } from '#campaigns/results/reader.ts';
import { deploymentObstacles } from '#campaigns/targets/kubernetes/stack-settings.ts';

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
    priceSheet: currentPriceSheetText(),
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

/** Signed approvals and the register of who may sign, beside each other under version control. */
export const approvalsFolder = 'approvals';
export const signersFile = path.join(approvalsFolder, 'signers', 'register.json');

/** Null when nobody was registered yet. Throws BudgetError for a broken register. */
export function signerRegister(): SignerRegister | null {
  return existsSync(signersFile) ? parseRegister(readFileSync(signersFile, 'utf8')) : null;
}

/** Throws BudgetError when it is no register; then the file stays what it was. */
export function saveRegister(register: SignerRegister): void {
  const text = `${JSON.stringify(register, null, 2)}\n`;
  parseRegister(text);
  mkdirSync(path.dirname(signersFile), { recursive: true });
  writeWhole(signersFile, text);
}

/** What is signed in the user's folder; without a register nothing counts. Throws BudgetError for a broken register. */
export function signedApprovals(): ApprovalsAtHand {
  return readApprovals(approvalsFolder, signerRegister() ?? { version: 1, signers: [] });
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

/**
 * A bare hash carries no identity: it is engineering's word up to the lowest level, never one of four eyes, and nobody's once there
 * is a register of who may sign.
 */
function unsigned(need: ApprovalNeed, money: MoneyOptions, at: string): Approval[] {
  if (money.approve === null || !need.needed || need.people > 1 || signerRegister() !== null) return [];
  return [{ hash: money.approve, role: 'engineering', person: 'command line', at, comment: '--approve' }];
}

export interface Override {
  /** Row id, or the phase for the campaign limit. */
  readonly subject: string;
  readonly reason: string;
  readonly person: string;
  readonly role: string;
}

/**
 * Limits that were broken and accepted: by an approval that counts, in the highest role that the amount needs. A breach that has
 * none stays in the way.
 */
export function overridesOf({ need, state }: ApprovalRecord): readonly Override[] {
  if (!need.needed || state.state !== 'approved') return [];
  const highest = need.roles.at(-1);
  return state.by
    .filter(isSigned)
    .flatMap(({ role, person, overrides }) =>
      role === highest ? overrides.map((one) => ({ ...one, person, role })) : [],
    );
}

function isSigned(approval: Approval): approval is SignedApproval {
  return 'overrides' in approval;
}

export function overrideText(one: Override): string {
  return `override: ${one.subject} may break its limit, says ${one.person} (${one.role}): ${one.reason}`;
}

/** Breaches that nobody accepted with a reason. */
export function breachesLeft(breaches: readonly Breach[], overrides: readonly Override[]): readonly Breach[] {
  return breaches.filter((breach) => !overrides.some(({ subject }) => subject === breach.subject));
}

/** Why the approvals at hand do not cover this plan; empty when they do. Files of other plans are not named. */
export function approvalGaps(plan: Plan, approval: ApprovalRecord, money: MoneyOptions): readonly string[] {
  if (approval.state.state !== 'missing') return [];
  const wrong = money.approve !== null && money.approve !== approval.hash;
  const why = wrong
    ? 'the hash given approves another plan, other prices or other limits'
    : approval.state.why;
  const refused = signedApprovals().refused.map(({ file, why }) => `approval file ${file} refused: ${why}`);
  return [
    ...refused,
    `approval: ${why}; what to approve: npm run campaign approve ${plan.phase}, with the options of this plan`,
  ];
}

/** Everything that stands between this plan and a deployment, in words; empty when nothing does. */
export function whatIsMissing(
  plan: Plan,
  approval: ApprovalRecord,
  forecast: CampaignForecast,
  money: MoneyOptions,
): string[] {
  if (plan.target !== 'kubernetes') return [];
  const left = breachesLeft(forecast.breaches, overridesOf(approval));
  const missing = [
    ...left.map((breach) => `limit: ${breach.sentence}`),
    ...approvalGaps(plan, approval, money),
  ];
  if (!hasCloudCredentials()) missing.push(`credentials: none of ${credentialVariables.join(', ')} is set`);
  for (const obstacle of deploymentObstacles(plan)) missing.push(`deployment: ${obstacle}`);
  return missing;
}
