/**
 * Do the forecast amounts fit under the caps?
 * Owns: the comparison and what would fit. Does not own: forecasts, prices or limits (budgets); amounts come in computed.
 */
import type { Finding } from './finding.ts';
import { line, shown } from './finding.ts';

/** What one repetition of a row costs. Amounts are micro-dollars. */
export interface RowMoney {
  readonly runForecastUsdMicros: bigint;
  readonly perRunCapUsdMicros: bigint;
  readonly repetitions: number;
  readonly hours: number;
  readonly vmHours: number;
  readonly nodesPerVm: number;
}

export interface CampaignMoney {
  readonly campaignForecastUsdMicros: bigint;
  readonly campaignCapUsdMicros: bigint;
  readonly rows: ReadonlyMap<string, RowMoney>;
}

const usd = (micros: bigint): number => Number(micros) / 1_000_000;
const dollars = (micros: bigint): string =>
  `$${usd(micros)
    .toFixed(2)
    .replace(/\B(?=(\d{3})+\.)/g, ',')}`;

export function rowMoneyFinding(money: RowMoney): Finding {
  const {
    runForecastUsdMicros: cost,
    perRunCapUsdMicros: cap,
    hours,
    vmHours,
    nodesPerVm,
    repetitions,
  } = money;
  const ratio = Number(cost) / Number(cap);
  const conclusion = ratio > 1 ? 'cannot-pass' : ratio > 0.9 ? 'marginal' : 'possible';
  const facts = `one repetition takes ${shown(vmHours)} VM hours and costs ${dollars(cost)} against ${dollars(cap)} per run`;
  const fittingHours = hours / ratio;
  const packing = Math.ceil(nodesPerVm * ratio);
  return {
    topic: 'money',
    conclusion,
    because: ratio > 1 ? `cannot pass, because ${facts}` : facts,
    arithmetic: [
      line('VM hours', vmHours, 'h', `${shown(hours)} h x VMs at ${shown(nodesPerVm)} nodes per VM`),
      line('run', usd(cost), 'USD', 'forecast of one repetition'),
      line('cap', usd(cap), 'USD', 'per run'),
      line('ratio', ratio, '', 'run / cap'),
      line('row', usd(cost) * repetitions, 'USD', `${repetitions} repetitions`),
    ],
    metrics: [],
    nearest:
      ratio > 1
        ? {
            change: `${shown(fittingHours)} h instead of ${shown(hours)} h, or ${packing} instead of ${shown(nodesPerVm)} nodes per VM`,
            values: { hours: fittingHours, nodes_per_vm: packing },
            achieves: `one repetition within ${dollars(cap)}, fixed costs aside`,
          }
        : null,
  };
}

export function campaignMoneyFinding(money: CampaignMoney): Finding {
  const { campaignForecastUsdMicros: cost, campaignCapUsdMicros: cap } = money;
  const ratio = Number(cost) / Number(cap);
  const conclusion = ratio > 1 ? 'cannot-pass' : ratio > 0.9 ? 'marginal' : 'possible';
  const facts = `all rows with their repetitions cost ${dollars(cost)} against ${dollars(cap)} for the whole campaign`;
  const once = [...money.rows.values()].reduce((sum, row) => sum + row.runForecastUsdMicros, 0n);
  return {
    topic: 'money',
    conclusion,
    because: ratio > 1 ? `cannot pass, because ${facts}` : facts,
    arithmetic: [
      line('campaign', usd(cost), 'USD', 'forecast of all repetitions'),
      line('once', usd(once), 'USD', 'one repetition of every row'),
      line('cap', usd(cap), 'USD', 'whole campaign'),
      line('ratio', ratio, '', 'campaign / cap'),
    ],
    metrics: [],
    nearest:
      ratio > 1
        ? {
            change: `durations x ${shown(1 / ratio)}, or ${shown(ratio)} times as many nodes per VM`,
            values: { duration_factor: 1 / ratio, nodes_per_vm_factor: ratio },
            achieves: `the campaign within ${dollars(cap)}, fixed costs aside`,
          }
        : null,
  };
}
