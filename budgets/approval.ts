/**
 * Who has to agree before money is spent, and to what exactly.
 * Owns: the hash an approval is bound to, levels, four eyes, expiry. Does not own: storing approvals, clocks or identities.
 */
import { createHash } from 'node:crypto';
import type { Forecast } from '#budgets/forecast.ts';
import { formatUsd, parseUsd, type UsdMicros } from '#budgets/money.ts';

export type ApprovalRole = 'engineering' | 'budget-owner' | 'finance' | 'sponsor';

/** Canonical JSON (sorted keys, no spaces) of what an approval is about, made by the caller. */
export interface ApprovalSubject {
  readonly plan: string;
  readonly priceSheet: string;
  readonly limits: string;
}

/** sha256, hex. A length in front of each part: no two subjects share a byte string. */
export function approvalHash(subject: ApprovalSubject): string {
  const hash = createHash('sha256');
  for (const part of [subject.plan, subject.priceSheet, subject.limits]) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return hash.digest('hex');
}

/** Up to and including `upTo`, all roles so far must agree. */
export const approvalLevels: readonly { readonly role: ApprovalRole; readonly upTo: UsdMicros | null }[] = [
  { role: 'engineering', upTo: parseUsd('500') },
  { role: 'budget-owner', upTo: parseUsd('1,000') },
  { role: 'finance', upTo: parseUsd('5,000') },
  { role: 'sponsor', upTo: null },
];

export const APPROVAL_VALID_HOURS = 24;
const FOUR_EYES_ABOVE: UsdMicros = parseUsd('1,000');

export type ApprovalNeed =
  | { readonly needed: false; readonly why: string }
  | {
      readonly needed: true;
      /** P90 of the forecast: what may be spent under the approval. */
      readonly amount: UsdMicros;
      readonly roles: readonly ApprovalRole[];
      /** Different people that must sign. */
      readonly people: number;
      readonly why: string;
    };

export function rolesFor(amount: UsdMicros): readonly ApprovalRole[] {
  const roles: ApprovalRole[] = [];
  for (const { role, upTo } of approvalLevels) {
    roles.push(role);
    if (upTo !== null && amount <= upTo) break;
  }
  return roles;
}

export function approvalNeeded(forecast: Forecast): ApprovalNeed {
  if (forecast.stack.kind === 'local') return { needed: false, why: 'no cloud resources are bought' };
  const amount = forecast.total.p90.usdMicros;
  const roles = rolesFor(amount);
  const people = amount > FOUR_EYES_ABOVE ? 2 : 1;
  const why = `P90 ${formatUsd(amount)}: ${roles.join(' + ')}${people > 1 ? ', at least two people' : ''}`;
  return { needed: true, amount, roles, people, why };
}

export interface Approval {
  readonly hash: string;
  readonly role: ApprovalRole;
  readonly person: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly comment: string;
}

export type ApprovalState =
  | { readonly state: 'not-needed'; readonly why: string }
  | { readonly state: 'approved'; readonly by: readonly Approval[]; readonly validUntil: string }
  | { readonly state: 'missing'; readonly roles: readonly ApprovalRole[]; readonly why: string };

const HOUR_MS = 3_600_000;

/** Whether the approvals at hand cover the need at the moment `now` (ISO 8601). Approvals for another hash or older than 24 h do not count. */
export function approvalState(
  need: ApprovalNeed,
  hash: string,
  approvals: readonly Approval[],
  now: string,
): ApprovalState {
  if (!need.needed) return { state: 'not-needed', why: need.why };
  const validMs = APPROVAL_VALID_HOURS * HOUR_MS;
  const age = (approval: Approval): number => Date.parse(now) - Date.parse(approval.at);
  const current = approvals.filter((one) => one.hash === hash && age(one) >= 0 && age(one) < validMs);
  const missing = need.roles.filter((role) => !current.some((one) => one.role === role));
  const stale = approvals.length - current.length;
  const ignored =
    stale === 0
      ? ''
      : `; ${stale} approval(s) for another plan or price sheet, or older than ${APPROVAL_VALID_HOURS} h, do not count`;
  if (missing.length > 0)
    return { state: 'missing', roles: missing, why: `missing: ${missing.join(', ')}${ignored}` };
  const counted = current.filter((one) => need.roles.includes(one.role));
  const people = new Set(counted.map((one) => one.person)).size;
  if (people < need.people) {
    return {
      state: 'missing',
      roles: need.roles,
      why: `${need.people} different people must sign, ${people} did${ignored}`,
    };
  }
  const oldest = Math.min(...counted.map((one) => Date.parse(one.at)));
  return { state: 'approved', by: counted, validUntil: new Date(oldest + validMs).toISOString() };
}
