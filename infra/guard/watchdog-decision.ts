/**
 * What the watchdog does about a stack, from what it sees alone: VMs with their tags, and what has been accrued before.
 * Owns: the decision, as a pure function. Does not own: looking and acting (watchdog.ts).
 * It knows no plan and no price list: the cap of a VM's price and the cap of the run stand in the tags of every VM.
 */

export interface SeenVm {
  readonly id: string;
  /** Null: no such tag. */
  readonly stack: string | null;
  readonly deadline: string | null;
  readonly capMicrosPerHour: number | null;
  readonly runCapMicros: number | null;
}

/** Kept between two looks, per stack. */
export interface Account {
  readonly accruedMicros: number;
  /** ISO. */
  readonly at: string;
}

export interface Verdict {
  readonly stack: string;
  readonly vms: number;
  readonly account: Account;
  /** Null: let it run. */
  readonly stop: string | null;
}

/** A VM whose tags do not say what it may cost: more than any type this product rents. */
export const UNKNOWN_VM_MICROS_PER_HOUR = 3_000_000;
/** From a decision until nothing bills: noticing takes 3 minutes, draining 15. */
const REACTION_MINUTES = 18;
/** Time that may pass between two looks before what happened in between counts as unknown; counted all the same. */
const HOUR_MS = 3_600_000;

/** VMs of ours without a stack belong together: nobody else will stop them. */
export const STRAY = 'stray';

function judge(vms: readonly SeenVm[], account: Account, burnPerHour: number, now: number): string | null {
  const lost = vms.find((vm) => vm.stack === null || vm.deadline === null);
  if (lost !== undefined)
    return `${lost.id} has no ${lost.stack === null ? 'stack' : 'deadline'} tag: nobody would stop it`;
  const over = vms.find((vm) => Date.parse(vm.deadline ?? '') <= now);
  if (over !== undefined) return `the deadline ${String(over.deadline)} has passed`;
  const caps = vms.flatMap((vm) => (vm.runCapMicros === null ? [] : [vm.runCapMicros]));
  if (caps.length === 0) return 'no VM says what the run may cost';
  const projected = account.accruedMicros + (burnPerHour * REACTION_MINUTES) / 60;
  const cap = Math.min(...caps);
  if (projected >= cap)
    return `at most $${(projected / 1e6).toFixed(2)} by the time it is down, cap $${(cap / 1e6).toFixed(2)}`;
  return null;
}

/** One verdict per stack that has VMs. `accounts`: what earlier looks kept, by stack. Never counts an unknown price as nothing. */
export function decide(
  vms: readonly SeenVm[],
  accounts: Readonly<Record<string, Account>>,
  nowIso: string,
): readonly Verdict[] {
  const now = Date.parse(nowIso);
  const stacks = [...new Set(vms.map((vm) => vm.stack ?? STRAY))].sort();
  return stacks.map((stack): Verdict => {
    const own = vms.filter((vm) => (vm.stack ?? STRAY) === stack);
    const burnPerHour = own.reduce((sum, vm) => sum + (vm.capMicrosPerHour ?? UNKNOWN_VM_MICROS_PER_HOUR), 0);
    const before = accounts[stack] ?? { accruedMicros: 0, at: nowIso };
    const elapsed = Math.max(0, now - Date.parse(before.at));
    const account = {
      accruedMicros: before.accruedMicros + Math.ceil((burnPerHour * elapsed) / HOUR_MS),
      at: nowIso,
    };
    return { stack, vms: own.length, account, stop: judge(own, account, burnPerHour, now) };
  });
}
