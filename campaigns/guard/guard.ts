/**
 * The guard's loop: look, decide, carry out, write down, wait. Ends when the cloud says that nothing is left, or when told to.
 * Owns: the order of these and what happens when one of them fails. Does not own: the decision (budgets/guard), the account
 * (campaigns/cloud), the run it watches (run-link.ts).
 */
import { type Decision, decide, type GuardState, newGuard } from '#budgets/guard/decide.ts';
import { newMeter, resumedMeter } from '#budgets/guard/meter.ts';
import type { MeteredResource, Observation, SeenInventory, SeenPrices } from '#budgets/guard/observation.ts';
import { checkPolicy, type GuardPolicy } from '#budgets/guard/policy.ts';
import { decimalUsd } from '#budgets/money.ts';
import type { CloudAccount } from '#campaigns/cloud/cloud-account.ts';
import { belongsTo, type OwnershipKey } from '#campaigns/cloud/cloud-resource.ts';
import { tearDown } from '#campaigns/cloud/reap.ts';
import type { Evidence, EvidenceLine } from '#campaigns/guard/evidence.ts';
import { accruedByKind } from '#campaigns/guard/metered-charges.ts';
import { meteredResources } from '#campaigns/guard/price-book.ts';
import type { RunLink } from '#campaigns/guard/run-link.ts';

export interface GuardPorts {
  readonly account: CloudAccount;
  readonly prices: (resources: readonly MeteredResource[], stampMs: number) => Promise<SeenPrices>;
  readonly run: RunLink;
  readonly evidence: Evidence;
  readonly monotonicMs: () => number;
  /** Resolves after `ms`, or early when the guard is told to leave. */
  readonly wait: (ms: number) => Promise<void>;
  readonly progress: (line: string) => void;
}

export interface GuardOptions {
  readonly key: OwnershipKey;
  readonly policy: GuardPolicy;
  /** Decide and write down, order nothing. */
  readonly dryRun: boolean;
  /** How long an answer of the account may take, milliseconds. */
  readonly answerMs: number;
  /** Polls at most; null = until nothing is left. */
  readonly polls: number | null;
  readonly leave: AbortSignal;
}

export interface GuardEnd {
  readonly state: GuardState;
  readonly polls: number;
  /** Resources that the last teardown still found; null when none was ordered. */
  readonly left: number | null;
}

const words = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** One poll's view. Never rejects: what cannot be seen is an observation, too. */
async function look(ports: GuardPorts, key: OwnershipKey, timeoutMs: number): Promise<Observation> {
  const work = ports.run.work();
  const signal = AbortSignal.timeout(timeoutMs);
  let inventory: SeenInventory;
  let prices: SeenPrices = { known: false, why: 'without an inventory there is nothing to price' };
  try {
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    });
    const { stampMs, resources } = await Promise.race([ports.account.inventory(signal), late]);
    const mine = meteredResources(
      resources.filter((one) => belongsTo(one, key)),
      stampMs,
    );
    inventory = { seen: true, stampMs, resources: mine };
    prices = await Promise.race([ports.prices(mine, stampMs), late]).catch((error: unknown) => ({
      known: false as const,
      why: words(error),
    }));
  } catch (error) {
    inventory = { seen: false, why: words(error) };
  }
  return { monotonicMs: ports.monotonicMs(), inventory, prices, work };
}

/** What the guard of an earlier process had metered, from its evidence. */
function resumed(lines: readonly EvidenceLine[], monotonicMs: number): GuardState {
  const last = lines.findLast(({ kind }) => kind === 'poll');
  const stopped = lines.findLast(({ kind }) => kind === 'decision')?.facts;
  const until = Number(last?.facts['cloud_ms'] ?? 0);
  const meter =
    last === undefined ? newMeter(monotonicMs) : resumedMeter(monotonicMs, accruedByKind(last), until);
  const state = newGuard(monotonicMs, meter);
  // A stop is never taken back, not even by a new guard.
  return stopped === undefined ? state : { ...state, phase: 'tearing-down', stopped: 'asked' };
}

