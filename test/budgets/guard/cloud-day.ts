/**
 * A cloud account for one simulated day: machines, prices, answers that go missing or stale, clocks that jump, and the true bill.
 * Owns: what really happens, second by second, and what it costs (its own arithmetic, in dollars as floats: an oracle for the meter).
 * Does not own: the guard. Time moves only when the test says so.
 */
import type { MeteredResource, Observation } from '#budgets/guard/observation.ts';
import { usdMicros } from '#budgets/money.ts';

export interface Pool {
  readonly name: string;
  count: number;
  dollarsPerHour: number;
}

/** Start of the cloud's clock: any day. */
export const DAY_START_MS = Date.UTC(2026, 10, 28);

export class CloudDay {
  readonly pools: Pool[];
  /** Seconds since the start of the day. */
  second = 0;
  bill = 0;
  /** Dearest burn of the last minute, dollars per hour: what a bound may be measured in. */
  #burns: number[] = [];
  #lastAnswer: Observation['inventory'] | null = null;

  constructor(pools: readonly Pool[]) {
    this.pools = pools.map((pool) => ({ ...pool }));
  }

  get burn(): number {
    return this.pools.reduce((sum, pool) => sum + pool.count * pool.dollarsPerHour, 0);
  }

  /** Dearest rate of the last 60 s. */
  get recentBurn(): number {
    return Math.max(this.burn, ...this.#burns);
  }

  /** Time passes at the present rate. */
  pass(seconds: number): void {
    const rate = this.burn;
    this.bill += (rate * seconds) / 3600;
    this.second += seconds;
    this.#burns.push(rate);
    while (this.#burns.length > Math.ceil(60 / Math.max(1, seconds))) this.#burns.shift();
  }

  resources(): MeteredResource[] {
    return this.pools
      .filter((pool) => pool.count > 0)
      .map((pool) => ({
        id: pool.name,
        kind: 'instance' as const,
        item: pool.name,
        units: pool.count,
        launchedMs: DAY_START_MS,
      }));
  }

  observe(
    faults: { inventory?: 'missing' | 'frozen'; prices?: 'missing' } = {},
    heartbeat = this.second,
  ): Observation {
    const fresh: Observation['inventory'] = {
      seen: true,
      stampMs: DAY_START_MS + this.second * 1000,
      resources: this.resources(),
    };
    const inventory =
      faults.inventory === 'missing'
        ? { seen: false as const, why: 'the API answers 503' }
        : faults.inventory === 'frozen' && this.#lastAnswer !== null
          ? this.#lastAnswer
          : fresh;
    if (faults.inventory === undefined) this.#lastAnswer = fresh;
    const perHour = Object.fromEntries(
      this.pools.map((pool) => [pool.name, usdMicros(Math.round(pool.dollarsPerHour * 1e6))]),
    );
    return {
      monotonicMs: 5_000 + this.second * 1000,
      inventory,
      prices:
        faults.prices === 'missing'
          ? { known: false, why: 'no quote is younger than five minutes' }
          : { known: true, perHour, worst: {} },
      work: { running: true, heartbeat },
    };
  }
}
