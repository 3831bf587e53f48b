/**
 * How much the forecast moves when one assumption is 10 % worse or better: each line is a second forecast, not a guess.
 * Owns: which assumptions are varied and how. Does not own: the forecast.
 */
import { type ForecastInput, forecastTotal } from '#budgets/forecast.ts';
import { multiply, type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { defaultRisks, type RiskModel } from '#budgets/risk.ts';
import type { CloudStack } from '#budgets/stacks.ts';

export interface SensitivityLine {
  readonly assumption: string;
  /** Change of the P50 total when the assumption is 10 % lower / higher. */
  readonly minus: UsdMicros;
  readonly plus: UsdMicros;
}

function scaledPrice(price: UsdMicros, percent: number): UsdMicros {
  return multiply(price, { times: BigInt(percent), over: 100n });
}

function poolPriceTimes(sheet: PriceSheet, stack: CloudStack, percent: number): PriceSheet {
  const instances = sheet.instances.map((quote) => {
    const ours =
      quote.provider === stack.provider && quote.region === stack.region && quote.sku === stack.pool.sku;
    if (!ours || quote.spot === null) return quote;
    const { usdPerHour, minUsdPerHour, maxUsdPerHour } = quote.spot;
    const spot = { ...quote.spot, usdPerHour: scaledPrice(usdPerHour, percent) };
    if (minUsdPerHour !== undefined) spot.minUsdPerHour = scaledPrice(minUsdPerHour, percent);
    if (maxUsdPerHour !== undefined) spot.maxUsdPerHour = scaledPrice(maxUsdPerHour, percent);
    return { ...quote, spot };
  });
  return { ...sheet, instances };
}

/** A chance times a factor; still a chance. */
function chanceTimes(risks: RiskModel, name: 'invalidRun' | 'failedDeploy', percent: number): RiskModel {
  const chance = risks[name];
  return { ...risks, [name]: { ...chance, share: Math.min(1, (chance.share * percent) / 100) } };
}

type Change = (input: ForecastInput, stack: CloudStack, percent: number) => ForecastInput;

const changes: readonly { readonly assumption: string; readonly apply: Change }[] = [
  {
    assumption: 'Spot price of the node pool',
    apply: (input, stack, percent) => ({ ...input, sheet: poolPriceTimes(input.sheet, stack, percent) }),
  },
  {
    assumption: 'Run time (warm-up, measurement, cool-down)',
    apply: (input, _stack, percent) => ({
      ...input,
      rows: input.rows.map((row) => ({ ...row, runUs: Math.round((row.runUs * percent) / 100) })),
    }),
  },
  {
    assumption: 'CPU request per node (packing)',
    apply: (input, stack, percent) => ({
      ...input,
      stack: {
        ...stack,
        packing: { ...stack.packing, nodeCpuMilli: Math.round((stack.packing.nodeCpuMilli * percent) / 100) },
      },
    }),
  },
  {
    assumption: 'Share of repetitions that are done again',
    apply: (input, _stack, percent) => ({
      ...input,
      risks: chanceTimes(input.risks ?? defaultRisks, 'invalidRun', percent),
    }),
  },
  {
    assumption: 'Share of deployments that fail',
    apply: (input, _stack, percent) => ({
      ...input,
      risks: chanceTimes(input.risks ?? defaultRisks, 'failedDeploy', percent),
    }),
  },
  {
    assumption: 'Minutes that an interruption voids',
    apply: (input, stack, percent) => ({
      ...input,
      stack: { ...stack, rerunMinutes: (stack.rerunMinutes * percent) / 100 },
    }),
  },
  {
    assumption: 'Deploy, teardown and reset minutes',
    apply: (input, stack, percent) => ({
      ...input,
      stack: {
        ...stack,
        deployMinutes: (stack.deployMinutes * percent) / 100,
        teardownMinutes: (stack.teardownMinutes * percent) / 100,
        resetMinutes: (stack.resetMinutes * percent) / 100,
      },
    }),
  },
];

/** Empty on a local stack. Sorted by effect, largest first. */
export function sensitivity(input: ForecastInput): readonly SensitivityLine[] {
  const { stack } = input;
  if (stack.kind === 'local' || input.rows.length === 0) return [];
  const base = forecastTotal(input).p50.usdMicros;
  const at = (apply: Change, percent: number): UsdMicros =>
    usdMicros(forecastTotal(apply(input, stack, percent)).p50.usdMicros - base);
  const lines = changes.map(({ assumption, apply }) => ({
    assumption,
    minus: at(apply, 90),
    plus: at(apply, 110),
  }));
  return lines.sort((a, b) => b.plus - b.minus - (a.plus - a.minus));
}