function facts(state: GuardState, decision: Decision, observation: Observation): EvidenceLine['facts'] {
  const { meter } = state;
  return {
    phase: decision.phase,
    accrued_micros: meter.accrued,
    accrued_micros_by_kind: Object.fromEntries(meter.byKind),
    paid_unit_ms_by_kind: Object.fromEntries(meter.unitMsByKind),
    accrued_usd: decimalUsd(meter.accrued),
    burn_usd_per_hour: decimalUsd(meter.burn),
    projected_at_deadline_usd: decimalUsd(decision.projected.atDeadline),
    if_stopped_now_usd: decimalUsd(decision.projected.ifStoppedNow),
    cloud_ms: meter.nowMs,
    billed_resources: observation.inventory.seen ? observation.inventory.resources.length : null,
    blind: decision.blind,
    unpriced: meter.unpriced,
  };
}

class Guard {
  readonly #ports: GuardPorts;
  readonly #options: GuardOptions;
  #state: GuardState;
  #told = false;
  left: number | null = null;

  constructor(ports: GuardPorts, options: GuardOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#state = resumed(ports.evidence.before, ports.monotonicMs());
  }

  get state(): GuardState {
    return this.#state;
  }

  async poll(): Promise<void> {
    const { evidence, progress } = this.#ports;
    const { policy, key, answerMs } = this.#options;
    const observation = await look(this.#ports, key, answerMs);
    const before = this.#state;
    const { state, decision } = decide(policy, before, observation);
    this.#state = state;
    evidence.append('poll', facts(state, decision, observation));
    for (const alarm of decision.alarms) {
      evidence.append('alarm', { alarm, accrued_usd: decimalUsd(state.meter.accrued) });
      progress(`alarm: ${alarm}`);
    }
    if (state.phase !== before.phase) {
      evidence.append('decision', {
        from: before.phase,
        to: state.phase,
        reason: state.stopped,
        because: decision.because,
      });
      progress(`${state.phase} (${state.stopped ?? ''}): ${decision.because}`);
    }
    await this.#carryOut(decision);
  }

  async #carryOut(decision: Decision): Promise<void> {
    if (decision.action === 'none') return;
    const { evidence, run } = this.#ports;
    if (!this.#told) {
      this.#told = true;
      evidence.append('order', { order: 'stop new work', dry_run: this.#options.dryRun });
      if (!this.#options.dryRun)
        evidence.append('outcome', {
          order: 'stop new work',
          outcome: run.stop(`${decision.reason ?? ''}: ${decision.because}`),
        });
    }
    if (decision.action === 'tear-down') await this.#tearDown();
  }

  async #tearDown(): Promise<void> {
    const { evidence, account, progress } = this.#ports;
    evidence.append('order', { order: 'tear down', key: this.#options.key, dry_run: this.#options.dryRun });
    if (this.#options.dryRun) return;
    try {
      const { asked, refused, left } = await tearDown(account, this.#options.key);
      this.left = left - [...asked].filter((one) => !refused.has(one.id)).length;
      const outcome = {
        order: 'tear down',
        asked: asked.map(({ class: of, id }) => `${of}/${id}`),
        refused: Object.fromEntries(refused),
      };
      evidence.append('outcome', outcome);
      progress(`asked ${asked.length} resources to go, ${refused.size} refused`);
    } catch (error) {
      // The next poll orders it again; that the account cannot be reached is on record.
      evidence.append('outcome', { order: 'tear down', failed: words(error) });
      progress(`teardown failed: ${words(error)}`);
    }
  }
}

/** Runs until everything is gone, `polls` are over or it is told to leave. Rejects only when the evidence cannot be written. */
export async function guard(ports: GuardPorts, options: GuardOptions): Promise<GuardEnd> {
  const { policy, key, polls, dryRun, leave } = options;
  checkPolicy(policy);
  ports.evidence.append('begun', { key, policy, dry_run: dryRun, resumed: ports.evidence.before.length > 0 });
  const own = new Guard(ports, options);
  let done = 0;
  for (;;) {
    const began = ports.monotonicMs();
    await own.poll();
    done += 1;
    const isOver = own.state.phase === 'gone' || (dryRun && own.state.phase === 'tearing-down');
    if (isOver || leave.aborted || (polls !== null && done >= polls)) break;
    await ports.wait(Math.max(0, policy.pollMs - (ports.monotonicMs() - began)));
    if (leave.aborted) break;
  }
  const { state } = own;
  ports.evidence.append('ended', {
    phase: state.phase,
    reason: state.stopped,
    polls: done,
    accrued_usd: decimalUsd(state.meter.accrued),
  });
  return { state, polls: done, left: own.left };
}
