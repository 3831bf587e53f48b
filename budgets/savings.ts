/**
 * What the plan already saves and what more could be saved, as before and after of the whole phase.
 * Owns: the list of levers that apply to a phase. Does not own: ways back inside a broken limit (levers.ts).
 */

import { addEstimates, type Estimate, timesEstimate } from '#budgets/estimate.ts';
import { type Forecast, type ForecastInput, forecastTotal, ZERO_ESTIMATE } from '#budgets/forecast.ts';
import { candidateRisk, candidateText, cheapestByQuote, otherTypes } from '#budgets/levers.ts';
import { type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { CloudStack } from '#budgets/stacks.ts';

export interface Saving {
  readonly lever: string;
  /** `applied`: the forecast already has it. `available`: a decision away. */
  readonly status: 'applied' | 'available';
  /** P50 of the phase. */
  readonly before: UsdMicros;
  readonly after: UsdMicros;
  readonly saved: UsdMicros;
  readonly evidence: string;
  readonly risk: string;
}

function saving(own: Omit<Saving, 'saved'>): Saving {
  return { ...own, saved: usdMicros(own.before - own.after) };
}

function cheapestType(input: ForecastInput, stack: CloudStack, now: Forecast): Saving | null {
  let best: { readonly after: Estimate; readonly candidate: ReturnType<typeof otherTypes>[number] } | null =
    null;
  const nodes = Math.max(...input.rows.map((row) => row.nodes));
  for (const candidate of cheapestByQuote(otherTypes(stack, input), nodes, input)) {
    const after = forecastTotal({ ...input, stack: candidate.stack });
    if (after.p90.usdMicros < (best?.after ?? now.total).p90.usdMicros) best = { after, candidate };
  }
  if (best === null) return null;
  return saving({
    lever: `Move the node pool to ${candidateText(best.candidate)}`,
    status: 'available',
    before: now.total.p50.usdMicros,
    after: best.after.p50.usdMicros,
    evidence: 'price sheet, every type and region with known capacity',
    risk: candidateRisk(best.candidate),
  });
}

/** Two nodes in the CPU request of one; results stay valid only while the measured CPU per node allows it. */
function denserPacking(input: ForecastInput, stack: CloudStack, now: Forecast): Saving {
  const packing = { ...stack.packing, nodesPerPod: stack.packing.nodesPerPod * 2 };
  const after = forecastTotal({ ...input, stack: { ...stack, packing } });
  return saving({
    lever: `${packing.nodesPerPod} nodes per pod of ${stack.packing.nodeCpuMilli} m CPU`,
    status: 'available',
    before: now.total.p50.usdMicros,
    after: after.p50.usdMicros,
    evidence: 'capacity arithmetic',
    risk: 'CPU contention changes latency: only after the CPU per node was measured; larger fault domain',
  });
}

/** Savings of the phase, applied ones first. Empty on a local stack. */
export function savings(input: ForecastInput, now: Forecast): readonly Saving[] {
  const { stack } = input;
  if (stack.kind === 'local' || now.overhead === null) return [];
  const p50 = now.total.p50.usdMicros;
  const onDemand = forecastTotal({
    ...input,
    stack: { ...stack, pool: { ...stack.pool, option: 'on-demand' } },
  });
  const alone = addEstimates([
    ZERO_ESTIMATE,
    ...now.rows.map((row) => timesEstimate(row.alone, row.repetitions)),
  ]);
  const found: (Saving | null)[] = [
    saving({
      lever: 'Spot instead of on-demand for the node pool',
      status: 'applied',
      before: onDemand.p50.usdMicros,
      after: p50,
      evidence: 'price sheet; interruptions and re-runs are in the figure',
      risk: 'interruptions; a window without spot capacity',
    }),
    saving({
      lever: 'One window of warm VMs instead of deploying every run',
      status: 'applied',
      before: alone.p50.usdMicros,
      after: p50,
      evidence: 'sum of the runs deployed alone',
      risk: 'state must be proven clean between runs',
    }),
    saving({
      lever: 'One availability zone instead of three',
      status: 'applied',
      before: usdMicros(p50 + now.threeZoneTraffic.p50.usdMicros),
      after: p50,
      evidence: 'bytes sent x 2/3 x both sides x cross-zone price',
      risk: 'latency between zones is emulated, not real',
    }),
    cheapestType(input, stack, now),
    denserPacking(input, stack, now),
  ];
  return found.filter((one) => one !== null);
}
